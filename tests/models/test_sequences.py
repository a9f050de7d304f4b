"""What models of sequences refuse."""

from __future__ import annotations

import pytest

from paribus.errors import RecipeError
from paribus.models.recurrent import GRU, LSTM, RNN
from paribus.models.tcn import TCN

CELLS = {LSTM: 4, GRU: 3, RNN: 1}  # gates, each with two matrices and two biases


@pytest.mark.parametrize("kind", [*CELLS, TCN])
def test_pictures_are_refused(kind):
    with pytest.raises(RecipeError, match="reads sequences"):
        kind((3, 8, 8), 10)


def test_tokens_have_no_features():
    with pytest.raises(RecipeError, match="no features"):
        LSTM((7,), 4, (7,), 9, axis="features")
