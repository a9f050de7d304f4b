"""Successive halving: the table of its authors, and what is trained when, for trials whose figures are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paribus.chance import key
from paribus.errors import StudyError
from paribus.studies.search.hyperband import Asha, Hyperband, Standing, Whole, brackets


def test_S14_the_brackets_are_those_of_table_1():
    """Li et al. 2018, Table 1: R = 81, η = 3."""
    found = [[(rung.trials, rung.epochs) for rung in bracket] for bracket in brackets(81, 3)]
    assert found == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(27, 3), (9, 9), (3, 27), (1, 81)],
        [(9, 9), (3, 27), (1, 81)],
        [(6, 27), (2, 81)],
        [(5, 81)],
    ]


@pytest.mark.parametrize(("most", "eta", "least"), [(81, 3, 1), (100, 4, 2), (16, 2, 1), (27, 3, 3)])
def test_no_bracket_costs_more_than_its_share(most, eta, least):
    """Without going on: Σ nᵢ·rᵢ ≤ (s_max + 1)·R. One that goes on trains only what is new, so it costs less."""
    found = brackets(most, eta, least)
    for bracket in found:
        assert sum(rung.trials * rung.epochs for rung in bracket) <= len(found) * most
        assert bracket[0].epochs >= least
        assert bracket[-1].epochs == most


@pytest.mark.parametrize(("most", "eta", "least"), [(2, 3, 1), (10, 1, 1), (10, 3, 0), (8, 3, 3)])
def test_what_leaves_nothing_to_stop_is_refused(most, eta, least):
    with pytest.raises(StudyError, match=r"eta|epoch"):
        brackets(most, eta, least)


def quality(number: int, epochs: int) -> float:
    """A made figure, which grows with the epochs."""
    return key(7, number) % 997 + epochs / 1000


def play(plan, workers: int = 1, failing: frozenset[int] = frozenset(), stop_after: int = 10**6, known=None):
    """Train by a plan, so many trials at once, and end always that which began first; the steps and the trials."""
    known, running, steps = dict(known or {}), [], []
    while len(steps) < stop_after:
        while len(running) < workers and (step := plan.next([*known.values()])):
            number = len(known) if step.trial is None else step.trial
            known[number] = replace(known.get(number, Standing(number, step.bracket)), running=True)
            running.append((number, step.epochs))
            steps.append((number, step.epochs))
        if not running:
            break
        number, epochs = running.pop(0)
        values = {**known[number].values, epochs: quality(number, epochs)}
        fails = number in failing
        known[number] = replace(known[number], running=False, failed=fails, values={} if fails else values)
    return steps, known


@pytest.mark.parametrize("workers", [1, 3])
def test_S14_hyperband_trains_as_many_so_far_as_its_table_says(workers):
    table = brackets(9)
    steps, known = play(Hyperband(table), workers)
    for place, bracket in enumerate(table):
        own = {number for number, trial in known.items() if trial.bracket == place}
        for rung in bracket:
            assert sum(number in own and epochs == rung.epochs for number, epochs in steps) == rung.trials
    assert len(known) == Hyperband(table).trials == 9 + 3 + 3
    assert len(steps) == len(set(steps))


def test_the_best_of_a_rung_go_on_and_nobody_else():
    steps, _ = play(Hyperband(brackets(9)[:1]))
    first = sorted(range(9), key=lambda number: -quality(number, 1))[:3]
    assert sorted(number for number, epochs in steps if epochs == 3) == sorted(first)
    assert [number for number, epochs in steps if epochs == 9] == [max(first, key=lambda n: quality(n, 3))]


def test_a_trial_that_fails_is_left_behind_and_the_others_go_on():
    best = max(range(9), key=lambda number: quality(number, 1))
    steps, _ = play(Hyperband(brackets(9)[:1]), failing=frozenset({best}))
    assert [number for number, _ in steps].count(best) == 1
    assert len([number for number, epochs in steps if epochs == 9]) == 1
    nothing, _ = play(Hyperband(brackets(9)[:1]), failing=frozenset(range(9)))
    assert len(nothing) == 9


@pytest.mark.parametrize("plan", [Hyperband(brackets(9)), Asha(20, 9), Whole(5, 4)], ids=["hyperband", "asha", "whole"])
def test_a_search_that_was_killed_goes_on_as_if_nothing_had_happened(plan):
    whole, _ = play(plan)
    for moment in range(1, len(whole)):
        done, known = play(plan, stop_after=moment)
        killed = {number: replace(trial, running=False) for number, trial in known.items()}
        rest, _ = play(plan, known=killed)
        assert [*done[:-1], *rest] == whole if rest[0] == done[-1] else [*done, *rest] == whole


def test_asha_promotes_the_best_third_without_waiting():
    steps, known = play(Asha(27, 9), workers=4)
    assert len(known) == 27
    for epochs, count in ((1, 27), (3, 9), (9, 3)):
        there = [number for number, until in steps if until == epochs]
        assert (
            count <= len(there) <= count + 8
        )  # some were promoted whom later ones overtook: Li et al. 2020, section 3
    first = next(place for place, (_, epochs) in enumerate(steps) if epochs == 3)
    assert first < 10  # while new ones still begin


def test_asha_compares_at_the_powers_of_eta_up_to_the_whole():
    assert Asha(9, 81).rungs == (1, 3, 9, 27, 81)
    assert Asha(9, 100, 4, 2).rungs == (6, 25, 100)
