"""A few operations out of fourteen, all of one magnitude."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation import warp
from paribus.data.augmentation.colour import recolour
from paribus.data.augmentation.rounding import to_bytes
from paribus.data.augmentation.transform import Moved, Transform, composed

LARGEST = 30.0  # magnitude
DEGREES, SHEAR, SHIFT, CHANGE, BITS = 30.0, 0.3, 0.45, 0.9, 4  # what it means, as in the paper


@dataclass(frozen=True)
class RandAugment:
    """Do a few random operations to each picture, all of one magnitude (Cubuk et al., 2020).

    Operations are nothing, rotate, shear and shift along either axis, brightness, contrast, saturation, sharpness,
    autocontrast, equalize, solarize and posterize.

    Args:
        operations: how many are done to each picture, one after the other.
        magnitude: how strong they are, from 0 to 30: 30 turns by 30°, shears by 0.3, shifts by 45 % of a side, changes
            colours by 90 %, inverts all levels, and keeps 4 bits.
        fill: what comes in from outside: zero or the nearest edge pixel.
    """

    operations: Annotated[int, Field(ge=0, le=10)] = 2
    magnitude: Annotated[float, Field(ge=0, le=LARGEST)] = 9.0
    fill: warp.Fill = "zero"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Transform]:
        """Change the pictures (B, C, H, W)."""
        steps = []
        for turn in range(self.operations):
            images, step = self._once(images, draws.within(str(turn)))
            steps.append(step)
        return images, composed(steps)

    def _once(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """One operation a picture: those with the same one go through it together."""
        chosen = draws.integers("operation", 0, len(OPERATIONS) - 1)
        strength = torch.where(draws.chosen("sign", 0.5), 1.0, -1.0) * (self.magnitude / LARGEST)
        warps = warps_of(chosen, strength, *images.shape[2:])
        order = chosen.argsort()
        sorted_ = [one.index_select(0, order) for one in (images, chosen, strength, warps)]
        pieces = zip(*(one.split(_counts(chosen)) for one in sorted_), strict=True)
        changed = [
            self._changed(change, *piece) if len(piece[0]) else piece[0]
            for change, piece in zip(GROUPS.values(), pieces, strict=True)
        ]
        return torch.cat(changed).index_select(0, order.argsort()), warp.moved(images.shape[2:], warps, self.fill)

    def _changed(
        self, change: Change | None, images: Tensor, chosen: Tensor, strength: Tensor, warps: Tensor
    ) -> Tensor:
        return (
            warp.sampled(images, warps, "bilinear", self.fill) if change is None else change(images, chosen, strength)
        )


Change = Callable[[Tensor, Tensor, Tensor], Tensor]  # pictures (b, C, H, W), operation and strength from −1 to 1, (b,)


def warps_of(chosen: Tensor, strength: Tensor, height: int, width: int) -> Tensor:
    """Where the pixels of each picture come from, (B, 2, 3); those of other operations stay where they are."""
    amounts = {"shear x": SHEAR, "shift x": SHIFT * width, "shear y": SHEAR, "shift y": SHIFT * height}
    shear_x, shift_x, shear_y, shift_y = (_only(chosen, strength, name) * most for name, most in amounts.items())
    zero = torch.zeros_like(strength)
    turned = warp.turns(_only(chosen, strength, "rotate") * DEGREES)
    return turned + warp.rows([zero, shear_x, shift_x], [shear_y, zero, shift_y])


def coloured(images: Tensor, chosen: Tensor, strength: Tensor) -> Tensor:
    """Brightness, contrast or saturation times 1 ± 0.9 of the strength."""
    return recolour(images, *(1 + CHANGE * _only(chosen, strength, name) for name in GROUP["colours"]))


def sharpened(images: Tensor, chosen: Tensor, strength: Tensor) -> Tensor:
    """Away from, or towards, a smooth copy: each pixel the mean of its neighbours, itself five times; edges stay."""
    values = images.float()
    smooth, inner = values.clone(), values[:, :, 1:-1, 1:-1]
    if inner.numel():
        sums = F.avg_pool2d(values, 3, 1, divisor_override=1)  # whole numbers: exact
        smooth[:, :, 1:-1, 1:-1] = sums.add_(inner, alpha=4).div_(13).round_()
    return to_bytes(smooth.lerp_(values, 1 + CHANGE * strength.view(-1, 1, 1, 1)).clamp_(0, 255))


def autocontrast(images: Tensor, chosen: Tensor, strength: Tensor) -> Tensor:
    """Stretch each channel to all levels."""
    low, high = (it.int().unsqueeze(-1).unsqueeze(-1) for it in torch.aminmax(images.flatten(2), dim=2))
    stretched = (images - low) * 255 // (high - low).clamp(min=1)
    return torch.where(high > low, stretched, images).to(torch.uint8)


def equalized(images: Tensor, chosen: Tensor, strength: Tensor) -> Tensor:
    """Map the levels of each channel so that all are about as frequent, as Pillow does."""
    values = images.flatten(2).long()  # (b, C, pixels)
    counts = values.new_zeros(*values.shape[:2], 256).scatter_add_(2, values, torch.ones_like(values))
    last = counts.gather(2, values.amax(2, keepdim=True))  # how many are as bright as can be
    step = (values.shape[2] - last) // 255
    below = counts.cumsum(2) - counts
    levels = ((below + step // 2) // step.clamp(min=1)).clamp(max=255)
    mapped = torch.where(step > 0, levels.gather(2, values), values)
    return mapped.to(torch.uint8).view(images.shape)


def solarized(images: Tensor, chosen: Tensor, strength: Tensor) -> Tensor:
    """Invert the brightest levels, the more the stronger."""
    threshold = (256 * (1 - strength.abs())).round().to(torch.int16).view(-1, 1, 1, 1)
    return torch.where(images >= threshold, 255 - images, images)


def posterized(images: Tensor, chosen: Tensor, strength: Tensor) -> Tensor:
    """Clear the lowest bits of all levels."""
    cleared = (BITS * strength.abs()).round().to(torch.int16)
    kept = (255 - (2**cleared - 1)).to(torch.uint8).view(-1, 1, 1, 1)
    return images & kept


GROUP: Mapping[str, tuple[str, ...]] = {
    "none": ("none",),
    "places": ("rotate", "shear x", "shear y", "shift x", "shift y"),
    "colours": ("brightness", "contrast", "saturation"),
}
GROUPS: Mapping[tuple[str, ...], Change | None] = {  # operations that are done together; None: by their warps
    GROUP["none"]: lambda images, *_: images,
    GROUP["places"]: None,
    GROUP["colours"]: coloured,
    ("sharpness",): sharpened,
    ("autocontrast",): autocontrast,
    ("equalize",): equalized,
    ("solarize",): solarized,
    ("posterize",): posterized,
}
OPERATIONS: tuple[str, ...] = sum(GROUPS, ())


def _only(chosen: Tensor, strength: Tensor, name: str) -> Tensor:
    """The strength where this operation was chosen, else 0."""
    return strength * (chosen == OPERATIONS.index(name))


def _counts(chosen: Tensor) -> list[int]:
    """How many pictures go through each group."""
    each = iter(chosen.bincount(minlength=len(OPERATIONS)).tolist())
    return [sum(next(each) for _ in group) for group in GROUPS]
