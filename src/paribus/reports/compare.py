"""Comparisons of runs and of arms as pages: who flips, whether errors go together, how alike layers are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.analysis.comparison import Comparison
from paribus.plots.compare import churn, layers
from paribus.records import wording
from paribus.records.metric import ACCURACY
from paribus.records.wording import clean, count, percent, probability
from paribus.reports.examples import share
from paribus.reports.page import Answer, Card, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.comparison import Flip
    from paribus.studies.flips import ArmFlips, Flipped, StudyFlips

PARTS = 3  # of a path that name a run: study, arm and seed


def page_of(record: Comparison | StudyFlips) -> Page:
    """The page of either kind of comparison."""
    return comparison_page(record) if isinstance(record, Comparison) else flips_page(record)


def comparison_page(record: Comparison) -> Page:
    """Two networks on the same examples."""
    clear = not record.difference.low <= 0 <= record.difference.high
    verdict = ("better" if record.difference.value > 0 else "worse") if clear and record.p < 0.05 else "undecided"
    finding = wording.difference(ACCURACY, record.difference.value)
    interval = wording.difference_interval(ACCURACY, record.difference)
    sure = f"McNemar's exact test on {count(record.lost + record.won, 'flip')}: {_p(record.p)}"
    answer = Answer("accuracy: second − first", f"{finding} {interval}", verdict, verdict, sure)
    summary = f"{count(record.examples, 'example')} of the {record.split} split that both were asked"
    summary += f", the first of {record.of:,}" if record.of > record.examples else ""
    summary += f"; left out: {record.left_out:,} that are in the split of one only." if record.left_out else "."
    return Page(
        "Comparison",
        "two runs",
        "Which examples do the two answer differently?",
        (answer,),
        summary,
        warnings=("This is about these two networks; what their recipes differ in is a question for a study.",),
        sections=(_counts(record), _classes(record), *_flips(record), *_layers(record)),
    )


def _counts(record: Comparison) -> Section:
    n, sure = record.examples, percent(record.difference.confidence)
    names = Table(
        ("", "run", "accuracy"),
        tuple(
            (word, _name(path), share(value))
            for word, path, value in zip(
                ("first", "second"), (record.first, record.second), record.accuracy, strict=True
            )
        ),
        "llr",
    )
    rows = [
        ("right in both", record.both),
        ("right → wrong", record.lost),
        ("wrong → right", record.won),
        ("wrong in both", record.neither),
        ("another answer (churn)", round(record.changed * n)),
    ]
    table = Table(("", "examples", "share"), tuple((name, f"{k:,}", share(k / n)) for name, k in rows), "lrr")
    together, notes = record.together, []
    if together.kappa is not None:
        notes.append(
            f"Both right or both wrong: {share(together.observed)}; independent errors would make it "
            f"{share(together.expected)}. Error consistency κ = {together.kappa.value:.2f} "
            f"[{together.kappa.low:.2f}, {together.kappa.high:.2f}], {sure} interval: 0 of independent errors, 1 of "
            "the same ones (Geirhos et al., 2020).".replace("-", "−")
        )
    return Section(tables=(names, table), notes=tuple(notes))


def _classes(record: Comparison) -> Section:
    heads = ("class", "examples", "first", "second", "right → wrong", "wrong → right", "p")
    rows = tuple(
        (
            clean(one.name),
            f"{one.examples:,}",
            share(one.first),
            share(one.second),
            f"{one.lost:,}",
            f"{one.won:,}",
            probability(one.p),
        )
        for one in record.classes
    )
    figure = Figure("churn", churn(record.classes), "Examples of each class that became wrong, and that became right.")
    note = "p: McNemar's exact test that flips are as likely either way, adjusted for all classes (Holm)."
    return Section("Classes", figure=figure, tables=(Table(heads, rows, "l" + "r" * 6),), notes=(note,))


def _flips(record: Comparison) -> Iterator[Section]:
    titles = (("Right → wrong", True, "worse"), ("Wrong → right", False, "better"))
    for title, lost, tone in titles:
        chosen = [one for one in record.shown if (one.first == one.truth) == lost]
        if chosen:
            text = "Those whose probability of the true class changed most."
            yield Section(title, (text,), cards=tuple(_card(one, tone) for one in chosen))


def _card(one: Flip, tone: str) -> Card:
    before, after = (
        ", ".join(f"{name} {wording.share(value)}" for name, value in some.items()) for some in one.likeliest
    )
    lines = (f"{one.truth}: {one.first} → {one.second}", f"first: {before}", f"second: {after}", f"example {one.row}")
    return Card(one.pictures, tuple(map(clean, lines)), tone)


def _layers(record: Comparison) -> Iterator[Section]:
    if record.layers is None:
        yield Section("Layers", notes=(f"{record.why_no_layers[0].upper()}{record.why_no_layers[1:]}.",))
        return
    found = record.layers
    figure = Figure("cka", layers(found, "first", "second"), "CKA of each layer of one network with each of the other.")
    rows = tuple(
        (clean(name), clean(found.second[best]), f"{value:.2f}".replace("-", "−"))
        for name, line in zip(found.first, found.cka, strict=True)
        for value, best in sorted((value, place) for place, value in enumerate(line) if value is not None)[-1:]
    )
    notes = (
        "Centred kernel alignment (Kornblith et al., 2019) with the estimate that few examples do not raise (Song et "
        "al., 2012; Nguyen et al., 2021). It says how alike what layers give is, not whether they compute it alike.",
    )
    heads = ("layer of the first", "most alike of the second", "CKA")
    yield Section("Layers", figure=figure, tables=(Table(heads, rows, "llr"),), notes=notes)


def flips_page(record: StudyFlips) -> Page:
    """The arms of a study, example by example."""
    answers = tuple(_verdict(one, record) for one in record.arms)
    heads = ("arm", "seeds", "between seeds", "between arms", "difference", "p", "could be found", "found")
    rows = tuple(
        (
            clean(one.arm),
            f"{one.seeds}",
            *(share(value) for value in (one.within, one.between)),
            wording.difference(ACCURACY, one.excess),
            probability(one.p),
            f"{one.tested:,}",
            f"{one.found:,}",
        )
        for one in record.arms
    )
    table = Table(heads, rows, "l" + "r" * 7)
    summary = (
        f"{count(record.examples, 'validation example')}, the same of all runs. Reference: {clean(record.reference)}."
    )
    question = "Do examples flip between arms more than between seeds?"
    sections = (Section(tables=(table,), notes=_notes(record)), *(_arm(one, record) for one in record.arms))
    return Page("Comparison", clean(record.study), question, answers, summary, sections=sections)


def _notes(record: StudyFlips) -> tuple[str, ...]:
    notes = [
        "Between seeds: the share of examples that one of two seeds of an arm has right and the other wrong, mean over "
        "all pairs; between arms: the same for different seeds of the two arms.",
        "p: a permutation test that swaps the arms within seeds, adjusted for all arms (Holm). Examples: Fisher's "
        f"exact test on the seeds that have each right; at most {percent(record.rate)} of those found are false, on "
        "average (Gilbert, 2005), over the examples that so few seeds could tell apart at all.",
    ]
    if few := [one for one in record.arms if one.least_p > 0.05]:
        seeds = min(one.seeds for one in few)
        notes.append(f"With {count(seeds, 'seed')} p cannot fall below {few[0].least_p:.3f}: 6 seeds allow 0.031.")
    return tuple(notes)


def _verdict(one: ArmFlips, record: StudyFlips) -> Answer:
    clear = one.p < 0.05
    finding = f"{wording.difference(ACCURACY, one.excess)} of examples flip beyond what seeds do"
    said = "the arm decides what is right" if clear else "undecided"
    about = f"{clean(one.arm)} against {clean(record.reference)}"
    named = f"{count(one.found, 'example')} found to flip with the arm" if one.found else "no single example stands out"
    return Answer(about, finding, said, "interaction" if clear else "undecided", f"{_p(one.p)}; {named}")


def _arm(one: ArmFlips, record: StudyFlips) -> Section:
    text = (
        "Seeds of the reference and of the arm that have each right."
        if one.found
        else ("No example stands out from all that were tested; these differ most.")
    )
    cards = tuple(_flipped(example, one, record) for example in one.shown)
    return Section(f"Examples: {clean(one.arm)}", (text,), cards=cards)


def _flipped(example: Flipped, one: ArmFlips, record: StudyFlips) -> Card:
    lines = (
        *([example.truth] if example.truth else []),
        f"right: {example.reference} of {one.seeds} → {example.arm} of {one.seeds}",
        f"{_p(example.p)}, false discoveries {share(example.q)}",
        f"example {example.row}",
    )
    named = example.q <= record.rate
    tone = "" if not named else "better" if example.arm > example.reference else "worse"
    return Card(example.pictures, tuple(map(clean, lines)), tone)


def _p(value: float) -> str:
    said = probability(value)
    return f"p {said}" if said.startswith("<") else f"p = {said}"


def _name(path: str) -> str:
    """The name of a run among others: study, arm and seed."""
    return clean("/".join(path.replace("\\", "/").split("/")[-PARTS:]))
