"""The study as people meet it: what is trained, what is never trained again, and what is concluded."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import fmean, variance
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

import paribus as pb
from paribus.chance import STREAMS
from paribus.errors import DataError, EvidenceError, Interrupted, ParibusError, RecipeError, RunError, StudyError
from paribus.progress import silent
from paribus.records.run import RunFolder, Status
from paribus.studies.executors.job import Event

QUICK = {"model.widths": [8], "budget.epochs": 1, "split.limit": 200, "training.precision": "fp32"}
LR = {"optimizer.lr": [0.05, 0.1]}
TWO_BY_TWO = {"optimizer.momentum": [0.0, 0.9], "optimizer.lr": [0.05, 0.1]}


def small(vary=LR, **more: Any) -> pb.Study:
    """A study that trains in a moment."""
    return pb.Study("digits/mlp", vary, changes={**QUICK, **more.pop("changes", {})}, **more)


class Heard(list[Event]):
    """A listener that keeps what it hears."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    def count(self, kind: str) -> int:  # type: ignore[override]
        return sum(event.kind == kind for event in self)


pytestmark = pytest.mark.usefixtures("here")


# --- what arms share -------------------------------------------------------------------------------------------------


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
    study = pb.Study(recipe, vary, **more)
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


# --- designs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "arms"),
    [
        (
            "factorial",
            ["momentum=0, lr=0.05", "momentum=0, lr=0.1", "momentum=0.9, lr=0.05", "momentum=0.9, lr=0.1"],
        ),
        ("one-at-a-time", ["momentum=0, lr=0.05", "momentum=0.9, lr=0.05", "momentum=0, lr=0.1"]),
    ],
)
def test_layouts(layout, arms):
    assert [arm.name for arm in small(TWO_BY_TWO, layout=layout).design.arms()] == arms


@pytest.mark.parametrize(
    ("streams", "fixed", "expected"),
    [
        (None, {}, ["all streams", *(f"{stream} only" for stream in WITHOUT_AUGMENTATION)]),
        (None, {"augment.flip": True}, ["all streams", *(f"{stream} only" for stream in STREAMS)]),
        (["order"], {}, ["all streams", "order only"]),
        (None, {"chance.split": 3}, ["all streams", "initialisation only", "order only", "noise only"]),
    ],
)
def test_streams_of_a_noise_study(streams, fixed, expected):
    study = small({"chance": streams} if streams else None, layout="noise", changes=fixed)
    assert [arm.name for arm in study.design.arms()] == expected
    if "chance.split" in fixed:  # what the recipe holds stays where it is held
        assert {study.design.recipe_of(arm).chance.split for arm in study.design.arms()} == {3}


class Wide(nn.Module):
    def __init__(self, num_classes: int, width: int = 4) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, num_classes))

    def forward(self, inputs):
        return self.layers(inputs)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["mlp", Wide], ["mlp", "Wide"]),
        ([pb.Part("mlp", widths=[8]), pb.Part(Wide, width=5)], ["mlp(widths=[8])", "Wide(width=5)"]),
    ],
)
def test_models_of_ones_own_are_arms_beside_shipped_ones(values, names):
    study = pb.Study("digits/mlp", {"model": values}, changes={"budget.epochs": 1}, seeds=1)
    result = study.run(jobs=2, listen=Heard())
    assert [arm.name for arm in result.arms] == [f"model={name}" for name in names]
    assert result.complete
    assert result.arms[1].parameters == {"Wide": 310, "Wide(width=5)": 385}[names[1]]
    assert pb.Study.open(study.folder).design == study.design  # it can be written and read


@pytest.mark.parametrize("values", [np.array([0.05, 0.1]), torch.tensor([0.25, 0.5]), range(1, 3), np.arange(1, 3)])
def test_values_may_come_in_any_sequence(values):
    factors = small({"budget.epochs" if "int" in str(np.asarray(values).dtype) else "optimizer.lr": values}).design
    assert json.loads(factors.model_dump_json())["factors"] == {
        path: [float(value) for value in values] for path in factors.factors
    }


