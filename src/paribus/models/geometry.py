"""Sizes of pictures after some stages, and which of them are impossible."""

from __future__ import annotations

from paribus.errors import RecipeError


def picture(input_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Channels, height and width of examples that are pictures.

    Raises:
        RecipeError: if they are none.
    """
    if len(input_shape) != 3:
        hint = "use model=mlp for examples that are not pictures"
        raise RecipeError("this model takes pictures (channels, height, width)", got=input_shape, hint=hint)
    return input_shape


def final_size(input_shape: tuple[int, ...], stages: int, *, kernel: int, pooling: str, norm: str) -> tuple[int, int]:
    """Height and width after this many stages, each of convolutions with this norm and then pooling.

    Raises:
        RecipeError: naming the stage in which the picture is too small for the pooling or the norm.
    """
    if len(input_shape) != 3:
        hint = "use model=mlp for examples that are not pictures"
        raise RecipeError("a cnn takes pictures (channels, height, width)", got=input_shape, hint=hint)
    if kernel % 2 == 0:
        raise RecipeError("a convolution keeps the picture's size only if its kernel is odd", got=kernel)
    _, height, width = input_shape
    for stage in range(1, stages + 1):
        old, new = (height, width), (_pooled(height, pooling), _pooled(width, pooling))
        if 0 in new:
            raise _too_small(f"pooling stage {stage} would shrink {height}×{width} to nothing", input_shape, stage)
        if norm == "instance" and (new if pooling == "stride" else old) == (1, 1):
            raise _too_small(f"instance norm in stage {stage} would see 1×1 pictures", input_shape, stage)
        height, width = new
    return height, width


def _pooled(side: int, pooling: str) -> int:
    """Length of a side after pooling: windows of 2 must fit whole, strides of 2 only with their centre."""
    return {"max": side // 2, "average": side // 2, "stride": (side + 1) // 2}.get(pooling, side)


def _too_small(rule: str, input_shape: tuple[int, ...], stage: int) -> RecipeError:
    _, height, width = input_shape
    hint = f"give at most {stage - 1} widths, or set pooling=none"
    return RecipeError(rule, got=f"{height}×{width} pictures", hint=hint)
