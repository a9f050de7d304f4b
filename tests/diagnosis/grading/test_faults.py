"""What is planted, where, and what counts as right."""

import json
from itertools import combinations

import pytest

from paribus.diagnosis.causes import CAUSES
from paribus.diagnosis.grading import cases, parts
from paribus.diagnosis.grading.faults import FAULTS, NOT_PLANTED, OPERATORS
from paribus.diagnosis.grading.healthy import KINDS, SHIPPED
from paribus.diagnosis.grading.hosts import FIRST_SEED, SETS, hosts
from paribus.errors import RecipeError


@pytest.fixture(autouse=True)
def own_parts():
    parts.plug_in()


def test_every_operator_of_deepcrime_is_covered_or_cannot_be():
    covered = {operator for fault in FAULTS for operator in fault.operators}
    assert len(OPERATORS) == len(set(OPERATORS)) == 24
    assert covered | {*NOT_PLANTED} == set(OPERATORS)
    assert not covered & {*NOT_PLANTED}


def test_right_causes_are_among_those_that_the_doctor_knows():
    named = {cause for fault in FAULTS for cause in (*fault.causes, *fault.equivalent)}
    assert named <= {*CAUSES}
    assert all(fault.causes and CAUSES[fault.causes[0]].kind == "cause" for fault in FAULTS)


@pytest.mark.parametrize("side", ["tuning", "grading"])
def test_each_fault_has_three_severities_and_four_hosts_where_there_are_so_many(side):
    at_hand = {host.family for host in hosts(side)}
    for fault in FAULTS:
        assert len({*fault.levels[side]}) == 3
        fitting = sum(fault.fits(host) for host in hosts(side))
        assert fitting >= min(len({*fault.families} & at_hand), 3), fault.id
    broad = [fault for fault in FAULTS if len(fault.families) > 3]
    assert all(sum(fault.fits(host) for host in hosts(side)) >= 4 for fault in broad)


@pytest.mark.parametrize(("one", "other"), [*combinations(SETS, 2)])
def test_two_sides_have_nothing_in_common(one, other):
    recipes = [{json.dumps(host.recipe, sort_keys=True) for host in SETS[side]} for side in (one, other)]
    assert not recipes[0] & recipes[1]
    assert not {host.name for host in SETS[one]} & {host.name for host in SETS[other]}
    given = [{host.examples for host in SETS[side] if host.examples} for side in (one, other)]
    assert not {str(made) for made in given[0]} & {str(made) for made in given[1]}
    assert abs(FIRST_SEED[one] - FIRST_SEED[other]) >= 2 * cases.HEALTHY
    assert not {*SHIPPED[one]} & {*SHIPPED[other]}
    counted = {"batch-tiny", "batch-one", "narrow", "squared", "swapped"}  # their levels are whole numbers or choices
    for fault in FAULTS:
        assert fault.id in counted or fault.levels[one] != fault.levels[other]


@pytest.mark.parametrize("side", [*SETS])
def test_everything_that_is_planted_is_a_recipe_that_does_not_name_it(side):
    words = {fault.id for fault in FAULTS if len(fault.id) > 5} | {"planted", "fault"}
    first = {fault.id: next((host.name for host in hosts(side) if fault.fits(host)), None) for fault in FAULTS}
    assert all(first.values()) or not all(host.here for host in SETS[side])  # some need data that are not here
    for pair in (
        pair for fault, host in first.items() if host for pair in cases.pairs(side, 1, (2,), [f"{fault}/{host}"])
    ):
        assert pair.planted.recipe.identity != pair.twin.recipe.identity
        said = {str(word).lower() for word in _words(pair.planted.recipe.resolved())}
        assert not said & words, pair.planted.cell
        assert pair.fault.id not in str(pair.planted.folder(cases.Path("runs")).path)


def _words(tree):
    for name, value in tree.items():
        yield name
        yield from _words(value) if isinstance(value, dict) else [value]


def test_there_are_more_than_three_hundred_sound_trainings_by_default(monkeypatch):
    # what the examples are does not matter here: making those of all hosts takes twenty seconds
    monkeypatch.setattr(cases, "_content", lambda host, spoil, level: f"{host} {spoil} {level}")
    for side in ("tuning", "grading"):
        made = cases.sound(side, 3)
        assert len({(case.host, case.recipe.identity, case.seed) for case in made}) == len(made) >= 300
        assert {case.name for case in made} >= {kind.name for kind in KINDS}


def test_a_thinner_grading_still_has_every_fault():
    whole, thin = ([*cases._cells("grading", (0, 1, 2), one_in)] for one_in in (1, 3))
    assert len(thin) == pytest.approx(len(whole) / 3, rel=0.05)
    assert {fault.id for fault, _, _ in thin} == {fault.id for fault in FAULTS}


def test_thinner_or_not_hosts_as_they_are_stay_for_comparison():
    whole, thin = (cases.sound("grading", 1, ["c1", "c5"], one_in) for one_in in (1, 5))
    assert sorted(case.host for case in thin if case.name == "as it is") == ["c1", "c5"]
    assert len(thin) == pytest.approx(len(whole) / 5, abs=2)


def test_one_cell_is_named():
    pairs = cases.pairs("grading", 2, (2,), ["lr-high/c1"])
    assert [pair.planted.cell for pair in pairs] == [("lr-high", "c1", "grave")] * 2
    assert [pair.twin.seed for pair in pairs] == [2000, 2001]
    with pytest.raises(RecipeError, match="FAULT/HOST"):
        cases.pairs("grading", 1, (2,), ["lr-hgh"])
