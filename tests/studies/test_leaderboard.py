"""Leaderboards: runs of the same examples, judged as a study of them would be."""

import pytest
from tests.small import QUICK, small

from paribus.errors import Diverged, StudyError
from paribus.exchange.tables import to_csv
from paribus.reports.leaderboard import page
from paribus.run import Run
from paribus.studies.leaderboard import boards

THREE = {"optimizer.lr": [1e-9, 0.05, 0.1]}
LONGER = {"budget.epochs": 6}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A study of three arms, one of two of the same, a single run, one that diverged, and one of another split."""
    root = tmp_path_factory.mktemp("runs")
    small(THREE, seeds=4, runs=root, name="three", changes=LONGER).run(jobs=1)
    small(seeds=3, runs=root, name="two", changes=LONGER).run(jobs=1)
    for seed, changes in ((7, {"optimizer.momentum": 0.5}), (0, {"split.folds": 3})):
        Run("digits/mlp", {**QUICK, **LONGER, **changes}, seed=seed, runs=root).train()
    with pytest.raises(Diverged):
        Run("digits/mlp", {**QUICK, **LONGER, "optimizer.lr": 1e30}, runs=root).train()
    return root


def test_a_board_says_what_a_study_of_its_recipes_says(runs):
    study = small(THREE, seeds=4, runs=runs, name="three", changes=LONGER)
    board = next(one for one in boards(runs) if len(one.entries) > 1)
    result = study.result
    arms = {arm.values[0]: arm for arm in result.arms}
    ours = {one.values[0]: one for one in board.entries if len(one.values) == 4}
    assert arms.keys() == ours.keys()
    for value, one in ours.items():
        assert one.values == arms[value].values
        assert (one.level.low, one.level.high) == (arms[value].level.low, arms[value].level.high)
    assert (board.metric_name, board.claim) == ("val/accuracy", "like-these")
    worst = min(ours, key=lambda value: ours[value].level.value)
    assert ours[worst].place.standing == "another is as good or better"
    for place in result.ranking.places:
        theirs = ours[result.arms[place.arm].values[0]].place
        assert (theirs.value, theirs.low, theirs.high) == (place.value, place.low, place.high)
    assert board.winner.value == result.ranking.winner.value
    means = [one.level.value for one in board.entries if one.level.n]
    assert means == sorted(means, reverse=True)


def test_runs_of_other_examples_stand_apart(runs):
    found = boards(runs)
    assert [one.data for one in found] == ["digits, val=0.3", "digits, 3 folds"]
    assert [len(one.entries) for one in found] == [5, 1]
    assert [one.data for one in boards(runs, data="3 folds")] == ["digits, 3 folds"]
    assert found[1].winner is None


def test_losses_of_other_tasks_stand_apart(tmp_path):
    for kind in ("rotation", "denoising"):
        Run("digits/mlp", {**QUICK, "task": {"use": "pretext", "kind": kind}}, runs=tmp_path).train()
    Run("digits/mlp", {**QUICK, "budget.epochs": 0}, runs=tmp_path).train()
    found = sorted((one.metric_name, len(one.entries)) for one in boards(tmp_path))
    assert found == [("val/accuracy", 1), ("val/loss", 1), ("val/loss", 1)]


def test_what_diverged_and_what_shares_no_seed_is_not_ranked(runs):
    board = boards(runs, claim="these")[0]
    [section] = page([board]).sections
    text = " ".join([cell for row in section.tables[0].rows for cell in row] + [*section.notes])
    assert board.claim == "these"
    [gone] = [one for one in board.entries if one.diverged]
    assert gone.place is None
    assert "diverged" in text
    assert "too few seeds to tell" in text
    assert "may be the best" in text
    assert "chosen for its luck" in text


def test_a_figure_where_less_is_better_turns_the_order(runs):
    board = boards(runs, metric="val/loss")[0]
    means = [one.level.value for one in board.entries if one.level.n]
    assert means == sorted(means)
    rows = to_csv(page([board]).sections[0].tables[0].data()).splitlines()
    assert len(rows) == 1 + len(board.entries)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"data": "xray"}, "(?s)of such data.*digits"),
        ({"metric": "test/accuracy"}, "leaves no test"),
        ({"metric": "val/acuracy"}, "(?s)has this figure.*val/accuracy"),
    ],
)
def test_what_there_is_not_is_said(runs, asked, said):
    with pytest.raises(StudyError, match=said):
        boards(runs, **asked)


def test_of_nothing_there_is_no_board(tmp_path):
    with pytest.raises(StudyError, match="train some first"):
        boards(tmp_path)
