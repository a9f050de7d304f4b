"""What is concluded from run folders."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from statistics import fmean, variance
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.small import BASE, GAINS, TWO, TWO_BY_TWO, Heard, by_arm, small

import paribus as pb
from paribus import files
from paribus.records.run import RunFolder, Status
from paribus.reports import tables

pytestmark = pytest.mark.usefixtures("here")


def test_S1_the_effect_is_the_paired_t_interval(scripted):
    [effect] = small().run(executor=scripted(by_arm(TWO)), listen=Heard()).effects
    oracle = stats.ttest_rel(TWO["lr=0.1"], BASE)
    interval = oracle.confidence_interval(0.95)
    assert effect.label == "lr: 0.1 − 0.05"
    assert effect.estimate.value == pytest.approx(fmean(GAINS))
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((interval.low, interval.high))
    assert (effect.estimate.p, effect.p_adjusted) == pytest.approx((oracle.pvalue, oracle.pvalue))
    assert list(effect.estimate.per_seed) == pytest.approx(GAINS)
    assert effect.verdict.word == "better"


@pytest.mark.parametrize(
    ("metric", "word"), [("val/accuracy", "better"), ("train/accuracy", "better"), ("val/loss", "worse")]
)
def test_the_good_direction_is_that_of_the_metric(scripted, metric, word):
    result = small(metric=metric).run(executor=scripted(by_arm(TWO), metric), listen=Heard())
    assert (result.metric_name, result.effects[0].verdict.word) == (metric, word)
    assert result.delta == (0.01 if metric.endswith("accuracy") else None)


@pytest.mark.parametrize(("delta", "warned"), [("0.5pt", True), ("1pt", True), ("2pt", False)])
def test_one_validation_example_that_weighs_more_than_delta_is_warned_of(scripted, delta, warned):
    class Sized(scripted):
        def finish(self, job, value):
            super().finish(job, value)
            job.folder.write_info({"sizes": {"train": 140, "val": 60}})

    result = small(delta=delta).run(executor=Sized(by_arm(TWO)), listen=Heard())
    found = [warning for warning in result.warnings if warning.startswith("One validation example weighs 1.667 points")]
    assert bool(found) == warned


def test_an_arm_shows_itself_on_one_line(scripted):
    [arm, _] = small(seeds=2).run(executor=scripted(by_arm(TWO)), listen=Heard()).arms
    assert repr(arm) == "ArmResult('lr=0.05', 2\xa0finished, values={0: 0.9, 1: 0.92})"


def test_a_figure_is_that_of_the_epoch_whose_weights_were_kept(scripted):
    class Restored(scripted):
        def finish(self, job, value):
            super().finish(job, value)
            job.folder.append_metrics({"epoch": 2, "train/accuracy": 0.99})
            job.folder.write_result(job.folder.result)

    script = Restored(by_arm(TWO), "train/accuracy", metrics={"val/accuracy": 0.5}, best_epoch=1)
    assert list(small(metric="train/accuracy").run(executor=script, listen=Heard()).arms[0].values.values()) == BASE


def test_S1_main_effects_and_interactions_by_hand(scripted):
    grid = {(0.0, 0.05): 0.80, (0.0, 0.1): 0.82, (0.9, 0.05): 0.85, (0.9, 0.1): 0.93}
    wobble = [0.001, -0.002, 0.003]
    values = {f"momentum={m:g}, lr={lr:g}": [level + shift for shift in wobble] for (m, lr), level in grid.items()}
    values["momentum=0.9, lr=0.1"] = [0.93, 0.94, 0.92]
    result = small(TWO_BY_TWO, seeds=3).run(executor=scripted(by_arm(values)), listen=Heard())
    a, b, c, d = (np.array(of_arm) for of_arm in values.values())
    expected = {
        "momentum: 0.9 − 0": ("main", (c + d) / 2 - (a + b) / 2),
        "lr: 0.1 − 0.05": ("main", (b + d) / 2 - (a + c) / 2),
        "momentum: 0.9 − 0 × lr: 0.1 − 0.05": ("interaction", (d - c) - (b - a)),
    }
    assert [(effect.label, effect.kind) for effect in result.effects] == [(k, v[0]) for k, v in expected.items()]
    for effect, (_, differences) in zip(result.effects, expected.values(), strict=True):
        assert list(effect.estimate.per_seed) == pytest.approx(list(differences))
        assert effect.estimate.p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_S1_one_at_a_time_compares_each_arm_with_the_reference(scripted):
    levels = {"reference": 0.8, "momentum=0.9": 0.9, "lr=0.1": 0.7}
    script = scripted(lambda arm, seed: levels[arm] + seed / 1000)
    result = small(TWO_BY_TWO, layout="one-at-a-time", seeds=3).run(executor=script, listen=Heard())
    assert {effect.label: round(effect.estimate.value, 9) for effect in result.effects} == {
        "momentum: 0.9 − 0": 0.1,
        "lr: 0.1 − 0.05": -0.1,
    }


def test_S18_planted_spreads_are_told_apart(scripted):
    spreads = {"all streams": 5, "initialisation only": 3, "order only": 4}
    script = scripted(lambda arm, seed: 0.5 + spreads.get(arm, 0) * (seed % 5) / 1000)
    noise = small(None, layout="noise", seeds=5).run(executor=script, listen=Heard()).noise
    unit = variance([0, 0.001, 0.002, 0.003, 0.004])
    assert noise.total.value == pytest.approx(25 * unit)
    assert [part.share.value for part in noise.components] == pytest.approx([9 / 25, 16 / 25, 0, 0])


ENDS: list[tuple[list[Any], dict[str, Any]]] = [
    ([*BASE[:4], "failed"], {"n": 4, "diverged": 0, "complete": False, "warns": "1 of 10 runs did not finish"}),
    (
        [*BASE[:3], "killed", "crashed"],
        {"n": 3, "diverged": 0, "complete": False, "warns": "Not finished, 9 of 10 runs are over"},
    ),
    ([*BASE[:4], "diverged"], {"n": 4, "diverged": 1, "complete": True, "warns": "1 runs diverged"}),
]


@pytest.mark.parametrize(("values", "expected"), ENDS, ids=["failed", "killed", "diverged"])
def test_runs_that_are_missing_drop_their_pair_and_are_told(scripted, values, expected):
    result = small().run(executor=scripted(by_arm({**TWO, "lr=0.05": values})), listen=Heard())
    estimate = result.effects[0].estimate
    assert (estimate.n, estimate.diverged, result.complete) == (
        expected["n"],
        expected["diverged"],
        expected["complete"],
    )
    assert list(estimate.per_seed)[estimate.n :] == [None] * (5 - estimate.n)
    assert expected["warns"] in " ".join(result.warnings)
    assert set(result.arms[0].errors) == {seed for seed, value in enumerate(values) if isinstance(value, str)}


def test_an_arm_of_which_all_runs_failed_is_failed_with_its_reason(scripted):
    values = {**TWO, "lr=0.1": ["failed"] * 5}
    result = small().run(executor=scripted(by_arm(values)), listen=Heard())
    [effect] = result.effects
    assert effect.verdict.word == "failed"
    assert effect.conclusion.startswith("failed: all runs of lr=0.1")
    assert "undecided" not in str(effect)
    assert tables.effects(result).rows[0][-1] == effect.conclusion


def test_warnings(scripted):
    few = small(seeds=2).run(executor=scripted(by_arm(TWO)), listen=Heard())
    assert any("fewer than three seeds" in warning for warning in few.warnings)

    class Mixed(scripted):
        def finish(self, job, value):
            self.more = {"execution": {"device": "cpu", "threads": 1 + ("0.1" in job.arm)}}
            super().finish(job, value)

    mixed = small(runs="mixed").run(executor=Mixed(by_arm(TWO)), listen=Heard())
    assert any("different thread counts" in warning for warning in mixed.warnings)
    assert small(runs="plain").run(executor=scripted(by_arm(TWO)), listen=Heard()).warnings == ()


def test_a_figure_that_nobody_recorded_is_told(scripted):
    result = small(metric="train/macro_f1").run(executor=scripted(by_arm(TWO)), listen=Heard())
    assert any("No run recorded train/macro_f1; recorded are train/loss" in warning for warning in result.warnings)
    assert result.effects[0].verdict.word == "undecided"


def test_the_evidence_is_rebuilt_from_the_run_folders(scripted):
    study = small()
    result = study.run(executor=scripted(by_arm(TWO)), listen=Heard())
    written = json.loads((study.folder / "analysis.json").read_text())
    (study.folder / "analysis.json").unlink()
    assert pb.Study.open(study.folder).result == study.result
    assert pb.Study.open(study.folder).result.plain() == result.plain()
    assert json.loads(json.dumps(result.plain())) == written
    assert written["effects"][0]["judged"]["estimate"]["per_seed"] == pytest.approx(GAINS)


def test_a_study_on_its_way_can_be_looked_at(scripted):
    study = small(seeds=3)
    study.run(executor=scripted(by_arm(TWO)), listen=Heard())
    run = RunFolder(study.folder / "lr=0.1" / "seed-2")
    (run.path / "result.json").unlink()
    run.write_status(Status(state="interrupted"))
    result = study.result
    assert (result.arms[1].states[2], result.arms[1].values[2], result.effects[0].estimate.n) == (
        "interrupted",
        None,
        2,
    )


def test_the_interval_of_a_level_ends_where_the_metric_does_and_stays_unknown_where_it_is(scripted):
    near = small(None, seeds=3).run(executor=scripted(lambda arm, seed: 0.9 + 0.04 * seed), listen=Heard()).arms[0]
    assert near.level.high == 1.0
    assert [mean.high for mean in near.means["val/accuracy"]] == [1.0]
    alone = small(None, seeds=1, runs="alone").run(executor=scripted(lambda arm, seed: 0.9), listen=Heard()).arms[0]
    for found in (alone.level, alone.means["val/accuracy"][0]):
        assert (found.low, found.high) == (-math.inf, math.inf)


def test_one_arm_alone_has_a_level_and_no_effect(scripted):
    result = small(None).run(executor=scripted(lambda arm, seed: BASE[seed]), listen=Heard())
    assert (result.effects, result.arms[0].name) == ((), "base")
    interval = stats.t.interval(0.95, 4, fmean(BASE), stats.sem(BASE))
    assert (result.arms[0].level.low, result.arms[0].level.high) == pytest.approx(interval)


def test_S1_interim_analyses_know_the_step_of_the_metric_as_the_final_one_does(scripted):
    """In the main effects of two factors a step of the metric counts for half of it."""

    class Counted(scripted):
        def finish(self, job, value):
            super().finish(job, value)
            job.folder.write_info({"sizes": {"val": 100}})

    script = Counted(lambda arm, seed: 0.9 if "momentum=0.9" in arm else 0.8)  # no spread but that of rounding
    planned = small(TWO_BY_TWO, seeds=3, most=4).run(executor=script, listen=Heard())
    fixed = small(TWO_BY_TWO, seeds=3, runs="fixed").run(executor=script, listen=Heard())
    spreads = [[effect.estimate.sd for effect in result.effects] for result in (planned, fixed)]
    assert spreads[0] == spreads[1] == pytest.approx([0.005 / math.sqrt(12)] * 2 + [0.01 / math.sqrt(12)])


def test_each_file_of_a_run_is_read_once(scripted, monkeypatch):
    study = small(seeds=3)
    study.run(executor=scripted(by_arm(TWO)), listen=Heard())
    read: list[Path] = []
    for name in ("read_json", "read_lines"):
        original = getattr(files, name)
        monkeypatch.setattr(files, name, lambda path, original=original: read.append(path) or original(path))
    assert study.result.complete
    assert Counter(Path(path).name for path in read) == {
        "status.json": 6,
        "result.json": 6,
        "metrics.jsonl": 6,
        "study.json": 1,
    }
