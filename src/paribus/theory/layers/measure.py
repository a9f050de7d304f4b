"""Predict, then measure: the table of a net beside what the running net says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from paribus.errors import TheoryError
from paribus.theory.layers.fields import middle_sees
from paribus.theory.layers.table import Input, Table, table
from paribus.theory.layers.text import Cells, aligned, amount

if TYPE_CHECKING:
    import torch
    from torch import nn

    from paribus.theory.layers.writer import Seen


@dataclass(frozen=True)
class Check:
    """One quantity of one layer, predicted and measured.

    Args:
        number: of the layer, from 1; 0 for the whole net.
        layer: its name.
        quantity: output, parameters, multiplications, memory or receptive field.
        predicted: what the formula says; None where it says nothing.
        measured: what the running net says.
        note: what to know about it.
    """

    number: int
    layer: str
    quantity: str
    predicted: Any
    measured: Any
    note: str = ""

    HEADS: ClassVar = ("", "layer", "quantity", "predicted", "measured", "equal")
    ALIGN: ClassVar = "rllrrl"

    @property
    def equal(self) -> bool:
        """Whether both agree, or nothing was predicted."""
        return self.predicted is None or bool(self.predicted == self.measured)

    @property
    def cells(self) -> Cells:
        """As it is printed, below ``HEADS``."""
        word = "not predicted" if self.predicted is None else "yes" if self.equal else "NO"
        said = word + (f"; {self.note}" if self.note else "")
        return (str(self.number or ""), self.layer, self.quantity, _said(self.predicted), _said(self.measured), said)


def _said(value: Any) -> str:
    """A number, a shape or ranges of inputs."""
    if isinstance(value, tuple):
        return " × ".join(f"{part[0]}–{part[1]}" if isinstance(part, tuple) else str(part) for part in value)
    return "?" if value is None else f"{value:,}"


@dataclass(frozen=True)
class Measurement:
    """All checks of a net.

    Args:
        table: what was predicted.
        checks: layer by layer, and the whole net's.
        held: bytes that torch kept for the backward pass of one example, without weights: measured only.
    """

    table: Table
    checks: tuple[Check, ...]
    held: int

    @property
    def different(self) -> tuple[Check, ...]:
        """Every prediction that the running net contradicts."""
        return tuple(check for check in self.checks if not check.equal)

    @property
    def totals(self) -> tuple[Check, ...]:
        """The checks of the whole net."""
        return tuple(check for check in self.checks if not check.number)

    @property
    def shown(self) -> list[Check]:
        """The checks that are printed: the whole net's, the last receptive field and all that differ."""
        fields = [check for check in self.checks if check.quantity == "receptive field" and check.equal]
        counted = [check for check in self.checks if check.predicted is None and check.measured]
        unknown = [check for check in counted if check.quantity == "multiplications"]
        return [*self.totals, *fields[-1:], *unknown, *(check for check in self.different if check.number)]

    @property
    def verdict(self) -> str:
        """How many predictions hold."""
        found = f"{len(self.different)} differ" if self.different else "all equal"
        predicted = sum(check.predicted is not None for check in self.checks if check.number)
        if not predicted:
            return "no layer was seen about which anything is predicted, so nothing was checked"
        predicted += sum(check.predicted is not None for check in self.totals)
        return f"{predicted} predictions checked on the running net: {found}"

    @property
    def kept(self) -> str:
        """What training would hold, in words."""
        held = amount(self.held) if self.held else "nothing"
        return f"torch keeps {held} of one example for the backward pass, weights aside (measured)"

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        checks = [{**vars(check), "equal": check.equal} for check in self.checks]
        different = len(self.different)
        return {"checks": checks, "equal": len(checks) - different, "different": different, "held": self.held}

    def __str__(self) -> str:
        lines = aligned(Check.HEADS, [check.cells for check in self.shown], Check.ALIGN)
        return "\n".join([self.verdict, *lines, self.kept])