def test_values_that_differ_never_read_the_same():
    names = [arm.name for arm in small({"optimizer.lr": [0.1, 0.1 + 1e-9, 1e-7]}).design.arms()]
    assert names == ["lr=0.1", "lr=0.100000001", "lr=1e-07"]


REFUSED: list[tuple[dict[str, Any], type[ParibusError], str]] = [
    ({"vary": {"optimizer.lr": [0.1, 0.1]}}, StudyError, "same recipe\n.*lr=0.1 and lr=0.1"),
    ({"vary": {"model.norm": ["none", "none"]}}, StudyError, "same recipe"),
    ({"vary": {"about": ["a", "b"]}}, StudyError, "same recipe"),
    ({"vary": {"model.widths": [["a/b"], ["a-b"]]}}, RecipeError, "widths"),
    ({"vary": {"optimizer.lr": []}}, StudyError, "at least one value"),
    ({"vary": {"optimizer.lr": 0.1}}, StudyError, "are a list"),
    ({"vary": {"optimizer.use": "sgd"}}, StudyError, "are a list"),
    ({"vary": {"optimizer.rate": [1]}}, RecipeError, "available: lr"),
    ({"vary": {"optimiser.lr": [1]}}, RecipeError, "did you mean 'optimizer'"),
    ({"seeds": 0}, StudyError, "seeds"),
    ({"seeds": [1, 1]}, StudyError, "seeds must differ"),
    ({"delta": -0.1}, StudyError, "delta must be greater than 0\n  received: -0.1"),
    ({"confidence": 95}, StudyError, "confidence"),
    ({"layout": "latin"}, StudyError, "one-at-a-time"),
    ({"metric": "val/acuracy"}, StudyError, "did you mean 'val/accuracy'.*val/loss.*val/macro_f1"),
    ({"metric": "accuracy"}, StudyError, "did you mean 'val/accuracy'"),
    ({"metric": "test/accuracy"}, StudyError, "no such figure"),
    ({"layout": "noise"}, StudyError, "varies chance and nothing else\n.*optimizer.lr"),
    ({"layout": "noise", "vary": {"chance": ["ordr"]}}, StudyError, "did you mean 'order'"),
    ({"layout": "noise", "vary": {"chance": []}}, StudyError, "needs a stream"),
    ({"layout": "noise", "vary": None, "most": 9}, StudyError, "decides nothing"),
    ({"seeds": 5, "most": 3}, EvidenceError, "from 5 to 3 seeds"),
]


