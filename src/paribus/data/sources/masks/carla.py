"""Driving scenes of the CARLA simulator."""

from __future__ import annotations

from paribus.data.origin import origin
from paribus.data.sources.masks.folder import Masks, Size, Value

CARLA = {  # class → colour of CARLA's own palette (Dosovitskiy et al., 2017, version 0.9)
    "none": "#000000", "building": "#464646", "fence": "#be9999", "other": "#48007d", "pedestrian": "#dc143c",
    "pole": "#999999", "road line": "#9dea32", "road": "#804080", "pavement": "#f423e8", "vegetation": "#6b8e23",
    "vehicle": "#00008e", "wall": "#66669c", "traffic sign": "#dcdc00",
}  # fmt: skip


@origin("to be put into PARIBUS_DATA", "carla_mini")
def carla(
    path: str = "carla_mini",
    size: Size = (120, 160),
    images: str = ".",
    masks: str = ".",
    suffix: str | None = "_label",
    ignore: Value | None = None,
) -> Masks:
    """Driving scenes in the format of the CARLA simulator: 13 classes, as numbers in the red channel of the masks.

    Args:
        path: the folder, from the current one or below PARIBUS_DATA.
        size: height and width to which pictures and masks are brought, in pixels.
        images: the folder of the pictures, in CARLA's own recordings CameraRGB.
        masks: the folder of the masks, in CARLA's own recordings CameraSeg.
        suffix: what a mask's name has behind the name of its picture; nothing in CARLA's own recordings.
        ignore: the mask value of pixels that are not to be learned; 0 is what CARLA calls none.
    """
    return Masks(
        path, size, images=images, masks=masks, suffix=suffix, classes=tuple(CARLA), ignore=ignore,
        colours=tuple(CARLA.values()),
    )  # fmt: skip
