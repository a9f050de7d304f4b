"""Sequential depth: how many weighted layers must run one after another before there is an output.

Convolutions, fully connected layers and attention work on all positions at once and count one. A recurrent layer
counts one for each step of time, since every step waits for the one before; stacked recurrent layers overlap like a
wave, so L layers over T steps take T + L − 1.
"""

from __future__ import annotations

from itertools import accumulate

from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.layer import Layer, Shape

Waits = tuple[int, ...]  # for every step of a sequence (or for everything at once) when it is there
WEIGHTED = {"conv", "dw", "deconv", "linear", "attention"}
STEPWISE = {"linear"}  # on a sequence, steps do not wait for each other


def waits_after(layer: Layer, inputs: list[Waits], y: Shape) -> Waits:
    """When each step of the output is there, given when the inputs were.

    Args:
        layer: with all its options.
        inputs: one for each source of the layer.
        y: the output's shape.
    """
    if not inputs:
        return (0,)
    length = max(map(len, inputs))
    waits = tuple(max(w[i] if len(w) == length else max(w) for w in inputs) for i in range(length))
    if layer.kind in CELLS:
        return _recurrent(layer, waits, y[0])
    more = 1 if layer.kind in WEIGHTED else 0
    if layer.kind in STEPWISE and len(y) > 1:
        return tuple(wait + more for wait in waits)
    if more or layer.kind in ("flatten", "reshape", "last", "gap", "gmp", "transpose"):
        return (max(waits) + more,)
    return waits


def _recurrent(layer: Layer, waits: Waits, steps: int) -> Waits:
    waits = waits if len(waits) == steps else waits * steps
    for _ in range(layer.options["layers"]):
        forward = _wave(waits)
        backward = _wave(waits[::-1])[::-1] if layer.options["bi"] else forward
        waits = tuple(map(max, forward, backward))
    return waits


def _wave(waits: Waits) -> Waits:
    """Step t is there one after both its input and step t − 1."""
    return tuple(accumulate(waits, lambda before, wait: max(before, wait) + 1, initial=0))[1:]
