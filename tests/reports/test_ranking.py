"""Which arm is best, in reports and where commands print."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from tests import made

from paribus.reports import brief, ranking
from paribus.reports.export import to_json
from paribus.reports.study import study_page


def test_S27_two_arms_need_no_ranking():
    assert [*ranking.sections(made.two_arms()), *ranking.sections(made.nothing_yet())] == []


def test_S27_every_arm_stands_against_the_best_of_the_others_the_best_first():
    result = made.many_arms()
    places, winners = (section.tables[0] for section in ranking.sections(result))
    ordered = sorted(result.ranking.places, key=lambda place: -place.value)
    assert [row[0] for row in places.rows] == [result.arms[place.arm].name for place in ordered]
    assert places.heads == ("arm", "minus the best other", "95 % interval", "verdict")
    best = result.arms[result.ranking.winner.arm].name
    assert [row[0] for row in winners.rows] == [f"{best}, as seen", f"{best}, corrected"]
    assert "points" in places.rows[0][1]
    assert winners.rows[0][1].endswith(" %")


def test_S27_where_lower_is_better_the_lowest_is_first():
    result = made.many_arms()
    turned = replace(result, metric=replace(result.metric, higher_is_better=False))
    assert ranking.places(turned).rows == ranking.places(result).rows[::-1]


def test_S27_page_command_and_data_say_it():
    result = made.many_arms()
    for page in (study_page(result), brief.study(result)):
        assert {ranking.TITLE, ranking.WINNER} <= {section.title for section in page.sections}
    tables = json.loads(to_json(brief.study(result)))["tables"]
    [row] = [row for row in tables[ranking.TITLE] if row["arm"] == result.arms[0].name]
    assert row["minus the best other (share)"] == result.ranking.places[0].value
    assert row["standing"] == result.ranking.places[0].standing
    assert [row["figure"] for row in tables[ranking.WINNER]] == ["as seen", "corrected"]


def test_S27_an_arm_that_cannot_be_ranked_stands_last():
    result = made.many_arms()
    first, *rest = result.ranking.places
    unknown = replace(first, value=math.nan, low=-math.inf, high=math.inf, standing="unknown")
    rows = ranking.places(replace(result, ranking=replace(result.ranking, places=(unknown, *rest)))).rows
    assert rows[-1] == (result.arms[0].name, "–", "–", "unknown")