@pytest.mark.parametrize(("design", "error", "says"), REFUSED, ids=[str(design) for design, _, _ in REFUSED])
def test_designs_that_can_answer_nothing_are_refused(design, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        small(**design)
    assert not Path("runs").exists()


def test_arms_that_would_share_a_folder_are_refused():
    class Texts(Wide):
        def __init__(self, num_classes: int, text: str = "") -> None:
            super().__init__(num_classes)

    with pytest.raises(StudyError, match=r"share a folder\n.*text=a/b and text=a-b"):
        pb.Study("digits/mlp", {"model.text": ["a/b", "a-b"]}, changes={"model": pb.Part(Texts)})


# --- trained once ----------------------------------------------------------------------------------------------------


def test_a_finished_study_is_not_trained_again():
    first, second = Heard(), Heard()
    before = small(seeds=2).run(jobs=2, listen=first)
    after = small(seeds=2).run(jobs=1, listen=second)
    assert (first.count("finished"), second.count("known"), len(second)) == (4, 4, 4)
    assert after.plain() == before.plain()


def test_a_finished_study_needs_neither_data_nor_models(monkeypatch):
    small(seeds=1).run(listen=Heard())
    monkeypatch.setattr("paribus.data.prepare.prepared.prepare", lambda *_: pytest.fail("opened the data"))
    assert small(seeds=1).run(listen=Heard()).complete


def test_adding_seeds_trains_only_those(scripted):
    script = scripted(lambda arm, seed: 0.5 + seed / 10)
    small(seeds=2).run(executor=script, listen=Heard())
    result = small(seeds=[0, 1, 7]).run(executor=script, listen=Heard())
    assert [seed for _, seed in script.ran] == [0, 0, 1, 1, 7, 7]
    assert list(result.arms[0].values) == [0, 1, 7]
    assert result.design.extended == (2,)
    assert any("looked at before, with 2 seeds" in warning for warning in result.warnings)


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
    with pytest.raises(RunError, match="another recipe"):
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


# --- interrupted, killed, failed -------------------------------------------------------------------------------------


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
    assert any("did not finish" in warning for warning in study.result.warnings)
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
study = pb.Study("digits/mlp", {"optimizer.lr": [0.05, 0.1]}, changes=changes, seeds=8)
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
    assert 3 <= len(done) < 16
    states: list[str] = ["running"]
    while "running" in states:  # until the system has buried the workers
        states = [RunFolder(path.parent).status.state for path in folder.glob("*/*/recipe.json")]
    assert "crashed" in states
    study = small(seeds=8, changes={"budget.epochs": 60})
    assert study.run(jobs=2, listen=Heard()).complete
    assert {path: path.stat().st_mtime_ns for path in done} == done
    small(seeds=8, changes={"budget.epochs": 60}, runs="smooth").run(jobs=2, listen=Heard())
    assert hashes(folder) == hashes(Path("smooth") / folder.name)


class Fragile(Wide):
    """Args: breaks: whether training it fails."""

    def __init__(self, num_classes: int, breaks: bool = False) -> None:
        super().__init__(num_classes)
        self.breaks = breaks

    def forward(self, inputs):
        if self.breaks:
            raise RuntimeError("it broke")
        return super().forward(inputs)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_arm_that_fails_is_reported_and_the_study_goes_on(jobs):
    study = pb.Study(
        "digits/mlp", {"model.breaks": [True, False]}, changes={"model": pb.Part(Fragile), "budget.epochs": 1}, seeds=2
    )
    result = study.run(jobs=jobs, listen=Heard())
    broken, whole = result.arms
    assert (broken.count("failed"), whole.count("finished")) == (2, 2)
    assert ["it broke" in broken.errors[seed] for seed in (0, 1)] == [True, True]
    assert not result.complete
    assert "2 of 4 runs did not finish" in " ".join(result.warnings)
    assert whole.curves["val/loss"][0] != ()
    assert result.effects[0].verdict.word == "undecided"


def test_R7_an_arm_that_diverges_stays_in_the_table_with_its_count():
    class Exploding(Wide):
        def __init__(self, num_classes: int, explodes: bool = False) -> None:
            super().__init__(num_classes)
            self.factor = math.inf if explodes else 1.0

        def forward(self, inputs):
            return super().forward(inputs) * self.factor

    changes = {"model": pb.Part(Exploding), "budget.epochs": 1}
    study = pb.Study("digits/mlp", {"model.explodes": [False, True]}, changes=changes, seeds=3)
    result = study.run(listen=Heard())
    arm, effect = result.arms[1], result.effects[0]
    assert (arm.count("diverged"), set(arm.values.values()), result.complete) == (3, {None}, True)
    assert (effect.diverged, effect.verdict.word, effect.verdict.text) == (3, "diverged", "diverged in 3 of 3 seeds")
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
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path))
    monkeypatch.setattr("paribus.cache.download.fetch", unreachable)
    script = scripted(lambda *_: 0.5)
    study = pb.Study(recipe, vary, seeds=1)
    with pytest.raises(ParibusError, match=says):
        study.run(executor=script, listen=Heard())
    assert script.ran == []
    assert not study.folder.exists()  # the name stays free for the corrected design


def unreachable(*_):
    raise DataError("there is no network")


def test_fail_fast_is_heeded_by_the_study_too(scripted):
    script = scripted(lambda arm, seed: "failed")
    result = small(seeds=2, most=9).run(executor=script, listen=Heard(), fail_fast=True)
    assert len(script.ran) == 4  # no seeds are added while runs fail
    assert result.arms[0].errors == {0: "made failed", 1: "made failed"}


# --- until decided ---------------------------------------------------------------------------------------------------


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
    assert study.design.looks == (2, 3, 6, 10)
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


