"""The learning-rate range test as a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from paribus.records.wording import clean, count
from paribus.reports.page import Answer, Figure, Page, Row, Section, Table

if TYPE_CHECKING:
    from paribus.training.finder import RateRange

TONES = {"right": "better", "too low": "worse", "too high": "worse"}
CRITERION = (
    "The loss begins to fall where a tenth of its whole fall is done, and ceases to where it has lost a tenth of it "
    "again: the ends of the range that Smith (2017, section 3.3) takes. Too high is a rate above it; too low one more "
    "than ten times below it, since a training stays far longer at its rate than the test does."
)
EDGE = (
    "2/λmax is exact on a quadratic. Training moves λmax: with full batches it tends to rise until it stands at the "
    "limit, and training goes on there (Cohen et al., 2021); batch noise lowers the rates that are stable."
)


def rates_page(record: RateRange) -> Page:
    """Which learning rates suit a recipe, and whether its own does."""
    from paribus.plots.rates import rates

    low, high = record.low, record.high
    alt = f"The loss over the learning rate, {count(len(record.sweeps), 'test')}."
    section = Section(
        "range test",
        figure=Figure("learning-rate", rates(record), alt),
        tables=(_tests(record),),
        notes=(CRITERION, "nothing was kept: each test trains a fresh network, and throws it away"),
    )
    data = {"rate": record.rate, "verdict": record.verdict, "low": low, "high": high}
    return Page(
        "Learning rate",
        clean(record.recipe),
        f"Is {record.rate:g} a learning rate for {record.optimizer} that suits this recipe?",
        (_answer(record),),
        sections=(section, _curvature(record)),
        data={**data, "suggestion": record.suggestion},
    )


def _answer(record: RateRange) -> Answer:
    said = [one.says(record.rate) for one in record.sweeps]
    among = ", ".join(f"{word} in {said.count(word)}" for word in dict.fromkeys(said))
    sure = f"{among} of {count(len(said), 'test')}" if record.verdict == "undecided" else count(len(said), "test")
    if record.suggestion is None:
        finding = "the loss falls at no rate by more than its noise"
    else:
        finding = f"worth using: {record.low:.1e} … {record.high:.1e}; in the middle {record.suggestion:.1e}"
    return Answer(f"learning rate {record.rate:g}", finding, record.verdict, TONES.get(record.verdict, ""), sure)


def _tests(record: RateRange) -> Table:
    heads = ("seed", "begins to fall", "ceases to", "least loss", "steps", f"{record.rate:g} is")
    rows = tuple(
        (
            str(one.seed),
            _rate(one.low),
            _rate(one.high),
            f"{min(one.smooth):.4g}" if one.smooth else "–",
            f"{len(one.rates)}, then it ran away" if one.ran_away else str(len(one.rates)),
            one.says(record.rate),
        )
        for one in record.sweeps
    )
    return Table(heads, rows, "rrrrll", data=lambda: _data(record))


def _data(record: RateRange) -> list[Row]:
    """The figures as they were computed."""
    return [
        {
            "seed": one.seed,
            "low": one.low,
            "high": one.high,
            "steps": len(one.rates),
            "ran away": one.ran_away,
            "verdict": one.says(record.rate),
        }
        for one in record.sweeps
    ]


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1e}"


def _curvature(record: RateRange) -> Section:
    """The limit that the curvature of the loss sets."""
    found = record.curvature
    if found is None or record.limit is None:
        return Section("curvature", (f"λmax was not measured: {clean(record.problem)}",))
    limit = "none" if math.isinf(record.limit) else f"{record.limit:.3g}"
    heads = ("largest curvature λmax", "error at most", "products", "limit of the learning rate")
    row = (f"{found.value:.4g}", f"{found.error:.1g}", str(found.products), limit)
    whose = f"of the loss of {count(record.examples, 'training example')} at the initial weights of the first seed"
    applies = "" if record.applies else f"; {record.optimizer} scales its steps, so the limit is not its own"
    table = Table(heads, (row,), "rrrr")
    note = f"{whose}, penalties aside, by power iteration on Hessian-vector products{applies}"
    return Section("curvature", tables=(table,), notes=(note, EDGE))
