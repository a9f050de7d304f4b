"""From a module of torch to a graph: the net runs once, and every layer and operation that it meets is written down.

Layers that the table of kinds knows are read from their attributes; what a module's own code does between them
(sums, joints, flattening, functions) is caught on the way. No weights are touched: the run is a copy's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from paribus.errors import TheoryError
from paribus.theory.layers.batch import Asked, copied
from paribus.theory.layers.graph import INPUT
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.refuse import by
from paribus.theory.layers.writer import StepsFirst, Trace, Writer


def trace(net: nn.Module, inputs: Sequence[Shape], device: str = "meta", words: bool | None = None) -> Trace:
    """Run a copy of a net once on zeros and write down its layers.

    Args:
        net: any module that maps tensors (B, *input) to tensors; steps come before the batch where its layers say so.
        inputs: shape of one example, for each tensor that the net takes.
        device: ``meta`` computes shapes only, ``cpu`` everything.
        words: whether the inputs are word numbers; seen from the first layer by default.

    Raises:
        TheoryError: if the net does not run on this input, with torch's own words.
    """
    try:
        return _trace(net, Asked(tuple(inputs), device, words))
    except StepsFirst:
        return _trace(net, Asked(tuple(inputs), device, words, batch_axis=1))


def _trace(net: nn.Module, asked: Asked) -> Trace:
    runner = copied(net, asked.device).train().requires_grad_(False)
    pairs = zip(*(module.named_parameters(remove_duplicate=False) for module in (runner, net)), strict=True)
    originals = {id(moved): id(original) for (_, moved), (_, original) in pairs}  # moving unties what is shared
    with torch.device(asked.device):
        return record(runner, asked.batch(net), originals=originals, batch_axis=asked.batch_axis).trace


def record(
    net: nn.Module,
    batch: Sequence[Tensor],
    count: bool = True,
    originals: Mapping[int, int] | None = None,
    batch_axis: int = 0,
) -> Writer:
    """Run a net on a batch as it is, and write down its layers and their outputs.

    Args:
        net: the net.
        batch: what it takes.
        count: whether to count operations; off for a run through which gradients pass.
        originals: identity of a parameter → that of the parameter it is a copy of.
        batch_axis: of the batch.
    """
    writer = Writer(net, batch, batch_axis, FlopCounterMode(display=False) if count else None, originals or {})
    with writer.listening():
        for number, x in enumerate(batch):
            writer.mark(x, INPUT - number)
        try:
            out = net(*batch)
        except TheoryError:
            raise
        except Exception as error:  # whatever the user's module may raise
            raise _stopped(net, writer.trace.graph.inputs, error) from error
    writer.end(out)
    return writer


def _stopped(net: nn.Module, inputs: Sequence[Shape], error: Exception) -> TheoryError:
    rule = f"{type(net).__name__} does not run on an input of {' and '.join(map(by, inputs))}"
    return TheoryError(rule, got=str(error).splitlines()[0] if str(error) else type(error).__name__)
