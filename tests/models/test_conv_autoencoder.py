"""Stages that halve pictures, and pictures that cannot be halved."""

from __future__ import annotations

import pytest

from paribus.errors import RecipeError
from paribus.models.gan import DCGAN
from paribus.models.vae import ConvVAE


@pytest.mark.parametrize("kind", [ConvVAE, DCGAN])
def test_pictures_that_cannot_be_halved_are_refused(kind):
    with pytest.raises(RecipeError, match="divisible by 8"):
        kind((1, 28, 28), widths=(4, 4, 4))
    with pytest.raises(RecipeError, match="take pictures"):
        kind((12,), widths=(4,))
