"""What is trained, what is never trained again, and when seeds are added."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.small import LR, QUICK, TWO, Heard, Wide, by_arm, small
from torch import nn

import paribus as pb
from paribus.chance import STREAMS
from paribus.errors import DataError, Interrupted, ParibusError, StudyError
from paribus.records.inputs import Inputs
from paribus.records.run import RunFolder
from paribus.studies.executors.job import Event
from paribus.studies.runner import choose_executor, judge_anew
from paribus.training.execution import Settings

pytestmark = pytest.mark.usefixtures("here")


class Witness(nn.Module):
    """Prints fingerprints of its first weights and of every batch; a run's log then tells what the run was given.

    Args:
        scale: a option that changes nothing that is drawn.
    """

    def __init__(self, num_classes: int, scale: float = 1.0) -> None:
        super().__init__()
        self.linear, self.scale, self.seen = nn.Linear(64, num_classes), scale, 0

    def forward(self, inputs):
        if self.training:
            if not self.seen:
                print("weights", hash_of(self.linear.weight))
            print("batch", *(hash_of(example) for example in inputs))
        self.seen += 1
        return self.scale * self.linear(inputs.flatten(1))


def hash_of(tensor: torch.Tensor) -> int:
    return hash(tensor.detach().numpy().tobytes())


def given(study: pb.Study) -> dict[tuple[str, int], dict[str, Any]]:
    """What each run was given: its first weights, its examples, and their order."""
    found = {}
    for arm, seed in product(study.design.arms(), study.design.seeds):
        lines = [
            line.split() for line in (study.folder / arm.slug / f"seed-{seed}" / "log.txt").read_text().splitlines()
        ]
        order = [word for kind, *words in lines if kind == "batch" for word in words]
        found[arm.name, seed] = {"weights": lines[0][1], "examples": sorted(order), "order": order}
    return found


def witness(vary, **more: Any) -> pb.Study:
    recipe = pb.Recipe.load("digits/mlp", {"model": pb.Part(Witness), "budget.epochs": 1, "split.limit": 200})
    study = pb.Study(recipe, vary=vary, **more)
    study.run(jobs=2, listen=Heard())
    return study


needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="hashes agree between forked workers only")


@needs_fork
def test_S1_the_same_seed_gives_all_arms_the_same_weights_examples_and_order():
    study = witness({"model.scale": [1.0, 0.5], "optimizer.lr": [0.05, 0.1]}, seeds=2)
    runs = given(study)
    for seed in (0, 1):
        first, *others = [runs[arm.name, seed] for arm in study.design.arms()]
        assert len(others) == 3
        assert all(other == first for other in others)
    arm = study.design.arms()[0].name
    assert all(runs[arm, 0][what] != runs[arm, 1][what] for what in ("weights", "examples", "order"))


WITHOUT_AUGMENTATION = [stream for stream in STREAMS if stream != "augmentation"]  # nothing is augmented
VARIES = {
    "all streams": {"weights", "examples", "order"},
    "initialisation only": {"weights"},
    "order only": {"order"},
    "noise only": set(),
    "split only": {"examples", "order"},
}


@needs_fork
def test_S18_a_noise_study_varies_one_stream_at_a_time():
    study = witness(None, layout="noise", seeds=2)
    runs = given(study)
    for arm, expected in VARIES.items():
        one, other = runs[arm, 0], runs[arm, 1]
        assert {what for what in one if one[what] != other[what]} == expected, arm
    noise = study.result.noise
    assert [component.stream for component in noise.components] == WITHOUT_AUGMENTATION
    assert noise.components[WITHOUT_AUGMENTATION.index("noise")].variance.value == 0  # nothing in it is random
    assert study.result.effects == ()


def test_a_study_is_refused_where_torchrun_has_started_several_processes(monkeypatch):
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StudyError, match="torchrun starts the processes of one run"):
        small(LR).run(jobs=1)


def test_a_finished_study_is_not_trained_again():
    first, second = Heard(), Heard()
    before = small(seeds=2).run(jobs=2, listen=first)
    after = small(seeds=2).run(jobs=1, listen=second)
    assert (first.count("finished"), second.count("known"), len(second)) == (4, 4, 4)
    assert after.plain() == before.plain()


def test_a_finished_study_needs_neither_data_nor_models(monkeypatch):
    small(seeds=1).run(listen=Heard())
    monkeypatch.setattr("paribus.studies.design.Check.__call__", refuse)
    assert small(seeds=1).run(listen=Heard()).complete
    with pytest.raises(DataError, match="opened"):  # which a study with something to train does
        small(seeds=2).run(listen=Heard())


def test_what_runs_read_is_looked_at_once_for_an_arm(scripted, monkeypatch):
    asked = []
    read = lambda data, recipe, seed: asked.append(recipe) or Inputs(data)  # noqa: E731
    monkeypatch.setattr("paribus.studies.runner.with_files", read)
    study = small(seeds=8)
    study.run(executor=scripted(lambda *_: 0.5), listen=Heard())
    assert len(asked) <= 3 * len(study.design.arms())  # not once for each run


def refuse(*_, **__):
    raise DataError("it was opened")


def test_adding_seeds_trains_only_those(scripted):
    script = scripted(lambda arm, seed: 0.5 + seed / 10)
    small(seeds=2).run(executor=script, listen=Heard())
    result = small(seeds=[0, 1, 7]).run(executor=script, listen=Heard())
    assert [seed for _, seed in script.ran] == [0, 0, 1, 1, 7, 7]
    assert list(result.arms[0].values) == [0, 1, 7]
    assert result.design.extended == (2,)
    assert any("looked at before, with 2 seeds" in warning for warning in result.warnings)


def test_by_what_a_study_was_judged_before_is_remembered_and_said(scripted):
    script = scripted(lambda arm, seed: 0.5 + seed / 10)
    for delta in ("1pt", "1pt", "2pt", 0.02):
        study = small(seeds=2, delta=delta)
        result = study.run(executor=script, listen=Heard())
    assert [(one.metric, one.delta, one.seeds) for one in result.design.judged] == [("val/accuracy", 0.01, 2)]
    said = "judged before by val/accuracy for these data with δ = 1.00 points, 95 % confidence and 2 seeds."
    assert any(said in warning for warning in pb.Study.open(study.folder).result.warnings)
    other = small(seeds=2, metric="val/loss", confidence=0.9).run(executor=script, listen=Heard())
    assert [(one.metric, one.delta) for one in other.design.judged] == [("val/accuracy", 0.01), ("val/accuracy", 0.02)]


@pytest.fixture
def sampled(scripted):
    """Runs whose seeds each draw their own validation split."""

    class Sampled(scripted):
        def finish(self, job, value):
            super().finish(job, value)
            job.folder.write_info({"sizes": {"train": 140, "val": 60}, "overlap": 60 / 140})

    return Sampled


def test_another_claim_after_a_look_is_remembered_and_said(sampled):
    study = small()
    first = study.run(executor=sampled(by_arm(TWO)), listen=Heard())
    assert (first.claim, first.design.judged) == ("like-these", ())
    anew = judge_anew(study.folder, "these")
    assert (anew.claim, anew.effects[0].claim) == ("these", "these")
    assert anew.effects[0].claims == first.effects[0].claims
    assert [one.claim for one in anew.design.judged] == ["like-these"]
    said = "judged before by val/accuracy for data like these with δ = 1.00 points, 95 % confidence and 5 seeds. Who"
    assert any(said in warning for warning in pb.Study.open(study.folder).result.warnings)
    assert json.loads((study.folder / "analysis.json").read_text())["effects"][0]["claim"] == "these"
    assert judge_anew(study.folder, "these").design == anew.design
    back = study.run(executor=sampled(by_arm(TWO)), listen=Heard())
    assert (back.claim, [one.claim for one in back.design.judged]) == ("like-these", ["like-these", "these"])


def test_the_claim_that_stands_anyway_is_no_other_judgement(sampled, scripted):
    small().run(executor=sampled(by_arm(TWO)), listen=Heard())
    assert small(claim="like-these").run(executor=sampled(by_arm(TWO)), listen=Heard()).design.judged == ()
    fixed = small(runs="fixed")  # runs that share their validation split
    fixed.run(executor=scripted(by_arm(TWO)), listen=Heard())
    assert judge_anew(fixed.folder, "these").design.judged == ()


def test_a_claim_that_cannot_be_made_is_refused_and_changes_nothing(scripted):
    study = small()
    study.run(executor=scripted(by_arm(TWO)), listen=Heard())
    before = {path.name: path.read_bytes() for path in study.folder.glob("*.json")}
    with pytest.raises(StudyError, match="all seeds share one validation split here"):
        judge_anew(study.folder, "like-these")
    assert {path.name: path.read_bytes() for path in study.folder.glob("*.json")} == before
    with pytest.raises(StudyError, match="all seeds share one validation split here"):
        small(claim="like-these", metric="val/macro_f1", changes={"chance.split": 0})
    with pytest.raises(StudyError, match="claim"):
        small(claim="those")


def test_what_a_study_leaves_to_the_task_is_no_other_judgement(scripted):
    script = scripted(lambda arm, seed: 0.5 + seed / 10)
    small(seeds=2).run(executor=script, listen=Heard())
    result = small(seeds=3, metric="val/accuracy", delta="1pt").run(executor=script, listen=Heard())
    assert result.design.judged == ()


def test_a_study_keeps_the_weights_that_it_is_asked_for():
    study = small(seeds=1)
    study.run(jobs=1, keep="last", listen=Heard())
    assert all(list((path / "kept").glob("epoch-*.safetensors")) for path in study.folder.glob("*/seed-0"))
    with pytest.raises(ParibusError, match="what is kept is none, best, last"):
        study.check(keep="sometimes")


def test_runs_of_other_studies_and_single_runs_are_taken_over():
    alone = pb.Run("digits/mlp", {**QUICK, "optimizer.lr": 0.1}, seed=1)
    hash_alone = alone.train(threads=1).weights_sha256
    small(name="other", seeds=1).run(listen=Heard())
    heard = Heard()
    study = small({"optimizer.lr": [0.1, 0.05, 0.2]}, seeds=2)
    study.run(jobs=2, listen=heard)
    known = {(event.job.arm, event.job.seed) for event in heard if event.kind == "known"}
    assert known == {("lr=0.1", 1), ("lr=0.1", 0), ("lr=0.05", 0)}
    copy = RunFolder(study.folder / "lr=0.1" / "seed-1")
    assert copy.result.weights_sha256 == hash_alone
    assert copy.weights.read_bytes() == alone.folder.weights.read_bytes()


@pytest.mark.parametrize("left", [("recipe.json",), ("recipe.json", "result.json", "weights.safetensors")])
def test_R1_half_a_copy_by_an_earlier_version_blocks_no_study(left):
    """A kill while a finished run was copied left a folder without a status; each study of it then failed."""
    whole = small(seeds=1, name="whole")
    expected = whole.run(jobs=1, listen=Heard()).arms[0].values
    half = Path("runs", "half", "lr=0.05", "seed-0")
    half.mkdir(parents=True)
    for name in left:
        shutil.copy(whole.folder / "lr=0.05" / "seed-0" / name, half)
    (half.parent / ".tmp-0123456789abcdef").write_text("half")
    os.utime(half.parent / ".tmp-0123456789abcdef", (1e9, 1e9))
    for name in ("half", "another"):
        heard = Heard()
        assert small(seeds=1, name=name).run(jobs=1, listen=heard).arms[0].values == expected
        assert (heard.count("known"), heard.count("started")) == (2, 0)
    assert not (half.parent / ".tmp-0123456789abcdef").exists()


@pytest.mark.parametrize(
    ("file", "left_out"),
    [
        (name, name != "status.json")
        for name in ("result.json", "metrics.jsonl", "recipe.json", "info.json", "status.json")
    ],
)
def test_R32_a_damaged_run_is_named_and_left_out_with_the_way_to_mend_it(file, left_out):
    study = small(seeds=2)
    before = study.run(jobs=1, listen=Heard())
    damaged = study.folder / "lr=0.05" / "seed-1"
    (damaged / file).write_text("[]\n")
    seen = pb.Study.open(study.folder).result
    assert not seen.complete  # so the command ends with an exit code of its own
    assert seen.arms[0].values == {0: before.arms[0].values[0], 1: None}
    assert str(damaged) in seen.warnings[0]
    assert ("delete the folder and train again" in seen.warnings[0]) == left_out
    again = small(seeds=2).run(jobs=1, listen=Heard())
    assert (again.arms[0].values == seen.arms[0].values) == left_out  # or it was mended
    assert again.arms[1].values == before.arms[1].values
    if left_out:
        shutil.rmtree(damaged)
        again = small(seeds=2).run(jobs=1, listen=Heard())
    assert again.arms[0].values == before.arms[0].values
    assert not any("damaged" in warning for warning in again.warnings)


def test_R1_leftovers_in_a_finished_run_go_when_its_study_is_run_again():
    study = small(seeds=1)
    study.run(jobs=1, listen=Heard())
    leftover = study.folder / "lr=0.05" / "seed-0" / ".tmp-0123456789abcdef"
    leftover.write_text("half")
    os.utime(leftover, (1e9, 1e9))
    small(seeds=1).run(jobs=1, listen=Heard())
    assert not leftover.exists()


def test_seeds_that_follow_a_fixed_stream_are_another_run():
    one = pb.Run("digits/mlp", QUICK)
    other = pb.Run("digits/mlp", {**QUICK, "chance.order": 0})
    assert one.recipe.identity != other.recipe.identity


def test_another_design_under_the_same_name_is_refused(scripted):
    script = scripted(lambda *_: 0.5)
    small(name="mine").run(executor=script, listen=Heard())
    for other in (small({"optimizer.lr": [0.05, 0.2]}, name="mine"), small(name="mine", changes={"budget.epochs": 2})):
        with pytest.raises(StudyError, match="another recipe or other factors"):
            other.run(executor=script, listen=Heard())
    assert len(script.ran) == 10


def test_a_class_that_was_edited_is_another_recipe(scripted):
    def study(depth: int) -> pb.Study:
        source = f"class Net(Wide):\n    depth = {depth}\n    def forward(self, x): return self.layers(x) * {depth}\n"
        space: dict[str, Any] = {"Wide": Wide, "__name__": __name__}
        exec(source, space)
        return pb.Study("digits/mlp", changes={"model": pb.Part(space["Net"])}, seeds=1, name="mine")

    script = scripted(lambda *_: 0.5)
    study(1).run(executor=script, listen=Heard())
    study(1).run(executor=script, listen=Heard())
    with pytest.raises(StudyError, match=r"the code of model\.Net"):
        study(2).run(executor=script, listen=Heard())
    assert len(script.ran) == 1


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"format": 99}, "format 1\n.*99"),
        ({"seeds": []}, "study.json is damaged: seeds"),
        ({"surprise": 1}, "study.json is damaged"),
    ],
)
def test_a_study_file_that_cannot_be_read_is_refused(scripted, damage, says):
    study = small(seeds=1)
    study.run(executor=scripted(lambda *_: 0.5), listen=Heard())
    file = study.folder / "study.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **damage}))
    for use in (lambda: pb.Study.open(study.folder), lambda: small(seeds=1).run(listen=Heard())):
        with pytest.raises(StudyError, match=f"(?s){says}"):
            use()


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match="not a study folder"):
        pb.Study.open(tmp_path)


@pytest.mark.parametrize("jobs", [1, 2])
def test_R6_an_interrupted_study_goes_on_and_ends_as_if_nothing_had_been(jobs):
    longer = {"budget.epochs": 60}
    ask: list[int] = []

    def interrupt(event: Event) -> None:
        if event.kind == "progress" and event.job.seed == 1 and not ask:
            ask.append(1)
            os.kill(os.getpid(), signal.SIGINT)

    study = small(seeds=2, changes=longer)
    with pytest.raises(Interrupted):
        study.run(jobs=jobs, listen=interrupt)
    assert not study.result.complete
    assert any(warning.startswith("Not finished, ") for warning in study.result.warnings)
    heard = Heard()
    after = small(seeds=2, changes=longer).run(jobs=jobs, listen=heard)
    assert after.complete
    assert after.design.extended == ()
    assert heard.count("known") + heard.count("finished") == 4
    assert heard.count("known") >= 1
    smooth = small(seeds=2, changes=longer, runs="smooth").run(jobs=jobs, listen=Heard())
    assert [arm.values for arm in after.arms] == [arm.values for arm in smooth.arms]
    assert hashes(study.folder) == hashes(Path("smooth") / study.folder.name)


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): json.loads(path.read_text())["weights_sha256"] for path in results(folder)}


def results(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*/result.json"))


KILLED = """
import paribus as pb
changes = {"model.widths": [8], "budget.epochs": 60, "split.limit": 200, "training.precision": "fp32"}
study = pb.Study("digits/mlp", vary={"optimizer.lr": [0.05, 0.1]}, changes=changes, seeds=5)
study.run(jobs=2, checkpoint_seconds=0.05, listen=lambda event: print(event.kind, flush=True))
"""


@pytest.mark.slow
def test_R12_a_study_killed_with_all_its_workers_goes_on():
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    heard = Counter[str]()
    for line in process.stdout:  # type: ignore[union-attr]
        heard[line.strip()] += 1
        if heard["finished"] >= 3 and line.strip() == "progress":
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    folder = Path("runs/digits-mlp--optimizer.lr")
    done = {path: path.stat().st_mtime_ns for path in results(folder)}
    assert 3 <= len(done) < 10
    states: list[str] = ["running"]
    while "running" in states:  # until the system has buried the workers
        states = [RunFolder(path.parent).status.state for path in folder.glob("*/*/recipe.json")]
    assert "crashed" in states
    study = small(seeds=5, changes={"budget.epochs": 60})
    assert study.run(jobs=2, listen=Heard()).complete
    assert {path: path.stat().st_mtime_ns for path in done} == done
    small(seeds=5, changes={"budget.epochs": 60}, runs="smooth").run(jobs=2, listen=Heard())
    assert hashes(folder) == hashes(Path("smooth") / folder.name)


class Fragile(Wide):
    """Args: breaks: whether training it fails, once it goes on for more than a few passes."""

    def __init__(self, num_classes: int, breaks: bool = False) -> None:
        super().__init__(num_classes)
        self.breaks, self.passes = breaks, 0

    def forward(self, inputs):
        self.passes += 1
        if self.breaks and self.passes > 3:
            raise RuntimeError("it broke")
        return super().forward(inputs)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_arm_that_fails_is_reported_and_the_study_goes_on(jobs):
    study = pb.Study(
        "digits/mlp",
        vary={"model.breaks": [True, False]},
        changes={"model": pb.Part(Fragile), "budget.epochs": 1},
        seeds=2,
    )
    result = study.run(jobs=jobs, listen=Heard())
    broken, whole = result.arms
    assert (broken.count("failed"), whole.count("finished")) == (2, 2)
    assert ["it broke" in broken.errors[seed] for seed in (0, 1)] == [True, True]
    assert not result.complete
    assert "2 of 4 runs did not finish" in " ".join(result.warnings)
    assert whole.curves["val/loss"][0] != ()
    assert result.effects[0].conclusion.startswith("failed: all runs of breaks=true: RuntimeError: it broke")


def test_R7_an_arm_that_diverges_stays_in_the_table_with_its_count():
    class Exploding(Wide):
        def __init__(self, num_classes: int, explodes: bool = False) -> None:
            super().__init__(num_classes)
            self.factor = math.inf if explodes else 1.0

        def forward(self, inputs):
            return super().forward(inputs) * self.factor

    changes = {"model": pb.Part(Exploding), "budget.epochs": 1}
    study = pb.Study("digits/mlp", vary={"model.explodes": [False, True]}, changes=changes, seeds=3)
    result = study.run(listen=Heard())
    arm, effect = result.arms[1], result.effects[0]
    assert (arm.count("diverged"), set(arm.values.values()), result.complete) == (3, {None}, True)
    assert (effect.estimate.diverged, effect.verdict.word) == (3, "diverged")
    assert effect.conclusion == "diverged in 3 of 3 seeds"
    assert "3 runs diverged" in " ".join(result.warnings)
    heard = Heard()
    study.run(listen=heard)
    assert (heard.count("known"), len(heard)) == (6, 6)


@pytest.mark.parametrize(
    ("recipe", "vary", "says"),
    [
        ("digits/cnn", {"model.widths": [[8], [8] * 9]}, "8×8|widths|pool"),  # too deep for small pictures
        ("digits/mlp", {"training.batch_size": [64, 5000]}, "batch_size must not exceed"),
        ("mnist/mlp", LR, "no network"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_trained(recipe, vary, says, monkeypatch, tmp_path, scripted):
    for where in ("DATA", "CACHE"):  # another test may have left decoded pictures in the cache that all share
        monkeypatch.setenv(f"PARIBUS_{where}", str(tmp_path / where))
    monkeypatch.setattr("paribus.cache.download.fetch", unreachable)
    script = scripted(lambda *_: 0.5)
    study = pb.Study(recipe, vary=vary, seeds=1)
    with pytest.raises(ParibusError, match=says):
        study.run(executor=script, listen=Heard())
    assert script.ran == []
    assert not study.folder.exists()  # the name stays free for the corrected design


def unreachable(*_):
    raise DataError("there is no network")


def test_fail_fast_stops_the_study_too(scripted):
    script = scripted(lambda arm, seed: "failed")
    result = small(seeds=2, most=9).run(executor=script, listen=Heard(), fail_fast=True)
    assert len(script.ran) == 4  # no seeds are added while runs fail
    assert result.arms[0].errors == {0: "made failed", 1: "made failed"}


def planted(gain: float, noise: float) -> Callable[[str, int], float]:
    """Two arms, the second better by ``gain``, give or take ``noise``."""
    return lambda arm, seed: 0.8 + 0.01 * seed + ("0.1" in arm) * (gain + noise * (-1) ** seed)


@pytest.mark.parametrize(
    ("gain", "noise", "seeds", "word"),
    [(0.1, 0.0001, 3, "better"), (-0.1, 0.02, 6, "worse"), (0.01, 0.05, 10, "undecided")],
)
def test_S19_seeds_are_added_until_decided(scripted, gain, noise, seeds, word):
    script = scripted(planted(gain, noise))
    study = small(seeds=2, most=10, delta=0.001)
    assert study.design.interim == (2, 3, 6, 10)
    result = study.run(executor=script, listen=Heard())
    assert result.effects[0].verdict.word == word
    assert len(result.design.seeds) == seeds
    assert len(script.ran) == 2 * len(result.design.seeds)
    assert (result.design.extended, pb.Study.open(study.folder).design) == ((), study.design)
    small(seeds=2, most=10, delta=0.001).run(executor=script, listen=Heard())
    assert len(script.ran) == 2 * len(result.design.seeds)  # decided is decided


def test_S19_added_seeds_never_replace_chosen_ones(scripted):
    result = small(seeds=[7, 1], most=4).run(executor=scripted(planted(0.0, 0.05)), listen=Heard())
    assert result.design.seeds == (7, 1, 0, 2)


def test_S19_planned_analyses_cannot_be_changed_after_looking(scripted):
    script = scripted(planted(0.0, 0.05))
    small(seeds=2, most=4).run(executor=script, listen=Heard())
    for other in (small(seeds=2, most=8), small(seeds=6)):
        with pytest.raises(StudyError, match="looks are planned before"):
            other.run(executor=script, listen=Heard())
    kept = small(seeds=2)
    assert kept.run(executor=script, listen=Heard()).design.interim == (2, 3, 4)
    assert len(script.ran) == 8


@pytest.mark.parametrize("threads", [1, 2])
def test_figures_do_not_depend_on_how_many_runs_train_at_a_time(threads, monkeypatch):
    """Nor on the cores of the machine: every run of a study has as many threads as the study says."""
    monkeypatch.setattr("paribus.training.execution.THREADS_PAY", 0)
    monkeypatch.setattr("paribus.training.execution.cores", lambda: 3)
    found = {}
    for jobs in (1, 2):
        study = small(changes={"model.widths": [64, 64]}, seeds=2, runs=f"runs-{jobs}")
        study.run(jobs=jobs, threads=threads, listen=Heard())
        results = [RunFolder(path.parent).result for path in sorted(study.folder.glob("*/*/result.json"))]
        assert {result.execution["threads"] for result in results} == {threads}
        found[jobs] = [result.weights_sha256 for result in results]
    assert found[1] == found[2]
    assert len(set(found[1])) == 4


def test_several_threads_a_run_leave_fewer_workers(monkeypatch):
    monkeypatch.setattr("paribus.studies.runner.cores", lambda: 8)
    assert choose_executor(None, None, Settings("cpu", 3)).workers == 2
    assert choose_executor(None, 5, Settings("cpu", 3)).workers == 5
    assert not choose_executor(None, None, Settings("cpu", 5)).isolated