def test_S19_a_plan_of_looks_cannot_be_changed_after_looking(scripted):
    script = scripted(planted(0.0, 0.05))
    small(seeds=2, most=4).run(executor=script, listen=Heard())
    for other in (small(seeds=2, most=8), small(seeds=6)):
        with pytest.raises(StudyError, match="looks are planned before"):
            other.run(executor=script, listen=Heard())
    kept = small(seeds=2)
    assert kept.run(executor=script, listen=Heard()).design.looks == (2, 3, 4)
    assert len(script.ran) == 8


# --- conclusions -----------------------------------------------------------------------------------------------------

BASE = [0.90, 0.92, 0.89, 0.93, 0.91]
GAINS = [0.020, 0.025, 0.018, 0.022, 0.030]


def by_arm(values: dict[str, list[Any]]) -> Callable[[str, int], Any]:
    return lambda arm, seed: values[arm][seed]


TWO = {"lr=0.05": BASE, "lr=0.1": [value + gain for value, gain in zip(BASE, GAINS, strict=True)]}


def test_S1_the_effect_is_the_paired_t_interval(scripted):
    [effect] = small().run(executor=scripted(by_arm(TWO)), listen=Heard()).effects
    oracle = stats.ttest_rel(TWO["lr=0.1"], BASE)
    interval = oracle.confidence_interval(0.95)
    assert effect.label == "lr: 0.1 − 0.05"
    assert effect.estimate.value == pytest.approx(fmean(GAINS))
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((interval.low, interval.high))
    assert (effect.estimate.p, effect.p_adjusted) == pytest.approx((oracle.pvalue, oracle.pvalue))
    assert list(effect.differences.values()) == pytest.approx(GAINS)
    assert effect.verdict.word == "better"


@pytest.mark.parametrize(
    ("metric", "word"), [("val/accuracy", "better"), ("train/accuracy", "better"), ("val/loss", "worse")]
)
def test_the_good_direction_is_that_of_the_metric(scripted, metric, word):
    result = small(metric=metric).run(executor=scripted(by_arm(TWO), metric), listen=Heard())
    assert (result.metric_name, result.effects[0].verdict.word) == (metric, word)
    assert result.delta == (0.01 if metric.endswith("accuracy") else None)


def test_a_figure_is_that_of_the_epoch_whose_weights_were_kept(scripted):
    class Restored(scripted):
        def finish(self, job, value):
            super().finish(job, value)
            job.folder.append_metrics({"epoch": 2, "train/accuracy": 0.99})

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
        assert list(effect.differences.values()) == pytest.approx(list(differences))
        assert effect.estimate.p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_S1_one_at_a_time_compares_each_arm_with_the_reference(scripted):
    levels = {"momentum=0, lr=0.05": 0.8, "momentum=0.9, lr=0.05": 0.9, "momentum=0, lr=0.1": 0.7}
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
    ([*BASE[:3], "killed", "crashed"], {"n": 3, "diverged": 0, "complete": False, "warns": "2 of 10 runs"}),
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
    assert list(result.effects[0].differences.values())[estimate.n :] == [None] * (5 - estimate.n)
    assert expected["warns"] in " ".join(result.warnings)
    assert set(result.arms[0].errors) == {seed for seed, value in enumerate(values) if isinstance(value, str)}


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
    assert written["effects"][0]["differences"] == pytest.approx({str(i): gain for i, gain in enumerate(GAINS)})


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


def test_one_arm_alone_has_a_level_and_no_effect(scripted):
    result = small(None).run(executor=scripted(lambda arm, seed: BASE[seed]), listen=Heard())
    assert (result.effects, result.arms[0].name) == ((), "base")
    interval = stats.t.interval(0.95, 4, fmean(BASE), stats.sem(BASE))
    assert (result.arms[0].level.low, result.arms[0].level.high) == pytest.approx(interval)


def test_a_live_table_is_the_default_listener(scripted, capsys):
    small(seeds=1).run(executor=scripted(by_arm(TWO)))
    said = capsys.readouterr().err.splitlines()
    assert [line.split("]")[0] for line in said] == ["[1/2", "[2/2"]
    assert silent("", 0, 0) is None
