"""The page of the analysis ``errors``: confusions, classes, ranks, calibration, costs, suspected labels, examples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.plots.errors import ranks, reliability
from paribus.records import wording
from paribus.records.metric import LOSS
from paribus.records.wording import clean, count, percent
from paribus.reports.examples import confusions, extremes, share
from paribus.reports.page import Answer, Card, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.errors.calibration import Calibration, Temperature
    from paribus.analysis.errors.costs import Costs, Decisions
    from paribus.analysis.errors.errors import Errors
    from paribus.analysis.errors.labels import Labels
    from paribus.analysis.examples import Example, Examples
    from paribus.evidence import Estimate, Interval
    from paribus.evidence.detection import Cheapest, Detections

PAIRS = 10  # classes that labels seem to be mixed up between


def errors_page(record: Errors) -> Page:
    """Where a network errs."""
    seen = record.examples
    whole = "" if seen.looked == seen.of else f"the first {seen.looked:,} of "
    said = f"Looked at {whole}{seen.of:,} {wording.SPLITS[seen.split]} examples{_in_short(seen)}."
    said += f" The error of an example is: {seen.figure}."
    sections = (*confusions(seen, record.classes), *_of_shares(record), *extremes(seen), *_unchecked(record))
    return Page("Analysis", "errors", "Where is it right, and where is it wrong?", summary=said, sections=sections)


def _in_short(seen: Examples) -> str:
    """How many are right, and which class is most often taken for which."""
    total, right = sum(map(sum, seen.confusion)), sum(row[place] for place, row in enumerate(seen.confusion))
    if not total:
        return ""
    of = "" if total == seen.looked else f" of {total:,} {seen.unit}"
    said = f": right about {right:,}{of} ({share(right / total)})"
    wrong = {
        (true, taken): number
        for true, row in enumerate(seen.confusion)
        for taken, number in enumerate(row)
        if true != taken and number
    }
    if not wrong:
        return said
    true, taken = max(wrong, key=lambda pair: wrong[pair])
    names = [clean(seen.classes[place]) for place in (true, taken)]
    return f"{said}; most often {names[0]} is taken for {names[1]} ({wrong[true, taken]:,})"


def _of_shares(record: Errors) -> Iterator[Section]:
    """What probabilities tell."""
    if record.ranks is not None:
        yield _ranks(record.ranks, record)
    if record.calibration is not None:
        yield _calibration(record.calibration, record.examples.looked)
    if record.costs is not None:
        yield _costs(record.costs)
    if record.labels is not None:
        yield _labels(record.labels, record)


def _unchecked(record: Errors) -> Iterator[Section]:
    if record.unchecked:
        yield Section("Not checked", notes=tuple(f"{one[0].upper()}{one[1:]}." for one in record.unchecked))


def _ranks(found: Detections, record: Errors) -> Section:
    names, sure = [clean(one.name) for one in record.classes], percent(record.confidence)
    heads = ("class", "examples", "AUROC", f"{sure} interval", "average precision", f"{sure} interval")
    rows = [
        (name, f"{one.positives:,}", *_both(one.auroc), *_both(one.ap))
        for name, one in zip(names, found.classes, strict=True)
    ]
    rows.append(("mean of the classes", "", *_both(found.macro_auroc), *_both(found.macro_ap)))
    alt = "ROC curves, and precision over recall, of each class against the rest."
    notes = (
        "Each class against the rest. A blind network has an AUROC of 0.5, an average precision of the class's share.",
        f"Intervals are over the examples ({found.draws:,} bootstrap draws): how sure they are of this network. "
        "A class that is ranked without a mistake has no bootstrap interval: its AUROC has that of disjoint pairs, its "
        "average precision none.",
    )
    figure = Figure("roc", ranks(names, found.classes), alt)
    return Section(
        "ROC and precision–recall", figure=figure, tables=(Table(heads, tuple(rows), "lrrrrr"),), notes=notes
    )


def _both(one: Interval | None) -> tuple[str, str]:
    """A value, and its interval; none where that may be anything."""
    if one is None:
        return wording.NONE, wording.NONE
    known = (one.low, one.high) != (0, 1)
    return f"{one.value:.3f}", f"[{one.low:.3f}, {one.high:.3f}]" if known else wording.NONE


def _calibration(found: Calibration, n: int) -> Section:
    rows = [
        ("expected calibration error (ECE)", share(found.ece)),
        (f"… of true probabilities, on {n:,} examples", share(found.if_calibrated)),
        ("root mean squared error of calibration, without bias", share(found.rms)),
    ]
    tables = [Table(("figure", "value"), tuple(rows), "lr")]
    notes = [
        "ECE is too large of few examples: chance moves the hits of a bin away from its confidence, and distances have "
        "no sign. The second line is what it would be if the probabilities were true.",
        "Without bias: pairs of different examples of a bin, in place of squares (Kumar, Liang & Ma, 2019).",
    ]
    answers = []
    if found.temperature is not None:
        tables.append(_temperature(found.temperature))
        answers.append(_gain(found.temperature))
        notes.append(
            "The temperature of each half was fitted on the other one. It changes no answer, only how sure it is."
        )
    figure = Figure("reliability", reliability(found), "Share of right answers over the probability of the answer.")
    return Section("Calibration", figure=figure, tables=tuple(tables), answers=tuple(answers), notes=tuple(notes))


def _temperature(found: Temperature) -> Table:
    heads = ("probabilities", "temperature", "loss", "Brier score", "ECE", "error without bias")
    rows = tuple(
        (name, at, f"{one.loss:.4f}", f"{one.brier:.4f}", share(one.ece), share(one.rms))
        for name, at, one in (
            ("as they are", "1", found.before),
            ("scaled", " and ".join(f"{half:.3g}" for half in found.halves), found.after),
        )
    )
    return Table(heads, rows, "lrrrrr")


def _gain(found: Temperature) -> Answer:
    verdict = _verdict(found.gain)
    sure = "too sure" if found.value > 1 else "not sure enough"
    finding = f"{wording.difference(LOSS, -found.gain.value)} {_turned(found.gain)}"
    said = f"the network is {sure}: temperature {found.value:.3g}" if verdict == "better" else ""
    return Answer("loss: scaled − as it is", finding, verdict, verdict, said)


def _verdict(gain: Estimate) -> str:
    """Whether something gains, over the examples."""
    return "undecided" if gain.low <= 0 <= gain.high else "better" if gain.value > 0 else "worse"


def _turned(gain: Estimate) -> str:
    """The interval of −gain."""
    return f"[{-gain.high:+.3g}, {-gain.low:+.3g}]".replace("-", "−").replace("+", "")


def _costs(found: Costs) -> Section:
    title = f"What mistakes cost: {clean(found.asked)}"
    if found.decisions is not None:
        return _decisions(title, found.decisions)
    heads = ("class", "cut", "if calibrated", "cost", "cost at 0.5", "saved")
    rows = tuple((clean(name), *_cheapest(one)) for name, one in found.cuts.items())
    notes = (
        "Above its cut a class is said, against the rest: of all cuts the one that costs least, found by trying each.",
        "Cost of an example: the cut is chosen on one half of the examples and paid for on the other, both ways; on "
        "those that it was chosen on it looks too good. If calibrated: the best cut where probabilities are true.",
    )
    return Section(title, tables=(Table(heads, rows, "l" + "r" * 5),), notes=notes)


def _cheapest(one: Cheapest) -> tuple[str, ...]:
    cut = f"{_cut(one.threshold)} [{_cut(one.low)}, {_cut(one.high)}]"
    cost, usual, saved = (f"{some.value:.2g}".replace("-", "−") for some in (one.cost, one.usual, one.saved))
    return cut, f"{one.fair:.2g}", f"{cost} {_ends(one.cost, 2)}", usual, f"{saved} {_ends(one.saved, 2)}"


def _cut(threshold: float) -> str:
    if math.isinf(threshold):
        return "never" if threshold > 0 else "always"
    short = f"{threshold:.3g}"
    return f"{threshold:.6g}" if short == "1" else short  # nobody is surer than 1


def _ends(one: Estimate, digits: int = 3) -> str:
    return f"[{one.low:.{digits}g}, {one.high:.{digits}g}]".replace("-", "−")


def _decisions(title: str, found: Decisions) -> Section:
    rows = tuple(
        (name, f"{one.value:.4g}".replace("-", "−"), _ends(one))
        for name, one in (
            ("likeliest class", found.likeliest),
            ("class of least expected cost", found.least),
            ("saved", found.saved),
        )
    )
    verdict = _verdict(found.saved)
    about, change = "least expected cost against the likeliest class", f"{share(found.changed)} of answers change"
    answer = Answer(about, change, verdict, verdict)
    notes = ("Expected cost of an answer: Σ probability × cost. Where probabilities are not true, it may cost more.",)
    heads = ("answer", "cost of an example", "interval")
    return Section(title, tables=(Table(heads, rows, "lrr"),), answers=(answer,), notes=notes)


def _labels(found: Labels, record: Errors) -> Section:
    how = {
        "out-of-fold": f"Each label is judged by that of {count(found.networks, 'network')} which did not train on it.",
        "held-out": "Labels are judged by this network, which did not train on these examples.",
    }
    said = (
        f"{count(found.suspects, 'label')} of {found.examples:,} contradict a confident prediction; the estimated share"
        f" of wrong labels is {share(found.noise)}. {how[found.how]}"
    )
    notes = [
        "Confident learning (Northcutt et al., 2021). A suspect may be a hard example: look before you change it. "
        "The share counts hard examples, too.",
    ]
    if found.note:
        notes.append(f"{found.note[0].upper()}{found.note[1:]}.")
    cards = tuple(map(_suspect, found.shown))
    return Section("Suspected wrong labels", (said,), cards=cards, tables=_mixed(found, record), notes=tuple(notes))


def _suspect(one: Example) -> Card:
    """A label and what contradicts it."""
    likely = ", ".join(f"{name} {wording.share(value)}" for name, value in (one.likeliest or {}).items())
    lines = (f"labelled {one.truth}, seems to be {one.said}", likely, *one.text.splitlines()[:1], f"example {one.row}")
    return Card(one.pictures, tuple(map(clean, filter(None, lines))), "worse")


def _mixed(found: Labels, record: Errors) -> tuple[Table, ...]:
    """The classes whose labels seem to be mixed up most."""
    names = [clean(one.name) for one in record.classes]
    pairs = [
        (number, names[label], names[seems])
        for label, row in enumerate(found.joint)
        for seems, number in enumerate(row)
        if label != seems and number >= 0.5
    ]
    rows = tuple((a, b, f"{n:.0f}") for n, a, b in sorted(pairs, key=lambda one: -one[0])[:PAIRS])
    return (Table(("label", "seems to be", "examples, estimated"), rows, "llr"),) if rows else ()
