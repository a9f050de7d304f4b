"""The executor that trains runs together: what it fuses, what it does not, and that nothing else can be told apart."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.small import Heard, small

from paribus.data.prepare import prepared
from paribus.errors import Interrupted, StudyError
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.studies.executors import make
from paribus.studies.executors.fused import BY_ITSELF, FusedPool
from paribus.studies.executors.job import Job
from paribus.studies.executors.together import Together
from paribus.testing.executors import QUICK, ExecutorContract, Ran, Record, plan, recipe
from paribus.training.loop import train


def always(workers: int = 1, **more) -> FusedPool:
    """It fuses whatever can be fused, be it quicker or not."""
    return FusedPool(workers, "cpu", measured=False, **more)


def assert_close(folder: RunFolder, other: RunFolder) -> None:
    weights = load_file(other.weights)
    for name, tensor in load_file(folder.weights).items():
        torch.testing.assert_close(tensor, weights[name], rtol=1e-3, atol=1e-4)


@pytest.mark.slow
class TestAlwaysFused(ExecutorContract, make=lambda: always(own=True)):
    """The contract where everything is fused that can be; only bits, and what one call for all prints, are others."""

    def test_results_do_not_depend_on_the_executor(self, ran: Ran, tmp_path: Path) -> None:
        for job in [*ran.jobs["good"], *ran.jobs["mlp"]]:
            assert isinstance(job.recipe, Recipe)
            alone = RunFolder(tmp_path / job.arm / str(job.seed))
            train(alone, job.recipe, job.seed, QUICK)
            assert job.folder.result
            assert job.folder.result.execution["together"] >= 2
            assert_close(job.folder, alone)

    def test_R6_asked_to_stop_it_saves_and_can_go_on(self, tmp_path: Path) -> None:
        jobs = plan(tmp_path / "here", recipe({"budget.epochs": 60}), seeds=(0, 1, 2, 3))
        with pytest.raises(Interrupted):
            self.run(jobs, Record(at_progress=lambda: os.kill(os.getpid(), signal.SIGTERM)))
        assert self.run(jobs).ends() == ["finished"] * 4
        for job in jobs:
            alone = RunFolder(tmp_path / "alone" / str(job.seed))
            train(alone, job.recipe, job.seed, QUICK)
            assert_close(job.folder, alone)

    def test_what_a_job_prints_is_in_its_log(self, ran: Ran) -> None:
        """What is said in steps is said once for all, in the log of the first of them."""
        assert ran.printed == ""
        assert "said by a library" in (ran.jobs["print"][0].path / "log.txt").read_text()
        assert [(job.path / "log.txt").read_text() for job in ran.jobs["good"]] == ["", ""]


SEEDS = 4


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Two rates and two norms with four seeds each, fused and by the pool."""
    root, found = tmp_path_factory.mktemp("studies"), {}
    for name, executor in (("fused", always(2)), ("pool", make("pool", 2, "cpu"))):
        heard = Heard()
        made = small(
            {"optimizer.lr": [0.05, 0.1], "model.norm": ["none", "batch"]},
            seeds=SEEDS,
            runs=root / name,
            changes={"budget.epochs": 2},
        )
        found[name] = made, made.run(executor=executor, device="cpu", listen=heard), heard, executor
    return found


def test_a_study_is_what_it_is_with_the_pool(studies):
    fused, pool = studies["fused"], studies["pool"]
    assert fused[2].count("finished") == pool[2].count("finished") == 4 * SEEDS
    for one, other in zip(fused[1].effects, pool[1].effects, strict=True):
        assert one.estimate.value == pytest.approx(other.estimate.value, abs=1e-3)
    assert fused[3].reasons == {}


def test_every_run_was_one_of_those_of_its_graph(studies):
    study = studies["fused"][0]
    for arm in study.design.arms():
        for seed in range(SEEDS):
            folder = RunFolder(study.folder / arm.slug / f"seed-{seed}")
            assert folder.result.execution["together"] == SEEDS  # of two rates, half for each of two workers
            other = RunFolder(studies["pool"][0].folder / arm.slug / f"seed-{seed}")
            assert_close(folder, other)


def test_on_a_processor_short_runs_go_to_the_pool(tmp_path):
    executor = FusedPool(2, "cpu")
    made = small(seeds=3, runs=tmp_path)
    heard = Heard()
    made.run(executor=executor, device="cpu", listen=heard)
    assert heard.count("started") == heard.count("finished") == 6
    assert len(executor.reasons) == 6
    assert all("fewer than finding out is worth" in why for why in executor.reasons.values())


def job(tmp_path, number=0, **changes):
    made = Recipe.load("digits/mlp", {name.replace("__", "."): value for name, value in changes.items()})
    return Job("arm", number, made, tmp_path / str(number), QUICK)


def groups(executor, jobs):
    from paribus.studies.executors.fused import _Going

    return [
        [it.seed for it in one.members] if isinstance(one, Together) else one.seed
        for one in _Going(executor, jobs, print, False).ready
    ]


def test_runs_of_one_graph_are_shared_out_among_workers(tmp_path):
    jobs = [job(tmp_path, number) for number in range(5)]
    assert groups(always(2), jobs) == [[0, 2, 4], [1, 3]]
    assert groups(FusedPool(1, "cpu"), jobs) == [[0, 1, 2, 3, 4]]


def test_each_graph_has_groups_of_its_own_and_who_is_alone_says_so(tmp_path):
    executor = FusedPool(1, "cpu")
    norms = ["none", "batch", "none", "batch", "layer"]
    jobs = [job(tmp_path, number, model__norm=norm) for number, norm in enumerate(norms)]
    assert sorted(map(str, groups(executor, jobs))) == ["4", "[0, 2]", "[1, 3]"]
    assert executor.reasons == {("arm", 4): BY_ITSELF}


def test_other_settings_are_other_groups(tmp_path):
    one = job(tmp_path)
    two = replace(one, seed=1, settings=replace(one.settings, until=1))
    assert groups(FusedPool(1, "cpu"), [one, two]) == [0, 1]


def test_runs_that_cut_their_batches_alike_are_one_group(tmp_path):
    executor = FusedPool(1, "cpu")
    jobs = [job(tmp_path, number, training__accumulate=pieces) for number, pieces in enumerate((2, 1, 2))]
    assert sorted(map(str, groups(executor, jobs))) == ["1", "[0, 2]"]
    assert executor.reasons == {("arm", 1): BY_ITSELF}


def test_no_width_is_refused():
    with pytest.raises(StudyError, match="at least one run"):
        FusedPool(1, "cpu", width=0)


def test_runs_of_a_process_share_one_copy_of_the_data_on_a_device(monkeypatch):
    part = Recipe.load("digits/mlp").data
    monkeypatch.setattr(prepared, "_fits", lambda nbytes, device: True)
    prepared.share(part)
    try:
        made = [prepared.prepare(it, it.seeds(seed)) for seed in (0, 1) for it in [Recipe.load("digits/mlp")]]
        one, two = (found.on("meta").examples for found in made)
        assert one is two
    finally:
        prepared.forget()
    alone = prepared.prepare(Recipe.load("digits/mlp"), Recipe.load("digits/mlp").seeds(0))
    assert alone.on("meta").examples is not alone.on("meta").examples
