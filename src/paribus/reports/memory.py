"""Who holds what in a training step, as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paribus.records.wording import clean, count
from paribus.reports.page import Figure, Page, Row, Section, Table
from paribus.theory.layers.text import amount

if TYPE_CHECKING:
    from paribus.analysis.memory import StepMemory, Way

CHECKPOINTING = (
    "checkpointing keeps the ends of √n segments of a chain of n layers and computes the rest again when it is needed "
    "(Chen et al., 2016): about 2√n results instead of n"
)
SECONDS = "seconds: the median over a few steps in turn with plain ones, and the ends; on a busy machine worth little"


def memory_page(record: StepMemory) -> Page:
    """Who holds what, and what would save some."""
    from paribus.plots.memory import by_layer, over_step

    whole = record.resident + record.peak.total
    batch, kept = count(record.batch, "example"), amount(record.resident)
    peak = f"a step on {batch} holds {amount(whole)} at most, in its {record.peak.phase} pass; {kept} stay behind it"
    how = f"on {record.device} in {record.precision}; tensors are counted for as long as they live, views once"
    inside = "what operations take within themselves is not seen"
    told = inside if record.allocator is None else f"the allocator's own peak: {amount(record.allocator)} beyond that"
    over = Figure("memory-step", over_step(record), "Bytes by kind over the operations of a step.")
    within = Figure("memory-layers", by_layer(record), "Bytes by kind of each layer.")
    sections = [
        Section("over the step", figure=over, tables=(_kinds(record),), notes=(how, told)),
        Section("by layer", figure=within, tables=(_layers(record),), notes=_layer_notes(record)),
    ]
    if record.ways:
        sections.append(_ways(record))
    return Page("Analysis", "memory", "Who holds what in a training step?", sections=tuple(sections), summary=peak)


def _kinds(record: StepMemory) -> Table:
    rows = tuple((one.what, one.rule, _known(one.predicted), _known(one.measured)) for one in record.kinds)
    temporary = max(moment.temporary for moment in record.moments)
    rest = ("temporary, at most", "results and gradients on their way", "–", amount(temporary))
    return Table(("held by a step", "rule", "predicted", "measured"), (*rows, rest), "llrr")


def _known(size: int | None) -> str:
    return "not known" if size is None else amount(size)


def _layers(record: StepMemory) -> Table:
    heads = ("layer", "activations predicted", "measured", "parameters", "gradients", "optimizer state")
    rows = tuple(
        (
            clean(one.path),
            _known(one.predicted),
            *map(amount, (one.activations, one.parameters, one.gradients, one.state)),
        )
        for one in record.layers
    )
    return Table(heads, rows, "lrrrrr", data=lambda: _layer_data(record))


def _layer_data(record: StepMemory) -> list[Row]:
    return [
        {f"{name} (bytes)" if name != "path" else name: it for name, it in vars(one).items()} for one in record.layers
    ]


def _layer_notes(record: StepMemory) -> tuple[str, ...]:
    lacking = (f"not predicted: the layers cannot be followed: {clean(record.problem)}",) if record.problem else ()
    return (*lacking, "what several layers need is counted at the first; predicted in float32")


def _ways(record: StepMemory) -> Section:
    """What the other ways save, and what they cost."""
    plain, *_ = record.ways
    heads = ("way", "peak beyond what stays", "saves", "time of a step", "largest difference of a gradient")
    rows = tuple(
        (
            one.name,
            amount(one.peak),
            "–" if one is plain else _saved(plain.peak - one.peak),
            "1" if one is plain else f"× {one.slower[0]:.2f} ({one.slower[1]:.2f} – {one.slower[2]:.2f})",
            "–" if one is plain else _apart(one),
        )
        for one in record.ways
    )
    divided = ", ".join(
        f"{clean(path) or 'the network'}: {layers} layers in {parts} segments"
        for path, (layers, parts) in record.divided.items()
    )
    chain = (
        f"{CHECKPOINTING}; here {divided}" if divided else "no chain of three layers or more, which checkpoints divide"
    )
    pieces = "accumulation takes a batch in pieces: sums are rounded otherwise, and batch norm sees the pieces"
    return Section("what would save some", tables=(Table(heads, rows, "lrrrr"),), notes=(chain, pieces, SECONDS))


def _saved(size: int) -> str:
    return amount(size) if size > 0 else "nothing"


def _apart(way: Way) -> str:
    return "none: equal to the last bit" if way.difference == 0 else f"{way.difference:.1e} of the largest"
