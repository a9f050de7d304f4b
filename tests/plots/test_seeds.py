"""What seeds show, as a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from tests import made

from paribus.plots.seeds import seeds
from paribus.records.plan import Plan

PLANS = {
    "both claims": made.planned(overlap=0.02),
    "below the floor": made.planned(),
    "one claim": made.planned(overlap=None),
    "no delta": replace(made.planned(), delta=None),
    "hostile": made.planned(made.HOSTILE),
    "nothing": replace(made.planned(), sizes=()),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_plan_draws(plan: Plan) -> None:
    chart = seeds(plan)
    json.loads(chart.json(), parse_constant=pytest.fail)
    assert float(ElementTree.fromstring(chart.svg()).get("width", 0)) < 1000


def test_it_shows_the_numbers_of_the_plan() -> None:
    plan = made.planned(overlap=0.02)
    drawn = json.dumps(seeds(plan).spec)
    assert str(plan.seeds("these")) in drawn
    assert "no number of seeds shows less" in drawn
    assert "no number of seeds shows less" not in json.dumps(seeds(made.planned(overlap=None)).spec)
