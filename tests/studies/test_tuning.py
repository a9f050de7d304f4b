"""Arms with values of their own: equal budgets, judged on examples that no run of the study sees."""

from __future__ import annotations

import json

import pytest
from tests.small import QUICK, Heard, Scripted

import paribus as pb
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import Interrupted, StudyError
from paribus.records import store
from paribus.records.tuning import SEED, Trial
from paribus.reports.brief import study as in_short
from paribus.reports.study import study_page
from paribus.studies.trials import best, points

pytestmark = pytest.mark.usefixtures("here")

OPTIMIZERS = {"optimizer.use": ["sgd", "adam"]}
GRID = (0.001, 0.01, 0.1, 1.0)
PEAKS = {"optimizer=sgd": 0.1, "optimizer=adam": 0.01}  # the best rates


def tuned(vary=OPTIMIZERS, tune="1e-3..1", trials=4, seeds=3, **more) -> pb.Study:
    tune = {"optimizer.lr": tune} if isinstance(tune, str) else tune
    return pb.Study("digits/mlp", QUICK, vary=vary, tune=tune, trials=trials, seeds=seeds, **more)


def figure(arm: str, seed: int) -> float:
    """A made-up accuracy: the nearer the rate to its peak, the better; the runs of the study differ by their seed."""
    name, _, rate = arm.partition(", lr=")
    if not rate:
        return 0.9 + 0.001 * seed + (0.02 if name == "optimizer=adam" else 0.0)
    assert seed == SEED
    return 0.5 - 0.1 * abs(GRID.index(float(rate)) - GRID.index(PEAKS[name]))


def run(study: pb.Study, script=figure) -> tuple[pb.records.result.StudyResult, list[tuple[str, int]]]:
    executor = Scripted(script)
    return study.run(executor=executor, listen=Heard()), executor.ran


def test_every_arm_gets_its_own_best_value_from_as_many_trials():
    study = tuned()
    result, ran = run(study)
    assert {one.arm: dict(one.chosen) for one in result.tuning} == {
        arm: {"optimizer.lr": rate} for arm, rate in PEAKS.items()
    }
    assert [seed for _, seed in ran] == 8 * [SEED] + [0, 0, 1, 1, 2, 2]
    assert {len(one.trials) for one in result.tuning} == {4}
    assert [trial.values["optimizer.lr"] for trial in result.tuning[0].trials] == [*GRID]
    assert result.design.tuned_by == "val/accuracy"
    for arm in result.design.arms():
        recipe = result.design.recipe_of(arm)
        assert recipe.optimizer.options["lr"] == PEAKS[arm.name]
        assert (recipe.split.tuning, recipe.split.judged) == (recipe.split.val, "val")
    for found in store.runs_of(study.folder):
        assert found.folder.read()["recipe"]["optimizer"]["lr"] == PEAKS[found.path.split("/")[-2]]
    trials = store.runs(study.folder / "tuning")
    assert len(trials) == 8
    assert {trial.folder.read()["recipe"]["split"]["judged"] for trial in trials} == {"tuning"}


def test_a_finished_study_trains_nothing_again_and_more_seeds_keep_what_was_chosen():
    run(tuned())
    result, ran = run(tuned(), script=lambda arm, seed: 0.0)
    assert ran == []
    result, ran = run(tuned(seeds=4), script=lambda arm, seed: 0.95)
    assert [seed for _, seed in ran] == [3, 3]
    assert result.design.tuned == {arm: {"optimizer.lr": rate} for arm, rate in PEAKS.items()}


def test_an_interrupted_tuning_goes_on():
    class Stopping(Scripted):
        def run(self, jobs, listen, fail_fast=False):
            super().run(jobs[:3], listen)
            raise Interrupted("stopped")

    study = tuned()
    with pytest.raises(Interrupted):
        study.run(executor=Stopping(figure), listen=Heard())
    result, ran = run(tuned())
    assert [seed for _, seed in ran] == 5 * [SEED] + [0, 0, 1, 1, 2, 2]
    assert result.design.tuned["optimizer=sgd"] == {"optimizer.lr": 0.1}


def test_another_range_or_number_of_trials_is_another_study():
    first = tuned()
    run(first)
    assert tuned(trials=5).folder != first.folder != tuned(tune="1e-2..1").folder
    assert tuned().folder == first.folder


def test_trials_that_fail_or_diverge_are_recorded_and_the_others_decide():
    def script(arm, seed):
        return {"lr=1": "diverged", "lr=0.1": "failed"}.get(arm.partition(", ")[2], figure(arm, seed))

    result, _ = run(tuned(), script)
    sgd = result.tuning[0]
    assert [trial.state for trial in sgd.trials] == ["finished", "finished", "failed", "diverged"]
    assert sgd.trials[2].error == "made failed"
    assert sgd.chosen == {"optimizer.lr": 0.01}
    assert "diverged" in json.dumps(result.plain()["tuning"])


def test_an_arm_without_any_figure_is_said():
    with pytest.raises(StudyError, match="no trial of this arm ended with a figure") as caught:
        run(tuned(), lambda arm, seed: "diverged" if arm.startswith("optimizer=adam") else figure(arm, seed))
    assert caught.value.got == "optimizer=adam"


def test_unequal_budgets_are_refused():
    class FailingFast(Scripted):
        def run(self, jobs, listen, fail_fast=False):
            super().run(jobs[:4], listen)

    with pytest.raises(StudyError, match="equal budgets"):
        tuned().run(executor=FailingFast(figure), listen=Heard(), fail_fast=True)


