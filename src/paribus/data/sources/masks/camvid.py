"""CamVid: frames from a car in Cambridge."""

from __future__ import annotations

from paribus.data.origin import origin
from paribus.data.sources.masks.folder import Masks, Size

CAMVID = {  # class → colour of the published label pictures (Brostow et al., 2009)
    "sky": "#808080", "building": "#800000", "pole": "#c0c080", "road": "#804080", "pavement": "#3c28de",
    "tree": "#808000", "sign": "#c08080", "fence": "#404080", "car": "#400080", "pedestrian": "#404000",
    "bicyclist": "#0080c0",
}  # fmt: skip


@origin("to be put into PARIBUS_DATA", "camvid")
def camvid(path: str = "camvid", size: Size = (120, 160)) -> Masks:
    """CamVid: 468 frames from a car in Cambridge, every pixel one of 11 classes (Brostow et al., 2009).

    Args:
        path: the folder with train, train_labels, val and val_labels, below PARIBUS_DATA.
        size: height and width to which frames and masks are brought, in pixels; they have 240 × 320.
    """
    return Masks(
        path, size, images="{split}", masks="{split}_labels", classes=tuple(CAMVID), ignore=11,
        colours=tuple(CAMVID.values()),
    )  # fmt: skip
