"""What a training costs, as a page: the layers, the parameters, the memory of a step, the seconds of an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.progress import clock
from paribus.records.wording import NONE, clean, count
from paribus.reports.page import Page, Section, Table
from paribus.reports.page import Row as Record
from paribus.theory.layers import Row
from paribus.theory.layers.row import plain
from paribus.theory.layers.text import amount

if TYPE_CHECKING:
    from paribus.theory.layers import Table as Layers
    from paribus.training.costs import Costs, Memory
    from paribus.training.trial import Epoch


def costs_page(record: Costs) -> Page:
    """The page of a model before it is trained."""
    sections = (_layers(record), _memory(record), _time(record))
    return Page(
        "Model",
        record.model,
        f"{record.recipe}: what its model is, and what training it costs",
        sections=tuple(section for section in sections if section is not None),
        summary=_sums(record),
        data={"trainable": record.trainable, "frozen": record.fixed, "execution": dict(record.execution)},
    )


def _sums(record: Costs) -> str:
    """Parameters and work in one sentence."""
    frozen = f", {record.fixed:,} frozen" if record.fixed else ""
    work = f"; {record.layers.multiplications:,} multiplications per example" if record.layers else ""
    return f"{record.trainable:,} trained parameters{frozen}{work}"


def _layers(record: Costs) -> Section:
    if record.layers is None:
        return Section("layers", (f"cannot be followed: {clean(record.problem)}",))
    net, frozen = record.layers, record.frozen
    held = [_is_frozen(row.path, frozen) for row in net.rows]
    marked = any(held)
    heads = (*Row.HEADS[:2], "path", *Row.HEADS[2:], *(["trained"] if marked else []))
    rows = [
        (*row.cells[:2], clean(row.path), *row.cells[2:], *([_trained(row, still)] if marked else []))
        for row, still in zip(net.rows, held, strict=True)
    ]
    sums = net.cells[-1]
    whole = (*sums[:2], "", *sums[2:], *([""] if marked else []))
    align = f"{Row.ALIGN[:2]}l{Row.ALIGN[2:]}{'l' if marked else ''}"
    table = Table(heads, (*rows, whole), align, data=lambda: _rows(net, held))
    return Section("layers", tables=(table,), notes=tuple(net.notes))


def _rows(net: Layers, held: list[bool]) -> list[Record]:
    """The layers as data."""
    known = ("number", "layer", "path", "output", "parameters", "multiplications", "receptive_field", "memory")
    return [
        {**{name: plain(row)[name] for name in known}, "frozen": still}
        for row, still in zip(net.rows, held, strict=True)
    ]


def _is_frozen(path: str, frozen: tuple[str, ...]) -> bool:
    """Whether a layer's parameters, or those of all that it is made of, are frozen."""
    return bool(path) and any(one == path or one.startswith(f"{path}.") for one in frozen)


def _trained(row: Row, still: bool) -> str:
    return NONE if not row.parameters.value else "frozen" if still else "yes"


def _memory(record: Costs) -> Section:
    """Predicted beside measured."""
    kinds = record.memory
    known = [one.measured if one.measured is not None else one.predicted for one in kinds]
    sums = ("all of these", "", _sum([one.predicted for one in kinds]), _sum([one.measured for one in kinds]))
    rows = (*((one.what, one.rule, _amount(one.predicted), _amount(one.measured)) for one in kinds), sums)
    heads = ("held by a step", "rule", "predicted", "measured")
    columns = len(heads) if record.epoch else len(heads) - 1  # nothing was measured
    shown = tuple(row[:columns] for row in rows)
    table = Table(heads[:columns], shown, "llrr"[:columns], data=lambda: _bytes(kinds))
    lacking = () if None not in known else ("what is not known is left out",)
    beside = "the data, the inputs of the loss, and what single operations need for a moment come on top"
    return Section("memory", tables=(table,), notes=(*lacking, beside))


def _amount(size: int | None) -> str:
    return "not known" if size is None else amount(size)


def _sum(sizes: list[int | None]) -> str:
    return "not known" if None in sizes else amount(sum(size for size in sizes if size is not None))


def _bytes(kinds: tuple[Memory, ...]) -> list[Record]:
    return [
        {"what": one.what, "rule": one.rule, "predicted (bytes)": one.predicted, "measured (bytes)": one.measured}
        for one in kinds
    ]


def _time(record: Costs) -> Section | None:
    """Seconds of an epoch, said as the estimate that it is."""
    if (epoch := record.epoch) is None:
        return None
    rows = tuple(_estimates(record, epoch))
    how = record.execution
    note = (
        f"estimated from {count(epoch.measured, 'step')} just taken on {how['device']}, {how['precision']}, "
        f"{count(int(how['threads']), 'thread')}; from … to: were all steps like the fastest or the slowest tenth"
    )
    heads = ("time", "estimate", "from", "to")
    table = Table(heads, rows, "lrrr", data=lambda: _seconds(record, epoch))
    return Section("time", tables=(table,), notes=(note,))


def _estimates(record: Costs, epoch: Epoch) -> Iterator[tuple[str, ...]]:
    yield "step", *map(_short, epoch.step)
    yield f"epoch of {count(epoch.steps, 'step')}, with its evaluation", *map(_short, epoch.seconds)
    if record.epochs > 1:
        yield f"all {record.epochs} epochs, if none is left out", *(_short(record.epochs * s) for s in epoch.seconds)


def _short(seconds: float) -> str:
    """A duration to two or three digits."""
    if seconds < 0.1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.2g} s" if seconds < 10 else clock(seconds)


def _seconds(record: Costs, epoch: Epoch) -> list[Record]:
    spans = {"step": epoch.step, "epoch": epoch.seconds}
    return [
        {"what": what, "estimate (s)": middle, "low (s)": low, "high (s)": high, "steps measured": epoch.measured}
        for what, (middle, low, high) in spans.items()
    ]
