"""Sizes of pictures after some layers, and which of them are impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from paribus.errors import RecipeError

LARGEST = 1024  # side of a picture beyond which nobody is told that it would be large enough

KEEP_SIZE = frozenset(  # functions of torch by name; add_ counts the batches of a norm
    {
        *("add", "add_", "__add__", "batch_norm", "dropout", "dropout2d", "group_norm"),
        *("elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "tanh"),
    }
)

Layers = Callable[[Tensor], Tensor]


def picture(input_shape: tuple[int, ...], name: str = "this model") -> tuple[int, int, int]:
    """Channels, height and width of examples that are pictures.

    Raises:
        RecipeError: if they are none, with the name of who takes pictures only.
    """
    if len(input_shape) != 3:
        hint = "use model=mlp for examples that are not pictures"
        raise RecipeError(f"{name} takes pictures (channels, height, width)", got=input_shape, hint=hint)
    return input_shape


def final_size(input_shape: tuple[int, ...], stages: int, *, kernel: int, pooling: str, norm: str) -> tuple[int, int]:
    """Height and width after this many stages, each of convolutions with this norm and then pooling.

    Raises:
        RecipeError: naming the stage in which the picture is too small for the pooling or the norm.
    """
    _, height, width = picture(input_shape, "a cnn")
    if kernel % 2 == 0:
        raise RecipeError("a convolution keeps the picture's size only if its kernel is odd", got=kernel)
    for stage in range(1, stages + 1):
        old, new = (height, width), (_pooled(height, pooling), _pooled(width, pooling))
        if 0 in new:
            raise _too_small(f"pooling stage {stage} would shrink {height}×{width} to nothing", input_shape, stage)
        if norm == "instance" and (new if pooling == "stride" else old) == (1, 1):
            raise _too_small(f"instance norm in stage {stage} would see 1×1 pictures", input_shape, stage)
        height, width = new
    return height, width


def shape_behind(net: nn.Module, layers: Layers, input_shape: tuple[int, ...], hint: str = "") -> tuple[int, ...]:
    """Shape of what layers of a net make of one picture: sizes are followed through them, and nothing is computed.

    Args:
        net: whose layers they are.
        layers: a method of the net, or one of its modules: (B, *input_shape) → (B, …).
        input_shape: channels, height and width of a picture.
        hint: what else could be done about pictures that are too small.

    Raises:
        RecipeError: naming the layer that cannot take what reaches it, and the smallest pictures that would do.
    """
    name = type(net).__name__
    picture(input_shape, name)
    reached: list[str] = []
    try:
        with _noted(net, reached):
            return _followed(layers, input_shape)
    except (RuntimeError, ValueError) as error:
        least = _smallest(layers, input_shape[0])
        ways = [f"use pictures of {least}×{least} or more" if least else "", hint]
        rule = f"{name} is too deep for such small pictures: {reached[-1]}"
        got = f"{input_shape[1]}×{input_shape[2]} pictures"
        raise RecipeError(rule, got=got, hint=", or ".join(filter(None, ways))) from error


class _Sizes(TorchFunctionMode):
    """Lets functions follow sizes only: tensors are on the meta device, and what keeps a size is not even called."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(function, "__name__", "") in KEEP_SIZE:
            return args[0]
        named = {name: _empty(value) for name, value in (kwargs or {}).items()}
        return function(*map(_empty, args), **named)


def _empty(value: Any) -> Any:
    return torch.empty_like(value, device="meta") if isinstance(value, Tensor) else value


def _followed(layers: Layers, input_shape: tuple[int, ...]) -> tuple[int, ...]:
    with torch.no_grad(), _Sizes():
        out = layers(torch.empty(1, *input_shape, device="meta"))
    return tuple(out.shape[1:])


@contextmanager
def _noted(net: nn.Module, reached: list[str]) -> Iterator[None]:
    """Note each layer that a picture reaches, and the size at which it does."""

    def note(path: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        size = "×".join(map(str, inputs[0].shape[2:]))
        reached.append(f"layer {path}, {type(module).__name__}, would get {size}")

    leaves = [(path, module) for path, module in net.named_modules() if not [*module.children()]]
    hooks = [
        module.register_forward_pre_hook(lambda module, inputs, path=path: note(path, module, inputs))
        for path, module in leaves
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _smallest(layers: Layers, channels: int) -> int:
    """The side of the smallest square pictures that the layers take, by bisection; 0 if even large ones fail."""
    low, high = 0, LARGEST  # fails, works
    if not _takes(layers, (channels, high, high)):
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _takes(layers, (channels, middle, middle)) else (middle, high)
    return high


def _takes(layers: Layers, input_shape: tuple[int, ...]) -> bool:
    with suppress(RuntimeError, ValueError):
        return bool(_followed(layers, input_shape))
    return False


def _pooled(side: int, pooling: str) -> int:
    """Length of a side after pooling: windows of 2 must fit whole, strides of 2 only with their centre."""
    return {"max": side // 2, "average": side // 2, "stride": (side + 1) // 2}.get(pooling, side)


def _too_small(rule: str, input_shape: tuple[int, ...], stage: int) -> RecipeError:
    _, height, width = input_shape
    hint = f"give at most {stage - 1} widths, or set pooling=none"
    return RecipeError(rule, got=f"{height}×{width} pictures", hint=hint)
