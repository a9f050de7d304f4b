"""What a recipe says of every model: which weights it starts from, and which of them are trained, when and how fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from paribus.records.weights import NONE

Head = Literal["auto", "always", "never"]
Scaling = Literal["auto", "data", "imagenet"]
OWN = "own"  # as the model's own code has it
Redraw = Literal["own", "default", "xavier", "he", "lecun", "orthogonal"]
Between = Literal["own", "relu", "leaky_relu", "elu", "gelu", "silu", "tanh"]
Ending = Literal["own", "bare"]


def _joined(value: Any) -> Any:
    """``{layer1: {0: 0.1}}`` as ``{layer1.0: 0.1}``: the dots in a pattern separate no fields of a recipe."""
    if not isinstance(value, Mapping):
        return value
    joined: dict[str, Any] = {}
    for name, entry in value.items():
        below = _joined(entry)
        joined |= (
            {f"{name}.{rest}": it for rest, it in below.items()} if isinstance(below, dict) else {str(name): entry}
        )
    return joined


Patterns = tuple[str, ...]
Epochs = Annotated[dict[str, Annotated[int, Field(ge=0)]], BeforeValidator(_joined)]
Factors = Annotated[dict[str, Annotated[float, Field(gt=0)]], BeforeValidator(_joined)]


class Start:
    """What a model starts from, and what of it is trained.

    Tensors are named as in the state dict of the model. A pattern is a whole name, the path of a module, which stands
    for all that is below it, or has wildcards: ``"*.bn1"``.

    Args:
        weights: what to start from: none, a published set by its name, a file (.safetensors, .npz, a state dict of
            torch), a finished run by its path or name, or the folder of an arm, STUDY/ARM: its run of the same seed.
        new_head: whether the last layer is drawn anew: where its shape or the classes are others, always, or never.
        input_scaling: mean and deviation by which inputs are scaled: those that the weights were trained with where
            that is known, the data's, or those of ImageNet.
        freeze: patterns of what is never trained; it stays to the last bit, statistics of batch norm included.
        unfreeze: pattern: for how many epochs it is frozen before it is trained like the rest.
        lr_factors: pattern: factor on the learning rate of what it names; of several the first that fits.
        redraw: how all weights are drawn anew before the first step, over whatever the model's own code drew, set or
            loaded: those of linear and convolutional layers by this scheme and their biases 0, all else as its class
            begins, but recurrences, too, where it is orthogonal; own leaves the model as its code makes it.
        activations: what takes the place of every activation module between layers; sigmoids, which gates and outputs
            are made of, stay.
        norm_momentum: share that a batch has in the running figures of every batch norm, which evaluation uses; by
            default what the model's own code says.
        ending: what the model gives: own, or bare, what its last layer with weights gives, without what its code does
            behind that, such as a softmax or a rectifier.
    """

    def __init__(
        self,
        weights: str = NONE,
        new_head: Head = "auto",
        input_scaling: Scaling = "auto",
        freeze: Patterns = (),
        unfreeze: Epochs = {},  # noqa: B006  read only
        lr_factors: Factors = {},  # noqa: B006  read only
        redraw: Redraw = "own",
        activations: Between = "own",
        norm_momentum: Annotated[float, Field(gt=0, le=1)] | None = None,
        ending: Ending = "own",
    ) -> None:
        self.weights, self.new_head, self.input_scaling = weights, new_head, input_scaling
        self.freeze, self.unfreeze, self.lr_factors = freeze, unfreeze, lr_factors
        self.redraw, self.activations, self.norm_momentum, self.ending = redraw, activations, norm_momentum, ending
