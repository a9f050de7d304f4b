"""The Berkeley photographs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from paribus.data.origin import origin
from paribus.data.sources.images.patches import Patches


@origin("to be put into PARIBUS_DATA", "denoise")
def bsd(path: str = "denoise", size: Annotated[int, Field(ge=8, le=180)] = 60) -> Patches:
    """Grey photographs of the Berkeley segmentation set (Martin et al., 2001), cut into pieces, to remove noise from.

    Args:
        path: the folder with train180 and bsd_test, below PARIBUS_DATA.
        size: height and width of a piece, in pixels; the photographs to train on have 180 × 180.
    """
    return Patches(path, size, train="train180", test="bsd_test")
