"""A one-stage detector without anchors: a backbone, a pyramid of its levels, and a map of answers."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.backbone import Backbone, Taken, take
from paribus.models.blocks import NORMS, Norm, pick
from paribus.models.geometry import picture
from paribus.models.unet import padded

Stride = Literal[4, 8, 16]

DEEPEST = 16  # pixels of the picture in each direction to one place of the last level that is used
PRIOR = 0.01  # share of places that hold an object, before anything is learned (Lin et al., 2017)


class Detector(nn.Module):
    """Answers for a grid of places: how surely the middle of an object is there, and how far its four sides are.

    As CenterNet and FCOS do (Zhou et al., 2019; Tian et al., 2019). Levels of the backbone from the stride to 1/16 of
    the picture are added up from the coarsest on (Lin et al., 2017). Layers of the backbone have the names that they
    have in its own net, and so published weights fit.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: numbers for each place: one per class, and four distances.
        backbone: the net whose features are used, any that makes maps of them; small is one of plain convolutions, made
            to be trained from nothing. Of nets that end at full or half size the maps are averaged down to the stride.
        width: channels of the pyramid.
        stride: pixels between neighbouring places; the smaller, the smaller the objects that are told apart.
        norm: normalisation in the pyramid, and in the small backbone.
    """

    head_modules: ClassVar[tuple[str, ...]] = ("lateral", "smooth", "head")  # what they have not

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        backbone: Backbone = "small",
        width: Annotated[int, Field(ge=4)] = 48,
        stride: Stride = 4,
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        channels = picture(input_shape, "a detector")[0]
        if num_outputs <= 4:
            rule = "a detector gives one number for each class and four for the sides of a box"
            raise RecipeError(rule, got=f"{num_outputs} outputs", hint="use it with task=detection")
        if backbone == "small":
            self.features = _small(channels, norm)
            taken = Taken(
                tuple((f"features.{place}", 2 << place) for place in range(4)), {2: 16, 4: 32, 8: 64, 16: 128}, ()
            )
        else:
            taken = take(self, backbone, input_shape, DEEPEST)
        self.backbone, self.left_out, self.multiple = taken.path, taken.left, taken.multiple
        self.stride, coarsest = stride, max(taken.levels)
        used = {size: level for size, level in taken.levels.items() if size >= min(stride, coarsest)}
        self.used = tuple(used)
        self.lateral = nn.ModuleDict({f"level{size}": nn.Conv2d(level, width, 1) for size, level in used.items()})
        bias = norm not in ("batch", "instance")
        self.smooth = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=bias), pick(NORMS, norm, "norm")(width), nn.ReLU()
        )
        self.head = Answers(width, num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs, ⌈H/stride⌉, ⌈W/stride⌉): logits of the classes, then four numbers."""
        height, width = (-(-side // self.stride) for side in x.shape[2:])
        x = padded(x, self.multiple)
        size = [-(-side // self.stride) for side in x.shape[2:]]
        found = self.pyramid(x)
        joined: Tensor | None = None
        for level in reversed(self.used):
            here: Tensor = self.lateral[f"level{level}"](found[level])
            joined = here if joined is None else here + F.interpolate(joined, here.shape[2:], mode="nearest")
        assert joined is not None
        if self.used[0] < self.stride:  # nets that do not go down so far
            joined = F.avg_pool2d(joined, self.stride // self.used[0], ceil_mode=True)
        if list(joined.shape[2:]) != size:  # nets that do not pad give a little less, others end at a coarser map
            joined = F.interpolate(joined, size, mode="bilinear", align_corners=False)
        out: Tensor = self.head(self.smooth(joined))[..., :height, :width]
        return out

    def pyramid(self, x: Tensor) -> dict[int, Tensor]:
        """The last features of each size that the backbone has: pixels to a place → (B, channels, h, w)."""
        found: dict[int, Tensor] = {}
        for path, size in self.backbone:
            x = found[size] = self.get_submodule(path)(x)
        return found


class Answers(nn.Sequential):
    """The last two convolutions: (B, width, h, w) to (B, num_outputs, h, w)."""

    def __init__(self, width: int, num_outputs: int) -> None:
        super().__init__(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), Unlikely(width, num_outputs, 1))


class Unlikely(nn.Conv2d):
    """A last layer that begins with objects nowhere: its bias for the classes is that of a share of :data:`PRIOR`."""

    def reset_parameters(self) -> None:
        """Small weights, and the prior."""
        nn.init.normal_(self.weight, std=0.01)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
            with torch.no_grad():
                self.bias[:-4] = -math.log((1 - PRIOR) / PRIOR)


def _small(channels: int, norm: str) -> nn.Sequential:
    """Convolutions of 3 × 3, the first of each stage with stride 2: 16, 32, 64 and 128 channels."""
    layers = nn.Sequential()
    for width in (16, 32, 64, 128):
        layers.append(_Stage(channels, width, norm))
        channels = width
    return layers


class _Stage(nn.Sequential):
    """Two convolutions; the first halves the picture."""

    def __init__(self, channels: int, width: int, norm: str) -> None:
        super().__init__()
        for before, stride in ((channels, 2), (width, 1)):
            self.append(nn.Conv2d(before, width, 3, stride, 1, bias=norm not in ("batch", "instance")))
            self.append(pick(NORMS, norm, "norm")(width))
            self.append(nn.ReLU())
