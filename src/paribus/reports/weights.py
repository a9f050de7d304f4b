"""What weights look like, as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records.wording import clean, count
from paribus.reports.page import Answer, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.weights import Matrix, Weights

PENALTY = (
    "L1 or L2 is read from the zeros: an L1 leaves about as many exact zeros as other weights near 0, an L2 none. "
    "An L1 that is too weak to shape the weights leaves none either."
)
WORDS = {"L1": "L1", "L2": "L2 or none", "undecided": "undecided"}
RANK = "stable rank: ‖W‖² / σ₁², the number of directions that a layer really uses; at most its smaller side"


def weights_page(record: Weights) -> Page:
    """Norms, spectra, zeros, dead units."""
    from paribus.plots.weights import histograms, spectra

    answers = (_penalty(record), _dead(record))
    drawn = Figure("weights-histograms", histograms(record), "A histogram of the weights of each layer.")
    values = Figure("weights-spectra", spectra(record), "The singular values of each layer.")
    notes = (RANK, PENALTY, f"the recipe has {record.penalised}")
    sections = [
        Section("weights", figure=drawn, tables=(_matrices(record),), notes=notes),
        Section("spectra", figure=values),
        *_scales(record),
        _units(record),
    ]
    return Page("Analysis", "weights", "What do the weights look like?", answers, sections=tuple(sections))


def _penalty(record: Weights) -> Answer:
    """What all layers say together."""
    words = [one.penalty.word for one in record.matrices if one.penalty is not None]
    said = ", ".join(f"{WORDS[word]} in {words.count(word)}" for word in dict.fromkeys(words))
    zeros = sum(one.zeros * _numbers(one) for one in record.matrices) / sum(map(_numbers, record.matrices))
    finding = f"{said} of {count(len(words), 'layer')}; {100 * zeros:.1f} % of all weights are exactly 0"
    return Answer("L1 or L2", finding)


def _numbers(one: Matrix) -> int:
    size = 1
    for side in one.shape:
        size *= side
    return size


def _dead(record: Weights) -> Answer:
    if not record.units:
        others = ", ".join(record.activations)
        why = f"the activations are {others}, no ReLU" if others else "there is no activation module"
        return Answer("dead units", f"cannot be checked: {why}")
    dead, units = sum(one.dead for one in record.units), sum(one.units for one in record.units)
    return Answer("dead units", f"{dead} of {units:,} ReLU units never fire on {count(record.examples, 'example')}")


def _matrices(record: Weights) -> Table:
    heads = ("weight", "shape", "‖W‖", "σ₁", "stable rank", "zeros", "dead rows", "dead columns", "L1 or L2")
    rows = tuple(
        (
            clean(one.name),
            " × ".join(map(str, one.shape)),
            f"{one.norm:.3g}",
            f"{one.singular[0]:.3g}",
            f"{one.stable_rank:.3g}",
            f"{one.zeros:.1%}",
            str(one.dead_rows),
            str(one.dead_columns),
            _word(one),
        )
        for one in record.matrices
    )
    return Table(heads, rows, "llrrrrrrl")


def _word(one: Matrix) -> str:
    if one.penalty is None:
        return "nothing is left"
    lean = f", rather {one.penalty.leaning}" if one.penalty.leaning else ""
    return f"{WORDS[one.penalty.word]}{lean}"


def _scales(record: Weights) -> Iterator[Section]:
    if not record.scales:
        return
    rows = tuple(
        (
            clean(one.name),
            f"{one.least:.3g}",
            f"{one.middle:.3g}",
            f"{one.largest:.3g}",
            f"{one.small} of {one.channels}",
        )
        for one in record.scales
    )
    heads = ("norm", "least |γ|", "median", "largest", "below a hundredth of it")
    yield Section("scales of norms", tables=(Table(heads, rows, "lrrrr"),))


def _units(record: Weights) -> Section:
    note = (
        f"on {count(record.examples, 'example')} of the {record.split} split; functions without a module are not seen"
    )
    if not record.units:
        return Section("units", ("There is no ReLU module whose units could be watched.",), notes=(note,))
    rows = tuple((clean(one.name), str(one.units), str(one.dead), f"{one.zero:.1%}") for one in record.units)
    heads = ("ReLU layer", "units", "never fire", "mean share of zeros")
    return Section("units", tables=(Table(heads, rows, "lrrr"),), notes=(note,))
