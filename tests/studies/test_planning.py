"""From runs that are there to the seeds of a study that is not: which runs tell of it, and what they tell."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.small import BASE, GAINS, LR, TWO, TWO_BY_TWO, Heard, Scripted, by_arm, small

import paribus as pb
from paribus.errors import StudyError
from paribus.evidence import assured_seeds
from paribus.records.plan import Plan
from paribus.records.run import RunFolder, Status
from paribus.studies.executors.job import Job
from paribus.studies.planning import PILOT_FROM

pytestmark = pytest.mark.usefixtures("here")

DROPOUT = {"model.dropout": [0.0, 0.2]}
SD = float(np.std(GAINS, ddof=1))


class Informed(Scripted):
    """Runs that also tell of their data."""

    def finish(self, job: Job, value: float) -> None:
        job.folder.write_info({"overlap": 0.25, "sizes": {"train": 800, "val": 200}})
        super().finish(job, value)


def noisy(arm: str, seed: int) -> float:
    """An accuracy of its own for every arm and seed."""
    return 0.9 + 0.01 * float(np.random.default_rng([seed, *arm.encode()]).normal())


def trained(script: Any = noisy, **more: Any) -> pb.Study:
    study = small(**more)
    study.run(executor=Informed(script), listen=Heard())
    return study


def planned(study: pb.Study, **more: Any) -> Plan:
    return study.plan(executor="inprocess", listen=Heard(), **more)


def test_the_very_arms_tell_first():
    plan = planned(trained(by_arm(TWO), seeds=5))
    (source,), (comparison,) = plan.sources, plan.comparisons
    assert (source.kind, source.seeds, len(source.runs)) == ("these arms", 5, 10)
    assert comparison.spread.sd == pytest.approx(SD)
    assert comparison.spread.df == 4
    assert plan.seeds("these") == assured_seeds(0.01, comparison.spread)
    assert plan.seeds("like-these") == assured_seeds(0.01, comparison.spread, overlap=0.25)


def test_the_headline_is_the_wider_claim():
    study = trained(by_arm(TWO), seeds=5)
    assert planned(study).claim == "like-these"
    assert planned(study, claim="these").seeds() == planned(study).seeds("these")


def test_seeds_that_showed_the_spread_are_none_of_those_to_be_trained():
    plan = planned(trained(by_arm(TWO), seeds=5), delta=0.02)
    assert plan.used == (0, 1, 2, 3, 4)
    assert plan.fresh == tuple(range(5, 5 + plan.seeds()))


def test_other_comparisons_of_the_same_data_model_and_budget_tell_next():
    trained(seeds=6)
    plan = planned(small(DROPOUT), delta=0.09)
    (source,) = plan.sources
    assert (source.kind, source.about, source.seeds) == ("similar", "lr=0.1 − lr=0.05", 6)
    assert plan.used == ()
    assert plan.fresh == tuple(range(plan.seeds()))


def test_an_arm_alone_tells_as_if_pairing_took_nothing_off():
    trained(vary=None, seeds=6)
    plan = planned(small(DROPOUT))
    values = [noisy("base", seed) for seed in range(6)]
    assert plan.sources[0].kind == "single arm"
    assert plan.comparisons[0].spread.sd == pytest.approx(math.sqrt(2) * float(np.std(values, ddof=1)))


@pytest.mark.parametrize(
    "other",
    [{"budget.epochs": 2}, {"split.limit": 300}, {"chance.split": 0}, {"chance.initialisation": 0}],
    ids=str,
)
def test_runs_of_another_budget_split_or_chance_tell_nothing(other):
    trained(seeds=4, changes=other)
    with pytest.raises(StudyError, match="nothing is known"):
        planned(small(DROPOUT))


def test_of_another_model_neither():
    trained(vary={"model.use": ["mlp", "linear"]}, seeds=4)
    plan = planned(small(DROPOUT))
    assert {source.kind for source in plan.sources} == {"single arm"}


def test_where_nothing_is_known_it_says_what_it_needs():
    with pytest.raises(StudyError) as caught:
        planned(small(LR))
    assert "no finished runs of digits with mlp (classification)" in caught.value.rule
    assert "6 runs: --pilot 3" in caught.value.hint


def test_two_seeds_of_another_comparison_tell_nothing():
    trained(seeds=2)
    with pytest.raises(StudyError, match="nothing is known"):
        planned(small(DROPOUT))


def test_runs_that_were_taken_over_count_once():
    trained(seeds=5, name="first")
    trained(seeds=5, name="second")
    assert len(planned(small(DROPOUT)).sources) == 1


def test_damaged_and_unfinished_runs_tell_nothing():
    study = trained(seeds=5)
    folder = study.folder / "lr=0.1" / "seed-2"
    (folder / "metrics.jsonl").write_text("{}\n")
    RunFolder(study.folder / "lr=0.1" / "seed-3").write_status(Status(state="failed"))
    assert planned(study).sources[0].seeds == 3


def test_a_pilot_is_a_study_of_its_own_and_trained_once():
    executor = Informed(noisy)
    study = small(LR)
    plan = study.plan(pilot=3, executor=executor, listen=Heard())
    assert sorted({seed for _, seed in executor.ran}) == [PILOT_FROM, PILOT_FROM + 1, PILOT_FROM + 2]
    assert plan.used == (1000, 1001, 1002)
    assert plan.fresh is None or plan.fresh[0] == 0
    assert not study.folder.exists()
    assert len(executor.ran) == 6
    study.plan(pilot=3, executor=executor, listen=Heard())
    study.plan(pilot=2, executor=executor, listen=Heard())
    assert len(executor.ran) == 6
    study.plan(pilot=4, executor=executor, listen=Heard())
    assert len(executor.ran) == 8


def test_where_the_arms_have_as_many_seeds_no_pilot_is_trained():
    study = trained(seeds=3)
    plan = study.plan(pilot=3, executor=Scripted(lambda *_: pytest.fail("trained")), listen=Heard())
    assert plan.used == (0, 1, 2)


def test_two_seeds_of_a_pilot_are_taken_where_nothing_else_is_known():
    plan = small(LR).plan(pilot=2, executor=Informed(noisy), listen=Heard())
    assert plan.comparisons[0].spread.df == 1
    trained(DROPOUT and noisy, vary=DROPOUT, seeds=5)
    assert planned(small(LR)).sources[0].kind == "similar"


def test_a_pilot_whose_runs_did_not_finish_is_named():
    with pytest.raises(StudyError, match="the pilot shows no spread") as caught:
        small(LR).plan(pilot=3, executor=Informed(lambda *_: "failed"), listen=Heard())
    assert "paribus report digits-mlp--optimizer.lr--pilot" in caught.value.hint


def test_runs_that_agree_exactly_show_no_spread():
    study = small(LR, seeds=3, metric="val/loss")
    study.run(executor=Informed(lambda *_: 0.5, metric="val/loss"), listen=Heard())
    with pytest.raises(StudyError, match="6 finished runs that are alike, too few seeds or all equal"):
        planned(study)


def test_comparisons_share_the_error():
    three = {"optimizer.lr": [0.05, 0.1, 0.2]}
    plan = planned(trained(seeds=5, vary=three), claim="these")
    assert len(plan.comparisons) == 2
    for one in plan.comparisons:
        assert one.needs["these"].seeds == assured_seeds(0.01, one.spread, alpha=0.025)
    assert plan.seeds() == max(one.needs["these"].seeds for one in plan.comparisons)


def test_a_main_effect_averages_and_has_a_smaller_spread():
    trained(seeds=6, vary=DROPOUT)
    (alone,) = planned(small(LR)).comparisons
    main, _, interaction = planned(small(TWO_BY_TWO)).comparisons
    assert main.spread.sd == pytest.approx(alone.spread.sd / math.sqrt(2))
    assert interaction.spread.sd == pytest.approx(alone.spread.sd * math.sqrt(2))


def test_a_change_without_a_name_can_be_planned():
    trained(seeds=6)
    plan = planned(small(None))
    assert [one.label for one in plan.comparisons] == ["a change"]
    assert plan.sizes[0].runs == 2 * plan.sizes[0].seeds


def test_costs_come_from_the_runs():
    plan = planned(trained(by_arm(TWO), seeds=5))
    (ten,) = [size for size in plan.sizes if size.seeds == 10]
    assert (ten.runs, ten.processor_seconds, ten.seconds) == (20, 20.0, 20.0)  # a second each, one at a time
    executor = Informed(noisy)
    executor.workers = 8
    (ten,) = [size for size in small(LR).plan(executor=executor).sizes if size.seeds == 10]
    assert ten.seconds == 3.0


def test_below_the_floor_it_takes_more_data():
    plan = planned(trained(by_arm(TWO), seeds=5), delta=0.001)
    need = plan.comparisons[0].needs["like-these"]
    assert need.seeds is None
    assert need.floor > 0.001
    assert need.data == pytest.approx((need.floor / 0.001) ** 2)
    assert plan.fresh is None


def test_without_a_delta_it_says_what_seeds_show():
    script = {"lr=0.05": BASE, "lr=0.1": [b + g for b, g in zip(BASE, GAINS, strict=True)]}
    study = small(LR, seeds=5, metric="val/loss")
    study.run(executor=Informed(by_arm(script), metric="val/loss"), listen=Heard())
    plan = planned(study)
    assert plan.delta is None
    assert plan.seeds() is None
    assert all(size.detectable["these"] > 0 for size in plan.sizes)
    assert planned(study, delta=0.02).seeds("these") is not None


def test_a_fixed_split_says_nothing_of_other_data():
    study = trained(seeds=5, changes={"chance.split": 0})
    assert [*planned(study).comparisons[0].needs] == ["these"]
    with pytest.raises(StudyError, match="share one validation split"):
        planned(study, claim="like-these")


def test_planned_looks_take_more_seeds_at_most():
    plan = planned(trained(by_arm(TWO), seeds=5), delta=0.005, claim="these")
    assert plan.looks.sizes[-1] >= plan.seeds()
    assert 0.03 < plan.looks.level < 0.05


def test_a_noise_study_tells_where_the_spread_comes_from():
    trained(vary=None, layout="noise", seeds=6)
    trained(seeds=5)
    assert {part.stream for part in planned(small(LR)).noise} <= {"initialisation", "order", "noise", "split"}
    assert planned(small(LR)).noise
    with pytest.raises(StudyError, match="compares nothing"):
        planned(small(None, layout="noise"))


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0, 80])
def test_a_power_that_is_none_is_refused(power):
    with pytest.raises(StudyError, match="power is a probability"):
        planned(small(LR), power=power)


@pytest.mark.parametrize("seeds", [1, 0, -3])
def test_a_pilot_of_one_seed_is_refused(seeds):
    with pytest.raises(StudyError, match="two seeds or more"):
        planned(small(LR), pilot=seeds)
    assert not Path("runs").exists()


def test_the_record_is_data():
    plan = planned(trained(by_arm(TWO), seeds=5))
    assert plan.plain()["comparisons"][0]["needs"]["these"]["seeds"] == plan.seeds("these")
    assert "seeds in every arm" in repr(plan)


def train(config: dict[str, Any], seed: int) -> dict[str, float]:
    """A training of somebody's own."""
    draw = np.random.default_rng([seed, round(1000 * config["lr"])])
    return {"accuracy": 0.9 + 0.01 * float(draw.normal())}


