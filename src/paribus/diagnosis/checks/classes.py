"""Single classes: of hardly any examples, and under two names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import median

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.checks.fitting import few
from paribus.diagnosis.finding import Finding, Severity, Trace
from paribus.diagnosis.record import Record
from paribus.records.signals import cohen

UNRELATED = 0.1  # κ of neighbours' targets that have nothing to do with their inputs
APART, ALONE = 0.5, 0.3  # κ of two classes that can be told apart; by how much less than any others' it must be
COMPARED = 8  # examples of a class of which neighbours tell something
LEAST_CLASSES = 3  # that tell what is usual
RARE = 0.2  # of the middle class: a class with fewer examples is rare
MISSED = 0.5  # of the recall of the middle class
LESS = 0.85  # of it, where nothing weighs rare classes up
NEVER = 0.15  # recall of a class that is as good as never named
SHARED = 0.25  # how far two recalls may be from summing to one that is shared

Recalls = Sequence[tuple[float, str]]  # with the names of the classes, the worst first


def thinned(case: Case) -> Iterator[Finding]:
    """A class that is rare and not recognised."""
    record = case.record
    counts = [float(count) for count in record.info.get("class_counts") or ()]
    if len(counts) < 2 or record.option("training.sampling", "all") != "all":
        return
    recalls = _recalls(record)
    rare = [at for at, count in enumerate(counts) if count < RARE * median(counts)]
    names = [str(name) for name in record.info.get("classes") or ()]
    least = MISSED if record.option("task.class_weights", "none") != "none" else LESS
    missed = [at for at in rare if at < len(names) and _missed(recalls, names[at], least)]
    if not missed:
        return
    severity: Severity = "fault" if len(missed) <= max(1, len(counts) / 3) else "warning"
    yield Finding(
        "class-thinned",
        f"{names[missed[0]]} has {counts[missed[0]]:.0f} training examples where the middle class has "
        f"{median(counts):.0f}, and is recognised in {100 * recalls.get(names[missed[0]], 0.0):.0f} % of all cases.",
        {
            "examples": counts[missed[0]],
            "of the middle class": median(counts),
            "recall": recalls.get(names[missed[0]], 0.0),
        },
        {"training.sampling": "balanced"},
        "Or task.class_weights=balanced; more examples of it are better than either.",
        severity,
        trace=Trace(
            "recall by training examples",
            "training examples",
            "recall",
            {"classes": sorted((counts[at], recalls[name]) for at, name in enumerate(names) if name in recalls)},
        ),
    )


def twice(case: Case) -> Iterator[Finding]:
    """Two classes whose examples lie among each other; where that was not recorded, that share one recall."""
    record = case.record
    recalls = sorted((value, name) for name, value in _recalls(record).items())
    if len(recalls) < LEAST_CLASSES or few(record):
        return
    if record.start is not None and record.start.neighbours:
        yield from _mixed(case, recalls)
    else:
        yield from _sharing(record, recalls)


def _mixed(case: Case, recalls: Recalls) -> Iterator[Finding]:
    """By their nearest neighbours: of inputs that are not scaled these are neighbours in the widest columns alone."""
    found = sorted(pairs(case.record))
    scaled = not case.above("widest_input") and not case.below("input_deviation")
    if not found or found[0][0] > UNRELATED or (len(found) > 1 and found[1][0] - found[0][0] < ALONE):
        return
    (kappa, error, *both), values = found[0], {name: value for value, name in recalls}
    if kappa + 2 * error > APART:
        return
    one, other = sorted(both, key=lambda name: values.get(name, 0.0))
    yield _twice(
        (one, other),
        f"Examples of {one} and {other} lie among each other: whether the nearest neighbour of one is of the same "
        f"class is chance (κ = {kappa:.2f} ± {error:.2f}), where other classes can be told apart.",
        recalls,
        values.get(one, 0.0) < LESS * median(values.values()),
        given=scaled,
    )


def pairs(record: Record) -> Iterator[tuple[float, float, str, str]]:
    """κ of each two classes over examples whose neighbour is one of the two, its error by chance, and their names."""
    assert record.start is not None
    rows = record.start.neighbours
    names = [str(name) for name in record.info.get("classes") or ()]
    for one, other in combinations(range(min(len(names), len(rows))), 2):
        table = [[rows[str(a)][b] for b in (one, other)] for a in (one, other)]
        if min(map(sum, table)) >= COMPARED:
            yield *cohen(table), names[one], names[other]


def _sharing(record: Record, recalls: Recalls) -> Iterator[Finding]:
    """By how often they are recognised."""
    if len(recalls) < LEAST_CLASSES + 1:
        return
    (first, one), (second, other), (third, _) = recalls[:3]
    middle = median(value for value, _ in recalls[2:])
    shared = third >= 0.75 * middle and abs(first + second - middle) <= SHARED * middle and second <= LESS * third
    never = first < NEVER and second >= 0.75 * middle and not _rare(record, one)
    if middle < 0.3 or not (shared or never):
        return
    says = (
        f"{one} and {other} are recognised in {100 * first:.0f} and {100 * second:.0f} % of all cases, together about "
        f"as often as any other class is alone ({100 * middle:.0f} %): as if they were one class with two labels."
        if shared
        else f"{one} is recognised in {100 * first:.0f} % of all cases, though it is not rare, and all others are "
        "well: as if its examples were those of another class."
    )
    yield _twice((one, other), says, recalls, middle > 0.6 and first < 0.6 * middle)


def _twice(pair: tuple[str, str], says: str, recalls: Recalls, harmful: bool, given: bool = False) -> Finding:
    values = {name: value for value, name in recalls}
    return Finding(
        "class-twice",
        says,
        {
            **{f"recall of {name}": values[name] for name in pair if name in values},
            "recall of the middle class": median(values.values()),
        },
        advice="Look at the confusions of the two, and at their examples: paribus report.",
        severity="fault" if harmful else "warning",
        given=given,
        trace=Trace(
            "recall",
            "class, from the worst",
            "recall",
            {"recall": [(float(at), value) for at, (value, _) in enumerate(recalls, 1)]},
        ),
    )


def scarce(record: Record) -> bool:
    """Whether some class is so rare that the loss of training's frequencies says nothing of other examples."""
    counts = [float(count) for count in record.info.get("class_counts") or ()]
    return bool(counts) and min(counts) < RARE * median(counts)


def _rare(record: Record, name: str) -> bool:
    """Whether a class has few training examples, or nobody knows how many."""
    names = [str(it) for it in record.info.get("classes") or ()]
    counts = [float(count) for count in record.info.get("class_counts") or ()]
    return name not in names or not counts or counts[names.index(name)] < RARE * median(counts)


def _recalls(record: Record) -> dict[str, float]:
    start = "val/recall/"
    figures = record.figures.items()
    return {name.removeprefix(start): value for name, value in figures if name.startswith(start) and value is not None}


def _missed(recalls: dict[str, float], name: str, least: float) -> bool:
    return name in recalls and recalls[name] < least * median(recalls.values())


CHECKS = (
    Check("a class with hardly any examples", thinned, applies=lambda record: bool(record.classes)),
    Check("a class under two labels", twice, applies=lambda record: record.classifies),
)
