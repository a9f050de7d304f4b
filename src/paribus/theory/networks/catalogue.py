"""All layers that can be derived, under the names that people type, with the options that each of them takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.align import roi_align
from paribus.theory.networks.attention import attention
from paribus.theory.networks.blocks import layer_norm, residual, softmax
from paribus.theory.networks.convolution import convolution
from paribus.theory.networks.costs import cnn_or_rnn, conv2d_or_3d
from paribus.theory.networks.dropout import dropout
from paribus.theory.networks.gru import gru
from paribus.theory.networks.heads import two_heads
from paribus.theory.networks.loss import softmax_cross_entropy
from paribus.theory.networks.lstm import lstm
from paribus.theory.networks.norm import batch_norm
from paribus.theory.networks.pooling import pooling
from paribus.theory.networks.recurrent import rnn


@dataclass(frozen=True)
class Entry:
    """A function that derives something, and the arguments that its name already says."""

    derive: Callable[..., Derivation]
    fixed: dict[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, str]:
        """What can be chosen: the option's name → the argument's."""
        arguments = [name for name in inspect.signature(self.derive).parameters if name not in self.fixed]
        return {OPTIONS.get(name, name): name for name in arguments}


OPTIONS = {"X": "input", "F": "filter"}  # arguments that are called differently on the command line

# fmt: off
LAYERS = {
    "conv1d":           Entry(convolution, {"axes": 1}),
    "conv2d":           Entry(convolution, {"axes": 2}),
    "maxpool1d":        Entry(pooling, {"kind": "max", "axes": 1}),
    "maxpool2d":        Entry(pooling, {"kind": "max", "axes": 2}),
    "avgpool1d":        Entry(pooling, {"kind": "average", "axes": 1}),
    "avgpool2d":        Entry(pooling, {"kind": "average", "axes": 2}),
    "layernorm":        Entry(layer_norm),
    "softmax":          Entry(softmax),
    "residual":         Entry(residual),
    "batchnorm":        Entry(batch_norm, {"axes": 0}),
    "batchnorm1d":      Entry(batch_norm, {"axes": 1}),
    "batchnorm2d":      Entry(batch_norm, {"axes": 2}),
    "cross-entropy":    Entry(softmax_cross_entropy),
    "rnn":              Entry(rnn),
    "lstm":             Entry(lstm),
    "gru":              Entry(gru),
    "attention":        Entry(attention, {"hard": False, "causal": False}),
    "masked-attention": Entry(attention, {"hard": False, "causal": True}),
    "two-heads":        Entry(two_heads),
    "argmax-attention": Entry(attention, {"hard": True, "causal": False}),
    "dropout":          Entry(dropout),
    "roialign":         Entry(roi_align),
    "cnn-rnn":          Entry(cnn_or_rnn),
    "conv2d-conv3d":    Entry(conv2d_or_3d),
}
# fmt: on


def layer(name: str, **options: Any) -> Derivation:
    """Derive a layer by name.

    Args:
        name: one of :data:`LAYERS`.
        options: what it takes; ``input`` and ``filter`` are its X and F.

    Raises:
        TheoryError: no such layer, an option that it does not have, or one that does not fit.
    """
    if name not in LAYERS:
        raise TheoryError("there is no such layer to derive", got=name, hint=nearest(name, LAYERS))
    entry = LAYERS[name]
    for option in options:
        if option not in entry.options:
            rule = f"{name} has no option of this name"
            raise TheoryError(rule, got=option, hint=f"it takes {', '.join(sorted(entry.options))}")
    return entry.derive(**entry.fixed, **{entry.options[option]: value for option, value in options.items()})
