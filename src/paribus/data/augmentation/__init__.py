"""Random changes to training pictures, as whole batches of bytes on the device where they are.

Each part is a frozen class of options that is called with pictures (B, C, H, W) uint8 and the examples' own
random numbers. What happens to an example is thus a function of the key, the epoch and the example alone. It returns
the pictures and a :class:`.transform.Transform`, which masks, boxes, points and labels follow.
"""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "flip": "flip:Flip",
    "crop": "crop:Crop",
    "rotate": "rotate:Rotate",
    "translate": "translate:Translate",
    "colour": "colour:Colour",
    "cutout": "cutout:Cutout",
    "resized_crop": "resized_crop:ResizedCrop",
    "erase": "erase:Erase",
    "randaugment": "randaugment:RandAugment",
    "mixup": "mixup:Mixup",
    "cutmix": "cutmix:Cutmix",
    "mosaic": "mosaic:Mosaic",
}
