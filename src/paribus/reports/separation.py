"""The page about why the accuracies of classes differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from paribus.analysis.classes import COUNTS, FEWEST
from paribus.records import wording
from paribus.records.wording import NONE, clean, count, percent
from paribus.reports.neighbours import share
from paribus.reports.page import Answer, Card, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.classes import Classes, ClassFigures, ClassSeeds, Confused, Correlation
    from paribus.evidence import Estimate

DOUBTFUL = 0.05  # p above which an order of classes is no finding
QUESTION = "Why is the network right more often about some classes than about others?"
MEASURE = (
    "Separation: mean silhouette of a class, 1 apart from all others, 0 on the border to the nearest one, below 0 "
    "among its examples (Rousseeuw, 1987).",
)
CAUTION = (
    "Rank correlation 1: the same order; 0: none; −1: the reverse; p: how often it would be as large if the classes "
    "were shuffled. It shows what goes along with accuracy over these few "
    "classes, not what would follow from a change: for that vary the data in a study."
)


def classes_page(record: Classes) -> Page:
    """Accuracy against separation, and the pairs that are confused."""
    from paribus.plots.classes import separation

    figure = Figure("classes-separation", separation(record), "Accuracy of each class against its separation.")
    sure = f"Brackets: {percent(record.confidence)} intervals over the examples."
    text = tuple(f"{clean(says)}." for says in record.says.values())
    first = Section(text=text, figure=figure, tables=(_table(record),), notes=(sure, *MEASURE, CAUTION))
    summary = f"{record.examples:,} examples of the {wording.SPLITS[record.split]} split."
    answers = (*_extremes(record), *_correlations(record.correlations), *_too_few(len(record.classes)))
    return Page("Analysis", "classes", QUESTION, answers, summary, sections=(first, *_pairs(record.pairs)))


def class_seeds_page(record: ClassSeeds) -> Page:
    """The same over the seeds of an arm."""
    from paribus.plots.classes import separation_of_seeds

    figure = Figure("class-seeds-separation", separation_of_seeds(record), "Accuracy of classes against separation.")
    spaces = tuple(record.separation)
    heads = ("class", "accuracy", *(f"separation, {clean(space)}" for space in spaces))
    rows = tuple(
        (clean(name), share(one), *(estimate(record.separation[space][name]) for space in spaces))
        for name, one in record.accuracy.items()
    )
    confused = tuple((clean(name), share(one)) for name, one in record.pairs.items())
    tables = (Table(heads, rows, "lr" + "r" * len(spaces)), Table(("taken for", "share of the class"), confused, "lr"))
    sure = (
        f"Brackets: {percent(record.confidence)} t intervals over {count(record.seeds, 'seed')}, as if only other "
        "seeds had been drawn."
    )
    text = tuple(f"{clean(says)}." for says in record.says.values())
    first = Section(text=text, figure=figure, tables=tables, notes=(sure, *MEASURE, CAUTION))
    answers = tuple(_correlations(record.correlations))
    return Page("Analysis", "class-seeds", QUESTION, answers, sections=(first, *_pairs(record.shown)))


def estimate(one: Correlation | Estimate) -> str:
    """A value with its interval: ``0.25 [0.20, 0.31]``."""
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]".replace("-", "−")


def _extremes(record: Classes) -> Iterator[Answer]:
    for title, one in (("best", record.classes[0]), ("worst", record.classes[-1])):
        taken = f"most often taken for {clean(one.taken_for)} ({one.taken})" if one.taken_for else ""
        yield Answer(f"{title}: {clean(one.name)}", share(one.accuracy), beside=taken)


def _correlations(found: Mapping[str, Correlation]) -> Iterator[Answer]:
    for what, one in found.items():
        about = what if what == COUNTS else f"separation, {clean(what)}"
        yield Answer(f"accuracy and {about}", f"rank correlation {estimate(one)}", beside=_reading(one))


def _too_few(classes: int) -> Iterator[Answer]:
    if classes < FEWEST:
        yield Answer("accuracy and separation", f"cannot be told of {classes} classes: {FEWEST} are needed")


def _reading(one: Correlation) -> str:
    """What may be said of it with so few classes."""
    p = f"p {wording.probability(one.p)} over the classes"
    if one.p > DOUBTFUL or one.low <= 0 <= one.high:
        return f"open: {p}"
    return f"{'they rise together' if one.value > 0 else 'one falls as the other rises'}: {p}"


def _table(record: Classes) -> Table:
    spaces = tuple(record.says)
    heads = (
        "class", "accuracy", "examples", "training examples",
        *(f"separation, {clean(space)} (nearest)" for space in spaces), "taken for",
    )  # fmt: skip
    rows = tuple(_row(one, spaces) for one in record.classes)
    return Table(heads, rows, "lrrr" + "r" * len(spaces) + "l", data=lambda: list(map(_plain, record.classes)))


def _row(one: ClassFigures, spaces: Iterable[str]) -> tuple[str, ...]:
    taken = f"{clean(one.taken_for)} ({one.taken})" if one.taken_for else NONE
    where = (f"{one.separation[space]:.3f} ".replace("-", "−") + f"({clean(one.nearest[space])})" for space in spaces)
    return clean(one.name), share(one.accuracy), f"{one.examples:,}", f"{one.training:,}", *where, taken


def _plain(one: ClassFigures) -> dict[str, object]:
    return {
        "class": one.name,
        "accuracy": one.accuracy.value,
        "low": one.accuracy.low,
        "high": one.accuracy.high,
        "examples": one.examples,
        "training examples": one.training,
        **{f"separation, {space}": value for space, value in one.separation.items()},
        "taken for": one.taken_for,
    }


def _pairs(pairs: Iterable[Confused]) -> Iterator[Section]:
    """The pairs that are confused, each with mistakes beside the examples that they are nearest to."""
    for place, pair in enumerate(pairs):
        if not place:
            yield Section(
                "Confused pairs",
                ("Left: the mistake; right: the example of the other class that is nearest to it in the network.",),
            )
        title = f"{clean(pair.truth)} taken for {clean(pair.said)}"
        text = f"{pair.count} of {count(pair.of, 'example')}."
        cards = tuple(
            Card(
                tuple(filter(None, (one.picture, one.other_picture))),
                (f"example {one.row}, and example {one.other_row}",),
                "worse",
            )
            for one in pair.mistakes
        )
        yield Section(title, (text,), cards=cards, level=3)