def test_the_best_at_an_end_is_said():
    result, _ = run(tuned(), lambda arm, seed: -seed if "lr=" not in arm else -float(arm.rpartition("=")[2]))
    assert [one.ends for one in result.tuning] == [("optimizer.lr",)] * 2
    assert any("optimizer.lr=0.001 is the lowest that was tried" in warning for warning in result.warnings)
    inner, _ = run(tuned(trials=3, tune="1e-3..1e1"), lambda arm, seed: 0.5 + (arm[-6:] == "lr=0.1"))
    assert [one.ends for one in inner.tuning] == [(), ()]


def test_of_equal_trials_the_one_in_the_middle_is_chosen():
    trials = [Trial({"lr": rate}, figure, "finished") for rate, figure in zip("abcde", (1, 3, 3, 3, 2), strict=True)]
    assert best(trials, higher_is_better=True) == {"lr": "c"}
    assert best(trials, higher_is_better=False) == {"lr": "a"}
    assert best([Trial({"lr": 1}, None, "failed")], higher_is_better=True) == {}


def test_several_fields_are_filled_evenly_and_alike_in_every_arm():
    tune = {"optimizer.lr": "1e-4..1", "optimizer.weight_decay": "0..0.1"}
    study = tuned(tune=tune, trials=16)
    tried = points(study.design)
    assert len(tried) == 16
    for field, middle in (("optimizer.lr", 0.01), ("optimizer.weight_decay", 0.05)):
        assert sum(one[field] < middle for one in tried) in (7, 8, 9)
    result, ran = run(study, lambda arm, seed: len(arm) / 100)
    assert len(ran) == 32 + 6
    assert {*result.tuning[0].chosen} == {*tune}


def test_no_run_of_the_study_sees_what_its_tuning_looked_at():
    study = tuned()
    study.run(jobs=1, listen=Heard())
    arm = study.design.arms()[0]
    trial = study.design.trial_of(arm, {"optimizer.lr": 0.1})
    tuning = {*prepare(trial, Seeds(SEED)).rows["val"].tolist()}
    for seed in study.design.seeds:
        recipe = study.design.recipe_of(arm)
        rows = prepare(recipe, recipe.seeds(seed)).rows
        assert not tuning & {*rows["train"].tolist(), *rows["val"].tolist(), *rows["test"].tolist()}


def test_trials_run_in_parallel_as_one_after_another():
    chosen = []
    for jobs in (1, 2):
        study = tuned(name=f"with {jobs}")
        result = study.run(jobs=jobs, listen=Heard())
        chosen.append([[(dict(it.values), it.figure) for it in one.trials] for one in result.tuning])
    assert chosen[0] == chosen[1]


def test_reports_say_what_was_tuned_and_that_budgets_were_equal():
    result, _ = run(tuned())
    for page in (study_page(result), in_short(result)):
        [section] = [one for one in page.sections if one.title.startswith("Tuned in every arm: optimizer.lr")]
        assert "Equal budgets: 4 trials of 1 epoch in every arm" in section.text[0]
        assert [row[:2] for row in section.tables[0].rows] == [("optimizer=sgd", "0.1"), ("optimizer=adam", "0.01")]
        assert "no interval allows for that" in section.notes[0]
    [choice] = [one for one in result.choices if one.field == "optimizer.lr"]
    assert choice.value == "tuned in every arm: 0.1 (optimizer=sgd), 0.01 (optimizer=adam)"
    [brought] = [one for one in in_short(result).sections if one.title == "what else differs between the arms"]
    assert brought.tables[0].rows[0][0] == "optimizer.lr, tuned"
    assert "Every arm has its own optimizer.lr, the best of 4 trials" in in_short(result).data["method"]


def test_parts_that_are_varied_as_a_whole_are_tuned_too_and_keep_their_names():
    vary = {"optimizer": [{"use": "sgd", "momentum": 0.0}, {"use": "sgd", "momentum": 0.9}, {"use": "adam"}]}
    result, ran = run(tuned(vary=vary), lambda arm, seed: 0.5 if "lr=" not in arm else 1 - float(arm[-1] == "1") / 2)
    assert [arm.name for arm in result.arms] == [arm.name for arm in tuned(vary=vary).design.arms()]
    assert len(ran) == 12 + 9
    assert all("lr" not in option for option in vary["optimizer"])


def test_designs_survive_their_file():
    study = tuned()
    result, _ = run(study)
    again = pb.Study.open(study.folder)
    assert again.design == result.design
    assert [dict(one.chosen) for one in again.result.tuning] == [dict(one.chosen) for one in result.tuning]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tune": {"optimizer.use": ["sgd", "adam"]}}, "tuned in every arm, and cannot be varied"),
        ({"tune": {"optimizer.momentum": "0..0.9"}}, "does not fit every arm"),
        ({"tune": "1..1e-3"}, "empty"),
        ({"tune": {}, "trials": 4}, "trials are of tuning"),
        ({"trials": 1}, "two trials or more"),
        ({"vary": None, "layout": "noise"}, "noise"),
    ],
)
def test_what_cannot_be_tuned_is_refused(more, said):
    with pytest.raises(StudyError, match=said):
        tuned(**more)


def test_functions_are_not_tuned():
    with pytest.raises(StudyError, match="arms of a recipe are tuned"):
        pb.Study(lambda config, seed: 1.0, vary={"lr": [1, 2]}, tune={"lr": "1..2"})
