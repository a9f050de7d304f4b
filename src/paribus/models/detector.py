"""A one-stage detector without anchors: a backbone, a pyramid of its levels, and a map of answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import NORMS, Norm, pick
from paribus.models.geometry import picture
from paribus.models.mobilenet_v2 import MobileNetV2
from paribus.models.resnet import ResNet18, ResNet34, ResNet50
from paribus.models.squeezenet import SqueezeNet
from paribus.models.vgg import VGG11, VGG16

Backbone = Literal["small", "squeezenet", "mobilenet_v2", "resnet18", "resnet34", "resnet50", "vgg11", "vgg16"]
Stride = Literal[4, 8, 16]

NETS: Mapping[str, tuple[type[nn.Module], Mapping[str, Any]]] = {  # as their published weights want them
    "squeezenet": (SqueezeNet, {"ceil_mode": False}),
    "mobilenet_v2": (MobileNetV2, {"norm": "none", "padding": "same"}),
    "resnet18": (ResNet18, {}),
    "resnet34": (ResNet34, {}),
    "resnet50": (ResNet50, {}),
    "vgg11": (VGG11, {}),
    "vgg16": (VGG16, {}),
}
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
        backbone: the net whose features are used; small is one of plain convolutions, made to be trained from nothing.
        width: channels of the pyramid.
        stride: pixels between neighbouring places; the smaller, the smaller the objects that are told apart.
        norm: normalisation in the pyramid, and in the small backbone.
    """

    left_out: ClassVar[tuple[str, ...]] = ("classifier", "fc", "features")  # what files of whole nets have more
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
        self.stride, self.levels = stride, _taken(self, backbone, channels, norm)
        used = {size: level for size, level in self.levels.items() if size >= stride}
        self.used = tuple(used)
        self.lateral = nn.ModuleDict({f"level{size}": nn.Conv2d(level, width, 1) for size, level in used.items()})
        bias = norm not in ("batch", "instance")
        self.smooth = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=bias), pick(NORMS, norm, "norm")(width), nn.ReLU()
        )
        self.head = Answers(width, num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs, ⌈H/stride⌉, ⌈W/stride⌉): logits of the classes, then four numbers."""
        size = -(-x.shape[2] // self.stride), -(-x.shape[3] // self.stride)
        found = self.pyramid(x)
        joined: Tensor | None = None
        for level in reversed(self.used):
            here: Tensor = self.lateral[f"level{level}"](found[level])
            joined = here if joined is None else here + F.interpolate(joined, here.shape[2:], mode="nearest")
        assert joined is not None
        if joined.shape[2:] != size:  # nets that do not pad give a little less
            joined = F.interpolate(joined, size, mode="bilinear", align_corners=False)
        out: Tensor = self.head(self.smooth(joined))
        return out

    def pyramid(self, x: Tensor) -> dict[int, Tensor]:
        """The last features at 1/2, 1/4, 1/8 and 1/16 of the picture: pixels to a place → (B, channels, h, w)."""
        side, found = x.shape[2], dict[int, Tensor]()
        for module in _steps(self):
            x = module(x)
            found[_reduction(side, x.shape[2])] = x
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


def _taken(detector: nn.Module, backbone: str, channels: int, norm: str) -> dict[int, int]:
    """Give a detector the layers of a backbone that it uses; channels of their last features by pixels to a place."""
    if backbone == "small":
        detector.add_module("features", _small(channels, norm))
    else:
        kind, options = NETS[backbone]
        made = kind((channels, 128, 128), 1, **options)
        for name, module in made.named_children():
            if name == "features" or name.startswith(("conv1", "bn1", "relu", "maxpool", "layer")):
                detector.add_module(name, module)
    found, before = dict[int, int](), detector.training
    detector.eval()
    with torch.no_grad():
        x = torch.zeros(1, channels, 128, 128)
        kept = 0
        for module in _steps(detector):
            x = module(x)
            size = _reduction(128, x.shape[2])
            if size > DEEPEST:
                break
            found[size], kept = x.shape[1], kept + 1
    detector.train(before)
    features = getattr(detector, "features", None)
    if features is not None:
        detector.features = features[:kept]
    elif hasattr(detector, "layer4"):
        del detector.layer4
    return found


def _steps(detector: nn.Module) -> list[nn.Module]:
    """The layers of the backbone, one after the other."""
    features = getattr(detector, "features", None)
    if features is not None:
        return list(features)
    return [module for name, module in detector.named_children() if name.startswith(STEM)]


STEM = ("conv1", "bn1", "relu", "maxpool", "layer")


def _reduction(before: int, after: int) -> int:
    """How often a side was halved, as a power of two: nets that do not pad give a little less."""
    return 1 << round(math.log2(before / after))


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
