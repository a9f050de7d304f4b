"""Nets without their heads: what another network stands on.

A net says which of its modules make maps of features, by their paths, in the order in which a picture goes through
them::

    class Net(nn.Module):
        backbone = ("stem", "blocks.0", "pooling", "blocks.1")  # of a Sequential every layer is a step

Whoever stands on it has those modules under the same names, and so weights of the net fit. How much smaller than the
picture a map is, is measured: sizes are followed through the steps, and nothing is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from torch import nn

from paribus.models import PARTS
from paribus.models.airbench import AirBench
from paribus.models.alexnet import AlexNet
from paribus.models.cifar_resnet import ResNet20, ResNet32, ResNet44, ResNet56
from paribus.models.cnn import CNN
from paribus.models.dncnn import DnCNN
from paribus.models.geometry import shape_behind
from paribus.models.googlenet import GoogLeNet
from paribus.models.lenet import LeNet
from paribus.models.mobilenet import MobileNet
from paribus.models.mobilenet_v2 import MobileNetV2
from paribus.models.nin import NiN
from paribus.models.resnet import ResNet18, ResNet34, ResNet50
from paribus.models.squeezenet import SqueezeNet
from paribus.models.unet import UNet
from paribus.models.vgg import VGG11, VGG13, VGG16, VGG19
from paribus.models.vit import PatchMap


def _mapped(value: Any) -> Any:
    """Refuse nets without maps with the reason; what is no net at all is told by the list alone."""
    if value in PARTS and value not in NETS:
        raise ValueError(f"is a net that makes maps of features, which {value} does not: one of {', '.join(NETS)}")
    return value


Named = Literal[
    "small",
    "airbench",
    "alexnet",
    "cnn",
    "dncnn",
    "googlenet",
    "lenet",
    "mobilenet",
    "mobilenet_v2",
    "nin",
    "resnet18",
    "resnet20",
    "resnet32",
    "resnet34",
    "resnet44",
    "resnet50",
    "resnet56",
    "squeezenet",
    "unet",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
    "vit",
]
Backbone = Annotated[Named, BeforeValidator(_mapped)]

NO_HIDDEN: Mapping[str, Any] = {"hidden": ()}  # heads are left behind: large ones need not be drawn first
NETS: Mapping[str, tuple[Callable[..., nn.Module], Mapping[str, Any]]] = {  # where there are some, as published weights
    "airbench": (AirBench, {"whitening": "none"}),  # a head that learns boxes goes on from filters that learn, too
    "alexnet": (AlexNet, NO_HIDDEN),
    "cnn": (CNN, {"widths": (32, 64, 128, 256), "norm": "batch", "head": "global_average"}),
    "dncnn": (DnCNN, {"residual": False}),
    "googlenet": (GoogLeNet, {}),
    "lenet": (LeNet, NO_HIDDEN),
    "mobilenet": (MobileNet, {}),
    "mobilenet_v2": (MobileNetV2, {"norm": "none", "padding": "same"}),
    "nin": (NiN, {}),
    "resnet18": (ResNet18, {}),
    "resnet20": (ResNet20, {}),
    "resnet32": (ResNet32, {}),
    "resnet34": (ResNet34, {}),
    "resnet44": (ResNet44, {}),
    "resnet50": (ResNet50, {}),
    "resnet56": (ResNet56, {}),
    "squeezenet": (SqueezeNet, {"ceil_mode": False}),
    "unet": (UNet, {}),
    "vgg11": (VGG11, NO_HIDDEN),
    "vgg13": (VGG13, NO_HIDDEN),
    "vgg16": (VGG16, NO_HIDDEN),
    "vgg19": (VGG19, NO_HIDDEN),
    "vit": (PatchMap, {}),
}
SIDE = 128  # of the picture whose sizes are followed, where the net does not mind


@dataclass(frozen=True)
class Taken:
    """What was taken of a net.

    Args:
        path: modules by name in the order in which a picture goes through them, with the pixels of the picture to a
            place of the map that each gives.
        levels: channels of the last map of each size.
        left: names at the top of what the net has beside.
        multiple: what the sides of pictures must be multiples of.
    """

    path: tuple[tuple[str, int], ...]
    levels: Mapping[int, int]
    left: tuple[str, ...]
    multiple: int = 1


def take(owner: nn.Module, name: str, input_shape: tuple[int, ...], deepest: int) -> Taken:
    """Give a module the layers of one of the :data:`NETS`, under their own names, as deep as they are used.

    Args:
        owner: who stands on them.
        name: of the net.
        input_shape: channels, height and width of its pictures.
        deepest: pixels of the picture to a place of the last map that is used.
    """
    kind, options = NETS[name]
    multiple = int(getattr(kind, "multiple", 1))
    sides = [-(-side // multiple) * multiple for side in input_shape[1:]] if multiple > 1 else [SIDE, SIDE]
    net = kind((input_shape[0], *sides), input_shape[0], **options)
    path, levels, shape = list[tuple[str, int]](), dict[int, int](), (input_shape[0], *sides)
    for step, module in steps(name, net):
        shape = shape_behind(net, module, shape)
        size = 1 << round(math.log2(sides[0] / shape[1]))  # nets that do not pad give a little less
        if size > deepest:
            break
        levels[size] = shape[0]
        path.append((step, size))
        _adopt(owner, step, module)
    held = owner.state_dict().keys()
    left = (one.partition(".")[0] for one in net.state_dict() if one not in held)
    return Taken(tuple(path), levels, tuple(dict.fromkeys(left)), multiple)


def steps(name: str, net: nn.Module) -> list[tuple[str, nn.Module]]:
    """The modules of a net that make maps of features, with their paths; a net that is all of one goes by a name."""
    found = list[tuple[str, nn.Module]]()
    for path in getattr(net, "backbone", ()):
        module = net.get_submodule(path)
        layers = module.named_children() if isinstance(module, nn.Sequential) else [("", module)]
        found += [(f"{path}.{place}".rstrip("."), layer) for place, layer in layers]
    return found or [(name, net)]


def _adopt(owner: nn.Module, path: str, module: nn.Module) -> None:
    """Make a module a descendant of another by a path, through empty ones where there are none yet."""
    *above, last = path.split(".")
    for name in above:
        if not hasattr(owner, name):
            owner.add_module(name, nn.Module())
        owner = owner.get_submodule(name)
    owner.add_module(last, module)