def measure(
    net: str | nn.Module, input: Input, *, convention: str = "torch", channels_last: bool = False
) -> Measurement:
    """Run a net of torch and set what it does beside the table's predictions.

    Shapes and memory are those of a forward pass on the processor, in training mode; multiplications are counted by
    torch's own FlopCounterMode (half its count); receptive fields are where an output's gradient is not zero.

    Args:
        net: a text, from which torch's own layers are put together, or a module.
        input: shape of one example.
        convention: as for :func:`paribus.theory.layers.table`.
        channels_last: as for :func:`paribus.theory.layers.table`.
    """
    predicted = table(net, input, convention=convention, channels_last=channels_last)
    running = built(predicted) if isinstance(net, str) else net
    from paribus.theory.layers.module import trace

    ran = trace(running, predicted.graph.inputs, device="cpu").seen
    try:
        counted = trace(
            running, predicted.graph.inputs
        ).seen  # without values torch takes every cell apart and counts all
    except TheoryError:
        counted = ran
    if not len(predicted.rows) == len(ran) == len(counted):
        rule = f"the running net has {len(ran)} layers and the table {len(predicted.rows)}"
        raise TheoryError(rule, hint="a net whose layers change from run to run cannot be measured")
    checks = [check for i, row in enumerate(predicted.rows) for check in _checks(row, ran[i], counted[i])]
    checks += _fields(running, predicted)
    return Measurement(predicted, (*checks, *_totals(running, predicted, ran, counted)), held(running, predicted))


def built(predicted: Table) -> nn.Module:
    """The net of a table as a module of torch."""
    from paribus.theory.layers.build import Built

    return Built(predicted.graph)


def _checks(row: Any, ran: Seen, counted: Seen) -> list[Check]:
    if row.layer.kind == "own":  # read from the module, so there is nothing to predict
        return []
    options = row.layer.options
    known = row.multiplications is not None  # of other operations, what the table shows was seen and not predicted
    pairs = [
        ("output", row.output if known else None, ran.shape),
        ("parameters", None if "more" in options or "parameters" in options else row.parameters.value, ran.parameters),
        ("multiplications", row.multiplications.value if known else None, counted.multiplications),
        ("memory", row.memory.value if known else None, ran.memory),
    ]
    return [Check(row.number, row.name, *pair) for pair in pairs]


def _fields(running: nn.Module, predicted: Table) -> list[Check]:
    """Receptive fields by gradient, cut by the borders as the input cuts them."""
    from paribus.theory.layers.gradient import measured_fields

    try:
        measured = measured_fields(running, predicted)
    except TheoryError as error:
        return [Check(0, "all layers", "receptive field", None, None, f"not measured: {error.got}")]
    checks = []
    for number, extents in measured.items():
        row = predicted.rows[number - 1]
        said = middle_sees(row.fields or ())
        cut = [f.size for f in row.fields or () if f.jump and f.cut]
        note = f"the input is too small to show all {cut[0]} values" if cut else ""
        checks.append(Check(number, row.name, "receptive field", said, extents, note))
    return checks


def _totals(running: nn.Module, predicted: Table, ran: Sequence[Seen], counted: Sequence[Seen]) -> list[Check]:
    parameters = sum(p.numel() for p in running.parameters())
    known = [row.number - 1 for row in predicted.rows if row.multiplications is not None]
    memory = sum(row.memory.value for row in predicted.rows if row.multiplications is not None)
    multiplications = sum(counted[number].multiplications for number in known)
    rest = sum(seen.multiplications for seen in counted) - multiplications
    note = f"and {rest:,} in layers for which nothing is predicted" if rest else ""
    return [
        Check(0, "all layers", "parameters", predicted.parameters, parameters),
        Check(0, "all layers", "multiplications", predicted.multiplications, multiplications, note),
        Check(0, "all layers", "memory", memory, sum(ran[number].memory for number in known)),
    ]


def held(net: nn.Module, predicted: Table) -> int:
    """Bytes that torch keeps for the backward pass of one example, weights and input aside."""
    from paribus.theory.layers.batch import BATCH, Asked, copied

    asked = Asked(predicted.graph.inputs, batch_axis=predicted.graph.batch_axis)
    runner, batch = copied(net).train(), asked.batch(net, BATCH)
    with keeping([*runner.parameters(), *runner.buffers(), *batch]) as kept:
        runner(*batch)
    return sum(kept.values()) // BATCH


@contextmanager
def keeping(known: Iterable[torch.Tensor]) -> Iterator[dict[int, int]]:
    """Count what torch keeps for the backward pass within a block: identity of each storage → its bytes.

    Args:
        known: tensors whose storages do not count.
    """
    from torch.autograd.graph import saved_tensors_hooks

    others = {tensor.untyped_storage()._cdata for tensor in known}
    kept: dict[int, int] = {}
    alive = []  # so that no identity is used twice

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in others:
            kept[storage._cdata] = storage.nbytes()
            alive.append(storage)
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        yield kept
