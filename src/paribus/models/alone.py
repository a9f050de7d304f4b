"""A model without a recipe: built for inputs of a shape, to be counted and not trained."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from paribus.chance import key, seeded
from paribus.errors import RecipeError
from paribus.records.parts import Part, build


def alone(part: Part, input: Sequence[int], outputs: int, tokens: int = 0, *, values: bool = False) -> nn.Module:
    """A registered model, without values of its weights, so that it takes no memory.

    Args:
        part: its name and options.
        input: shape of one example; (T,) of tokens.
        outputs: numbers that it gives for each example, pixel or token: classes.
        tokens: size of the vocabulary where inputs are tokens, else 0.
        values: whether weights have values, which takes their memory.

    Raises:
        RecipeError: for a model or an option that there is not, or a shape that the model does not take.
    """
    shape = tuple(input)
    supplied = {
        "input_shape": shape,
        "in_channels": shape[0],
        "target_shape": (),
        "num_outputs": outputs,
        "num_classes": outputs,
        "num_tokens": tokens,
    }
    if not values:
        try:
            with torch.device("meta"):
                model: nn.Module = build("model", part, **supplied)
            return model
        except RecipeError:  # perhaps only because its constructor needs values
            pass
    with seeded(key("alone")):
        return build("model", part, **supplied)  # type: ignore[no-any-return]
