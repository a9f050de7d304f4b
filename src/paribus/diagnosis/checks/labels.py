"""Labels: that are wrong, or belong to other inputs; classes under two names, and of hardly any examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import median

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.checks.fitting import COURSE, few, rated, strong
from paribus.diagnosis.finding import Finding, Severity, Trace
from paribus.diagnosis.measures import entropy
from paribus.diagnosis.record import Record
from paribus.records.signals import cohen

AS_GUESSED = 0.25  # of what guessing leaves
UNRELATED, RELATED = 0.1, 0.2  # κ of neighbours' targets: of what has nothing to do with its inputs, and of what has
AGREED = 0.9  # κ of neighbours that rules out more than one wrong label in twenty
APART, ALONE = 0.5, 0.3  # κ of two classes that can be told apart; by how much less than any others' it must be
PROBABLE = 0.99  # share of outputs that are probabilities
SURE, FAR = 3.0, 4.0  # standard errors; of the farthest of many
AT_REST = 0.8, 1.1  # the last training loss over that of the frequencies, where nothing is learned
STILL = ("most_update", "gradient_span", "middle_gain", "first_spread", "usual_rate", "shrinkage")
"""Figures that are as in healthy runs where only the labels are at fault."""
COMPARED = 8  # examples of a class of which neighbours tell something
LEAST_CLASSES = 3  # that tell what is usual
RARE = 0.2  # of the middle class: a class with fewer examples is rare
MISSED = 0.5  # of the recall of the middle class
LESS = 0.85  # of it, where nothing weighs rare classes up
NEVER = 0.15  # recall of a class that is as good as never named
SHARED = 0.25  # how far two recalls may be from summing to one that is shared

Recalls = Sequence[tuple[float, str]]  # with the names of the classes, the worst first


def permuted(case: Case) -> Iterator[Finding]:
    """Nothing to be learned, though steps and gradients are sound."""
    record = case.record
    r2 = record.figures.get("val/r2")
    if _unrelated(case) and (case.behind or (r2 is not None and r2 < AS_GUESSED)) and not _noise(case):
        says = (
            f"An example's nearest neighbour tells its target no better than chance does ({_kappa(case)}), and what "
            "was learned tells it hardly better."
        )
        yield _permuted(case, says, case.evidence("agreement", "achieved", "fit"), given=True)
        return
    if _untold(case):
        says = (
            "Steps and gradients are sound, units alive, and yet training examples are answered as if by frequencies."
        )
        yield _permuted(case, says, case.evidence("achieved", "fit", "most_update", "dead_at_end"))
        return
    base, losses = entropy(record), record.values("val/loss")
    if base is None or not losses or not case["achieved"] < AS_GUESSED or record.diverged:
        return
    if _related(case) or few(record):
        return
    learned = record.values("train/loss")[-1] < 0.9 * base if record.values("train/loss") else False
    worse = losses[-1] > 0.98 * base
    if not (learned and worse) or case.above("mode_gap"):
        return
    says = (
        "Training examples are learned by heart, and others are answered no better than by guessing: their loss is "
        f"{losses[-1]:.3g}, and that of the frequencies {base:.3g}."
    )
    yield _permuted(case, says, {**case.evidence("achieved", "fit", "rise"), "loss of the frequencies": base})


def _permuted(case: Case, says: str, evidence: dict[str, float | str], given: bool = False) -> Finding:
    return Finding(
        "labels-permuted",
        says,
        evidence,
        advice="Look at a few examples with their labels, and at how files and labels are put together.",
        given=given,
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _noise(case: Case) -> bool:
    """Whether inputs are rather like noise: of them neighbours tell nothing, either."""
    return case.high("nearness") or case.above("rough")


def _unrelated(case: Case) -> bool:
    """Whether neighbours were compared, and agree as if by chance: of no two classes less often."""
    rarely = any(kappa < -FAR * error for kappa, error, *_ in _pairs(case.record)) if case.record.start else False
    return case["agreement"] < min(UNRELATED, SURE * case["agreement_error"]) and not rarely


def _related(case: Case) -> bool:
    """Whether neighbours agree far more often than chance would have them."""
    return case["agreement"] > max(RELATED, SURE * case["agreement_error"])


def _untold(case: Case) -> bool:
    """Whether, where neighbours were not compared, nothing is learned and no other reason for it can be seen."""
    record = case.record
    odd = any(case.below(name) or case.above(name) for name in STILL) or case.above("dead_at_end")
    rests = AT_REST[0] < case["fit"] < AT_REST[1] and case["achieved"] < AS_GUESSED and not case.above("unfinished")
    seen = record.start is not None and "kappa" not in record.start.agreement
    return seen and rests and not odd and len(record.rows) >= COURSE and not strong(record) and not record.stopped


def _kappa(case: Case) -> str:
    return f"κ = {case['agreement']:.2f} ± {case['agreement_error']:.2f}"


def wrong_labels(case: Case) -> Iterator[Finding]:
    """Errors that are spread evenly, as wrong labels are."""
    record = case.record
    early = len(record.rows) < COURSE or case.above("unfinished")
    agree = case["agreement"] > AGREED  # a share of wrong labels takes twice as much of it
    if strong(record) or agree or few(record) or early or case.poor or case["simplex"] > PROBABLE:
        return
    if not case.above("confusion_loss") and not (case.high("confusion_loss") and _behind(case)):
        return
    best = min((row for row in record.rows if row.get("val/loss") is not None), key=lambda row: row["val/loss"])
    yield Finding(
        "labels-wrong",
        f"At its best epoch, {best['epoch']}, {100 * best['val/accuracy']:.1f} % are right, and the loss of "
        f"{best['val/loss']:.3g} is that of mistakes which are spread evenly over all examples and "
        "classes, as of wrong labels, or of classes that overlap.",
        case.evidence("confusion_loss", "gap", "rise"),
        {} if record.option("training.agreeing") else {"training.agreeing": 10},
        "Look for them: paribus analyse errors lists suspected wrong labels. Label smoothing lessens the harm.",
        severity="fault" if _behind(case) else "warning",  # where classes overlap others are answered no better
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _behind(case: Case) -> bool:
    """Whether training examples are answered worse than others, though nothing makes them harder."""
    record = case.record
    harder = record.option("augment") or record.option("model.dropout") or record.option("model.conv_dropout")
    return case.low("gap") and not harder


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
        yield from _mixed(record, recalls)
    else:
        yield from _sharing(record, recalls)


def _mixed(record: Record, recalls: Recalls) -> Iterator[Finding]:
    """By their nearest neighbours."""
    pairs = sorted(_pairs(record))
    if not pairs or pairs[0][0] > UNRELATED or (len(pairs) > 1 and pairs[1][0] - pairs[0][0] < ALONE):
        return
    (kappa, error, *both), values = pairs[0], {name: value for value, name in recalls}
    if kappa + 2 * error > APART:
        return
    one, other = sorted(both, key=lambda name: values.get(name, 0.0))
    yield _twice(
        (one, other),
        f"Examples of {one} and {other} lie among each other: whether the nearest neighbour of one is of the same "
        f"class is chance (κ = {kappa:.2f} ± {error:.2f}), where other classes can be told apart.",
        recalls,
        values.get(one, 0.0) < LESS * median(values.values()),
        given=True,
    )


def _pairs(record: Record) -> Iterator[tuple[float, float, str, str]]:
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


def answered(record: Record) -> bool:
    """Whether answers can be counted right, or told from the mean of all."""
    return rated(record) or record.figures.get("val/r2") is not None


CHECKS = (
    Check("labels that do not belong to their inputs", permuted, applies=answered),
    Check("labels that are wrong", wrong_labels, applies=lambda record: record.classifies),
    Check("a class with hardly any examples", thinned, applies=lambda record: bool(record.classes)),
    Check("a class under two labels", twice, applies=lambda record: record.classifies),
)