def test_a_study_of_a_function_is_planned_from_its_own_runs_or_a_pilot():
    study = pb.Study(train, vary={"lr": [0.1, 0.2]}, metric="accuracy", overlap=0.25)
    with pytest.raises(StudyError, match="no finished runs of the arms of train--lr"):
        planned(study)
    plan = planned(study, pilot=3, delta="3pt")
    assert plan.used == (1000, 1001, 1002)
    assert plan.sources[0].kind == "these arms"
    assert plan.seeds("these") < (plan.seeds("like-these") or 1000)
    assert planned(study, delta="3pt") == plan
    other = pb.Study(train, vary={"lr": [0.1, 0.3]}, metric="accuracy")
    with pytest.raises(StudyError, match="no finished runs of the arms"):
        planned(other)


def test_a_function_whose_metric_is_not_named_gets_it_from_the_pilot():
    plan = planned(pb.Study(train, vary={"lr": [0.1, 0.2]}), pilot=3)
    assert plan.metric_name == "accuracy"
    assert plan.metric.percent


def test_a_function_keeps_its_metric_and_says_whether_splits_vary():
    study = pb.Study(train, vary={"lr": [0.1, 0.2]}, metric="accuracy")
    with pytest.raises(StudyError, match="has the metric that it was given"):
        planned(study, metric="loss", pilot=3)
    with pytest.raises(StudyError, match="nobody said that seeds draw their own"):
        planned(study, claim="like-these", pilot=3)


def test_runs_of_functions_tell_nothing_of_recipes():
    pb.Study(train, vary={"lr": [0.1, 0.2]}, metric="accuracy", seeds=4).run(executor="inprocess", listen=Heard())
    with pytest.raises(StudyError, match="nothing is known"):
        planned(small(LR))
