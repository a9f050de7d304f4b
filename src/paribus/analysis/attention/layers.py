"""Which layer a map is taken from: the one that is named, or the last convolutional map that is larger than 1×1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paribus.analysis.attention.question import Call, Question, logits, watching
from paribus.errors import DataError, RecipeError, nearest

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
OTHERS = "methods that need no layer: --set method=integrated_gradients, --set method=occlusion"


@dataclass(frozen=True)
class Tap:
    """What a layer gave, and how the class depends on it.

    Args:
        maps: A, (B, K, h, w).
        gradients: ∂y/∂A of the logit y of each picture's class, (B, K, h, w).
        outputs: all logits.
    """

    maps: Tensor
    gradients: Tensor
    outputs: Tensor


def modules_of(network: nn.Module) -> dict[str, nn.Module]:
    """All layers of a network by name, as in its model: without what scales its inputs."""
    model = getattr(network, "model", network)
    return {name: module for name, module in model.named_modules() if name}


def choose(network: nn.Module, inputs: Tensor, wished: str = "", pooled: bool = False) -> str:
    """The name of the layer: the wished one if it has maps, else the last convolutional one.

    A convolution, the norm and the activation behind it, and the sum with a shortcut are one map: the last of these.

    Args:
        network: in evaluation mode.
        inputs: (1, C, H, W), a picture.
        wished: a name; empty for the default.
        pooled: whether pooling behind the last convolution counts, too: the map that a global average is taken of.

    Raises:
        RecipeError: if there is no such layer.
        DataError: if it has no maps, maps of 1×1, or was overwritten; or if no layer has maps.
    """
    modules = modules_of(network)
    if wished and wished not in modules:
        raise RecipeError("the network has no layer of this name", got=wished, hint=nearest(wished, modules))
    with watching(modules) as calls, torch.no_grad():
        outputs = logits(network, inputs)
    if wished:
        _refuse(next((call for call in reversed(calls) if call.name == wished), None), wished, calls)
        return wished
    return _named(_last(calls, outputs, pooled), calls)


def tapped(network: nn.Module, layer: str, question: Question) -> Tap:
    """What a layer gives for some pictures, and the gradients of their classes.

    Raises:
        DataError: if the layer was overwritten, or the class does not depend on it.
    """
    inputs = question.inputs.detach().clone().requires_grad_()  # so that frozen networks have gradients, too
    with watching({layer: modules_of(network)[layer]}) as calls, torch.enable_grad():
        outputs = logits(network, inputs)
        _refuse(calls[-1] if calls else None, layer, calls)
        maps = calls[-1].output
        scores = question.read(outputs).sum()
        (gradients,) = torch.autograd.grad(scores, maps, allow_unused=True) if scores.requires_grad else (None,)
    if gradients is None:
        raise DataError("the class does not depend on this layer", got=layer, hint="name another: --set layer=NAME")
    return Tap(maps.detach().float(), gradients.float(), outputs.detach())


def _refuse(call: Call | None, name: str, calls: list[Call]) -> None:
    """Refuse a layer without maps, or whose maps are not what it gave any more."""
    with_maps = [one.name for one in calls if _large(one.output) and not one.overwritten]
    if call is None:
        raise DataError("this layer gave nothing when the network ran", got=name, hint=nearest(name, with_maps))
    if call.output.ndim != 4:
        raise DataError(
            "this layer has no maps (B, K, h, w)", got=f"{name}: {_shape(call)}", hint=nearest("", with_maps)
        )
    if not _large(call.output):
        rule = "a map of 1×1 says nothing of where"
        raise DataError(rule, got=f"{name}: {_shape(call)}", hint=nearest("", with_maps) if with_maps else OTHERS)
    if call.overwritten:
        rule = (
            "what this layer gave was overwritten in place by what follows, so its map would be that of another layer"
        )
        after = next((one.name for one in calls if one.output is call.output and not one.overwritten), "")
        raise DataError(rule, got=name, hint=f"--set layer={after}" if after else "build it with inplace=False")


def _last(calls: list[Call], outputs: Tensor, pooled: bool) -> Call:
    """The last map, from the last convolution on."""
    maps = [
        place for place, call in enumerate(calls) if _large(call.output) and call.output.shape[1:] != outputs.shape[1:]
    ]
    convolutions = [place for place in maps if isinstance(calls[place].module, CONVOLUTIONS)]
    if not convolutions:
        raise DataError("the network has no convolution with maps larger than 1×1", hint=OTHERS)
    first, behind = convolutions[-1], [place for place in maps if place >= convolutions[-1]]
    shape = calls[behind[-1] if pooled else first].output.shape
    same = [calls[place] for place in behind if calls[place].output.shape == shape and not calls[place].overwritten]
    if not same:
        rule = "the last maps of this network were overwritten in place, so none of them is what its layer gave"
        raise DataError(
            rule, got=calls[first].name, hint="build it with inplace=False, or name a layer: --set layer=NAME"
        )
    return same[-1]


def _named(last: Call, calls: list[Call]) -> str:
    """The name of a map that several modules may have given on: of the smallest that holds a convolution, if any."""
    names = [call.name for call in calls if call.output is last.output and not call.overwritten]
    convolutions = [call.name for call in calls if isinstance(call.module, CONVOLUTIONS)]
    holding = [name for name in names if any(f"{inner}.".startswith(f"{name}.") for inner in convolutions)]
    return (holding or names)[0]


def _large(output: Tensor) -> bool:
    """Whether an output is maps of more than one place."""
    return output.ndim == 4 and output.shape[2] * output.shape[3] > 1


def _shape(call: Call) -> str:
    return "×".join(map(str, call.output.shape[1:]))
