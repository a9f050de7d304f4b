"""Leaderboards as pages: no place without what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.evidence import Place
from paribus.records import wording
from paribus.records.metric import Metric
from paribus.reports.page import Page, Row, Section, Table
from paribus.reports.ranking import TONES
from paribus.studies.leaderboard import Board, Entry

SHOWN = 50  # recipes of a board that are printed
HEADS = ("recipe", "mean", "seeds", "minus the best other", "verdict")
NOTE = (
    "Ordered by their means, which alone show little: what counts is the verdict. All intervals of minus the best "
    "other hold together, over the seeds that two recipes share; what may be the best lies within noise of it."
)
LUCK = (
    "The best of {arms} was chosen for its luck too: corrected by the seeds that did not choose it, it has "
    "{corrected}. Confirm it by a study with fresh seeds before you open the test."
)


def page(boards: Sequence[Board]) -> Page:
    """All leaderboards, one section each."""
    return Page("Leaderboard", sections=tuple(map(_section, boards)))


def _section(board: Board) -> Section:
    more = len(board.entries) - SHOWN
    notes = [NOTE, *([f"{more} more with lower places are in --csv and --json."] if more > 0 else [])]
    if board.winner and wording.known(board.winner.value):
        arms = sum(one.place is not None for one in board.entries)
        notes.append(LUCK.format(arms=arms, corrected=wording.level(board.metric, board.winner.value)))
    title = f"{wording.clean(board.data)}: {board.metric_name}, {wording.ABOUT[board.claim]}"
    return Section(title, tables=(table(board),), notes=tuple(notes))


def table(board: Board) -> Table:
    """One row for each recipe, with the interval that holds beside all others."""
    shown = board.entries[:SHOWN]
    tones = tuple(TONES.get(standing(one), "undecided") for one in shown)
    rows = tuple(_row(board.metric, one) for one in shown)
    return Table(HEADS, rows, "lrrrl", tones, tinted=4, data=lambda: _data(board))


def standing(one: Entry) -> str:
    """What is known of an entry among the others."""
    if one.diverged:
        return "diverged"
    if one.place is None:
        return "too few seeds to tell" if len(one.values) < wording.FEW_SEEDS else "nothing to compare with"
    return one.place.standing if wording.known(one.place.value) else "no seed in common"


def _row(metric: Metric, one: Entry) -> tuple[str, ...]:
    level = wording.both(wording.level(metric, one.level.value), wording.level_interval(metric, one.level))
    return wording.clean(one.name), level, str(len(one.values)), _minus(metric, one.place), standing(one)


def _minus(metric: Metric, place: Place | None) -> str:
    """An entry minus the best of the others, with its interval where both ends are known."""
    if place is None or not wording.known(place.value):
        return wording.NONE
    value = wording.difference(metric, place.value)
    if not wording.known(place.low) or not wording.known(place.high):
        return value
    ends = (wording.difference(metric, end).split(" ")[0].lstrip("+") for end in (place.low, place.high))
    return wording.both(value, f"[{', '.join(ends)}]")


def _data(board: Board) -> list[Row]:
    unit = board.metric
    return [
        {
            "data": board.data,
            "metric": board.metric_name,
            "claim": board.claim,
            "recipe": one.name,
            wording.with_unit("mean", unit): one.level.value,
            wording.with_unit("low", unit): one.level.low,
            wording.with_unit("high", unit): one.level.high,
            "seeds": len(one.values),
            wording.with_unit("minus the best other", unit): one.place.value if one.place else None,
            wording.with_unit("minus low", unit): one.place.low if one.place else None,
            wording.with_unit("minus high", unit): one.place.high if one.place else None,
            "standing": standing(one),
            "run": str(one.folder),
        }
        for one in board.entries
    ]
