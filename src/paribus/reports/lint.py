"""What a lint found, as a page: broken claims with their evidence, what cannot be checked and why, what is kept."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.diagnosis.lint.outcome import Lint, Outcome, State
from paribus.records.wording import clean, count
from paribus.reports.page import Answer, Page, Section, Table

TONES: dict[State, str] = {"broken": "worse", "unchecked": "", "kept": "better"}
WORDS: dict[State, str] = {"broken": "broken", "unchecked": "cannot be checked", "kept": "kept"}
QUESTION = "Does it keep what it claims?"
SHOWN = 4  # runs that are named
LIMITS = (
    "Kept means that the records do not contradict the claim. What was done before the data were stored, and by people "
    "who looked at figures, stands in no record."
)
SOURCE = "Kinds of leakage: Kapoor & Narayanan, Patterns 4 (2023), table 1."


def lint_page(found: Lint) -> Page:
    """All outcomes, broken ones first."""
    broken, unchecked, kept = (found.of(state) for state in ("broken", "unchecked", "kept"))
    runs = f" in {count(found.runs, 'run')}" if found.runs > 1 else ""
    summary = f"{found.about}{runs}: {len(broken)} broken, {len(kept)} kept, {len(unchecked)} cannot be checked"
    limits = (
        *([Section("Cannot be checked", tables=(_table(unchecked, "because"),))] if unchecked else []),
        *([Section("Kept", tables=(_table(kept, "as seen in"),), notes=(LIMITS,))] if kept else []),
        *([_leaks(found)] if found.leaks else []),
    )
    return Page("Lint", found.about, QUESTION, summary=clean(summary), sections=(*map(_broken, broken), *limits))


def _broken(one: Outcome) -> Section:
    rows = tuple(
        (clean(name), f"{value:.6g}" if isinstance(value, float) else clean(value))
        for name, value in one.evidence.items()
    )
    return Section(
        f"Broken: {one.check}",
        (clean(one.says), *_of_runs(one)),
        tables=(Table(("evidence", "value"), rows, "ll"),) if rows else (),
        answers=(Answer("way out", clean(one.way_out)),),
        tone="worse",
    )


def _of_runs(one: Outcome) -> Iterator[str]:
    if one.runs:
        more = f" and {len(one.runs) - SHOWN} more" if len(one.runs) > SHOWN else ""
        yield f"In {clean('; '.join(one.runs[:SHOWN]))}{more}."


def _table(outcomes: tuple[Outcome, ...], head: str) -> Table:
    rows = tuple((one.check, clean(one.says)) for one in outcomes)
    return Table(("claim", head), rows, "ll", hints=tuple(one.claim for one in outcomes))


def _leaks(found: Lint) -> Section:
    rows = tuple((one.number, one.title, WORDS[one.state], clean(one.says)) for one in found.leaks)
    table = Table(
        ("", "kind of leakage", "", "by"), rows, "llll", tones=tuple(TONES[one.state] for one in found.leaks), tinted=2
    )
    return Section("Leakage", tables=(table,), notes=(SOURCE,))
