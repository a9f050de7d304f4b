"""A plan as people read it: both claims, what it costs, what it rests on, what no seeds show."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests import made

from paribus.records.plan import Part, Source
from paribus.reports.export import to_json
from paribus.reports.html import environment
from paribus.reports.plan import plan_page
from paribus.reports.render import to_snippet
from paribus.reports.summary import Summary


def text(*args: object, **more: object) -> str:
    return " ".join(repr(Summary(plan_page(made.planned(*args, **more)))).split())  # type: ignore[arg-type]


def test_both_claims_are_answered_the_headline_first():
    plan = made.planned(overlap=0.02)
    first, second = plan_page(plan).answers
    assert (first.about, second.about) == ("for data like these", "for these data")
    assert f"{plan.seeds('like-these')} seeds find a difference of 1.00 points" in first.finding
    assert f"{2 * plan.seeds('these')} runs" in second.finding


def test_where_no_seeds_will_do_it_says_so_and_how_much_more_data_it_takes():
    said = text()
    assert "no number of seeds finds a difference of 1.00 points with a probability of 80 %" in said
    assert "no number of seeds finds differences below 1.75 points" in said
    assert "about 3.1 times as many examples" in said
    assert "From 23 seeds on" in said


def test_a_fixed_split_names_what_is_missing():
    assert "All seeds share one validation split here" in text(overlap=None)
    design = made.planned().design.model_copy(update={"origin": "function"})
    assert "Nobody said that seeds draw validation splits" in text(overlap=None, design=design)


def test_the_price_of_looks_and_of_several_comparisons_stands_below_the_table():
    said = text(comparisons=3)
    assert "3 comparisons share the error probability of 0.05" in said
    assert "at most 20 instead of" in said
    assert "--seeds 3 --until-decided 20" in said


def test_a_noise_study_is_quoted():
    assert "split 80.0 %, order 30.0 %" in text(noise=(Part("split", 0.8, 0.5, 1.1), Part("order", 0.3, 0.1, 0.5)))


def test_what_is_not_of_the_planned_arms_is_said():
    source = Source("other", "lr=0.1 − lr=0.05", "similar", 5, 0.004)
    said = text(sources=(source,), used=())
    assert "other arms, alike" in said
    assert "No run of the very arms" in said
    assert "should not count" not in said


@pytest.mark.parametrize(
    ("used", "seeds"), [((), "35"), ((1000, 1001), "35"), ((0, 1), "$(seq -s, 2 36)"), ((3,), "0,1,2,4,5")]
)
def test_the_next_command_leaves_out_the_seeds_that_showed_the_spread(used, seeds):
    wished = 5 if used == (3,) else 35
    plan = made.planned(overlap=None, used=used)
    need = replace(plan.comparisons[0].needs["these"], seeds=wished)
    plan = replace(plan, comparisons=(replace(plan.comparisons[0], needs={"these": need}),))
    assert plan_page(plan, "paribus study x").summary == f"next: paribus study x --seeds {seeds}"
    assert plan_page(plan).summary == ""


def test_data_are_raw_numbers():
    content = json.loads(to_json(plan_page(made.planned())))
    assert content["seeds"] == {"like-these": None, "these": made.planned().seeds("these")}
    assert content["tables"]["what each comparison needs"][0]["standard deviation (share)"] == 0.006
    assert content["tables"]["what seeds cost and show"][0]["seeds"] == 2


def test_a_comparison_that_no_seeds_decide_says_never():
    row, _ = plan_page(made.planned()).sections[1].tables[0].rows
    assert row[4:] == ("never", "4 … 200")
    (one,) = made.planned().comparisons
    never = {**one.needs, "like-these": replace(one.needs["like-these"], fewest=None, most=None)}
    row, _ = plan_page(replace(made.planned(), comparisons=(replace(one, needs=never),))).sections[1].tables[0].rows
    assert row[4:] == ("never", "never")


def test_seeds_that_a_study_would_count_are_warned_of():
    assert "should not count in the study" in text(used=(0, 1, 2))
    assert "should not count in the study" not in text(used=(1000, 1001, 1002))


def test_hostile_names_stay_text():
    shown = to_snippet(plan_page(made.planned(made.HOSTILE)))
    assert "<script" not in shown
    assert environment() is not None


def test_without_delta_nothing_is_asked_of_the_seeds():
    plan = made.planned(delta=None)
    needs = {claim: replace(need, seeds=None, data=None) for claim, need in plan.comparisons[0].needs.items()}
    plan = replace(plan, comparisons=(replace(plan.comparisons[0], needs=needs),), looks=None)
    assert "no δ is given" in plan_page(plan).answers[0].finding
    assert "no δ is given" in plan.answer
