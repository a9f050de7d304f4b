"""A diagnosis as a page: what was found, with evidence, mechanism and treatment; what was and was not looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from paribus.diagnosis.finding import OF_HEALTHY, Diagnosis, Finding, Severity
from paribus.diagnosis.treatment import Treated
from paribus.plots.finding import finding as picture
from paribus.records.wording import clean, percent, show
from paribus.reports.page import Answer, Figure, Page, Section, Table

TONES: dict[Severity, str] = {"fault": "worse", "warning": "undecided", "note": "no-difference"}
VERDICTS = {"confirmed": "better", "not confirmed": "worse", "undecided": "undecided"}
UNGRADED = "not measured: it has not been graded"


def diagnosis_page(found: Diagnosis) -> Page:
    """Findings, gravest first, each with what follows from it; and how far the doctor looked."""
    name = "/".join(Path(found.run).parts[-3:])
    nothing = f"{found.run}: none of the faults that were looked for; this does not say that the run is sound"
    sections = (
        *(_section(place, one, found.treated) for place, one in enumerate(found.findings, 1)),
        Section("How far this goes", terms=tuple(_looked_at(found))),
    )
    question = "What is wrong with this training?" if found.findings else nothing
    return Page("Diagnosis", name, question, sections=sections, data=found.plain())


def _section(place: int, found: Finding, treated: Treated | None) -> Section:
    chart = picture(found.trace) if found.trace is not None else None
    return Section(
        f"{found.severity.capitalize()}: {found.name}",
        (found.says,),
        figure=Figure(f"finding-{place}", chart, f"{chart.title}: the evidence for: {found.name}") if chart else None,
        tables=(_table(found),) if found.evidence else (),
        terms=tuple(_terms(found)),
        answers=tuple(_answers(found, treated)),
        notes=(found.advice,) if found.advice else (),
        tone=TONES[found.severity],
    )


def _table(found: Finding) -> Table:
    """The figures, each beside what it is in healthy runs where that is known."""
    ranges = {name: str(value) for name, value in found.evidence.items() if name.endswith(OF_HEALTHY)}
    rows = tuple(
        (name, f"{value:.4g}" if isinstance(value, float) else clean(str(value)), ranges.get(f"{name}{OF_HEALTHY}", ""))
        for name, value in found.evidence.items()
        if name not in ranges
    )
    if not ranges:
        return Table(("figure", "value"), tuple(row[:2] for row in rows), "ll")
    return Table(("figure", "value", "in healthy runs"), rows, "lll")


def _terms(found: Finding) -> Iterator[tuple[str, str]]:
    yield "mechanism", f"{found.mechanism} ({found.source})"
    if found.consequences:
        yield "follows from it", "; ".join(f"{one.name} ({_short(one)})" for one in found.consequences)
    yield "confidence", _sure(found)
    yield "id", found.cause


def _sure(found: Finding) -> str:
    """How often who said so was right: counted where the cases are known, for a share of a dozen says too much."""
    if found.confidence is None:
        return UNGRADED
    if not found.graded:
        return f"right in {percent(found.confidence)} of the graded cases"
    return f"right in {round(found.confidence * found.graded):,} of {found.graded:,} graded cases"


def _short(found: Finding) -> str:
    return found.says.split(". ")[0].rstrip(".")


def _answers(found: Finding, treated: Treated | None) -> Iterator[Answer]:
    """The treatment, and what became of it."""
    changes = " ".join(f"{field}={show(value)}" for field, value in found.treatment.items())
    if changes:
        yield Answer("treatment", changes, tone="better")
    tried = treated is not None and treated.cause in (found.cause, *(one.cause for one in found.consequences))
    if treated is not None and tried:
        change = f"{treated.field}: {show(treated.before)} → {show(treated.after)}"
        about = f"{change}, {treated.n} seeds, in {treated.study}"
        yield Answer(f"treated ({about})", treated.says, treated.word, VERDICTS[treated.word])


def _looked_at(found: Diagnosis) -> Iterator[tuple[str, str]]:
    if found.checked:
        yield "looked for", "; ".join(found.checked)
    if found.unchecked:
        yield "cannot be checked", "; ".join(_together(found.unchecked))


def _together(unchecked: Iterable[str]) -> Iterator[str]:
    """What shares a reason in one sentence."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for said in unchecked:
        what, _, why = said.partition(": ")
        by_reason[why].append(what)
    for why, names in by_reason.items():
        yield f"{', '.join(names)}: {why}"
