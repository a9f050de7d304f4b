"""Which of many arms is best: each against the best of the others, and the winner corrected for having been chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from paribus.evidence import Estimate, Place, Winner
from paribus.records import wording
from paribus.records.result import StudyResult
from paribus.reports.page import Row, Section, Table

TITLE, WINNER = "Which arm is best?", "The winner, corrected"
TONES = {"as good as any": "better", "another is as good or better": "worse"}


def sections(result: StudyResult) -> Iterator[Section]:
    """The ranking of three arms or more, and the winner; nothing where no two of them can be compared."""
    if result.ranking is None or not any(wording.known(place.value) for place in result.ranking.places):
        return
    arms = len(result.arms)
    about = wording.ABOUT[result.claim_of_seeds]
    yield Section(TITLE, tables=(places(result),), notes=(f"All {arms} intervals hold together, {about}.",))
    if winner := result.ranking.winner:
        luck = (
            f"The best of {arms} was chosen for its luck too. Corrected is the mean of the arm that wins on the other "
            "seeds, and the interval allows for any arm having won."
        )
        yield Section(WINNER, tables=(winners(result, winner),), notes=(luck,), level=3)


def places(result: StudyResult) -> Table:
    """Every arm minus the best of the others, the best first."""
    assert result.ranking is not None
    ordered = sorted(result.ranking.places, key=lambda place: _height(result, place))
    rows = [
        (
            wording.clean(result.arms[place.arm].name),
            wording.difference(result.metric, place.value),
            _interval(result, place),
            place.standing,
        )
        for place in ordered
    ]
    heads = ("arm", "minus the best other", f"{wording.percent(result.ranking.confidence)} interval", "verdict")
    tones = tuple(TONES.get(place.standing, "undecided") for place in ordered)
    return Table(heads, tuple(rows), "lrrl", tones, tinted=3, data=lambda: _places_data(result))


def winners(result: StudyResult, winner: Winner) -> Table:
    """The figure of the arm that looks best, as it was seen and corrected."""
    assert result.ranking is not None
    name = wording.clean(result.arms[winner.arm].name)
    rows = [
        (
            f"{name}, {how}",
            wording.level(result.metric, estimate.value),
            wording.level_interval(result.metric, estimate),
        )
        for how, estimate in _figures(winner).items()
    ]
    heads = ("the winner", "mean", f"{wording.percent(result.ranking.confidence)} interval")
    return Table(heads, tuple(rows), "lrr", data=lambda: _winners_data(result, winner))


def _figures(winner: Winner) -> dict[str, Estimate]:
    """As the arm was seen, and corrected."""
    return {
        "as seen": winner.naive,
        "corrected": replace(winner.naive, value=winner.value, low=winner.low, high=winner.high),
    }


def _interval(result: StudyResult, place: Place) -> str:
    """As far as both ends are known."""
    if not wording.known(place.low) or not wording.known(place.high):
        return wording.NONE
    ends = (wording.difference(result.metric, end).split(" ")[0].lstrip("+") for end in (place.low, place.high))
    return f"[{', '.join(ends)}]"


def _height(result: StudyResult, place: Place) -> float:
    """For an order with the best first, and those that cannot be compared last."""
    if not wording.known(place.value):
        return float("inf")
    return -place.value if result.metric.higher_is_better else place.value


def _places_data(result: StudyResult) -> list[Row]:
    return [
        {
            "arm": result.arms[place.arm].name,
            wording.with_unit("minus the best other", result.metric): place.value,
            wording.with_unit("low", result.metric): place.low,
            wording.with_unit("high", result.metric): place.high,
            "confidence": result.ranking.confidence,
            "standing": place.standing,
        }
        for place in (result.ranking.places if result.ranking else ())
        if result.ranking
    ]


def _winners_data(result: StudyResult, winner: Winner) -> list[Row]:
    return [
        {
            "arm": result.arms[winner.arm].name,
            "figure": how,
            wording.with_unit("mean", result.metric): estimate.value,
            wording.with_unit("low", result.metric): estimate.low,
            wording.with_unit("high", result.metric): estimate.high,
        }
        for how, estimate in _figures(winner).items()
    ]
