"""Faults of protocol, each planted into a small run or study, with the check that must find it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.optim import SGD

from paribus import files
from paribus.data.arrays import Data
from paribus.data.deliver.loader import Loader
from paribus.records import store
from paribus.records.parts import Part
from paribus.records.run import RunFolder
from paribus.records.time import Time
from paribus.run import Run
from paribus.studies.held_out import test_run
from paribus.study import Study
from paribus.tasks import evaluation
from paribus.testing.protocol import parts
from paribus.training import monitor, session, stopping
from paribus.training.monitor import no_listener

QUICK: Mapping[str, Any] = {"budget.epochs": 2, "training.precision": "fp32"}
DIGITS: Mapping[str, Any] = {**QUICK, "model.widths": [8], "split.limit": 300}


@dataclass(frozen=True)
class Fault:
    """A fault of protocol.

    Args:
        check: the one that must find it.
        about: what is wrong, in a few words.
        plant: makes a run or a study that has it, below a folder; returns its place.
    """

    check: str
    about: str
    plant: Callable[[Path], Path]


FAULTS: dict[str, Fault] = {}


def fault(check: str, about: str) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Enter a function into the table of faults, under its own name."""

    def enter(plant: Callable[[Path], Path]) -> Callable[[Path], Path]:
        FAULTS[plant.__name__.replace("_", "-")] = Fault(check, about, plant)
        return plant

    return enter


def trained(runs: Path, recipe: str = "digits/mlp", *, seed: int = 0, **fields: Any) -> RunFolder:
    """A small run that is trained."""
    changes = {name.replace("__", "."): value for name, value in fields.items()}
    run = Run(recipe, {**(DIGITS if recipe == "digits/mlp" and "model" not in changes else QUICK), **changes},
              seed=seed, runs=runs)  # fmt: skip
    run.train(threads=1, device="cpu", listen=no_listener)
    return run.folder


def compared(runs: Path, **more: Any) -> Path:
    """A small study of two arms and two seeds."""
    changes = {name: value for name, value in DIGITS.items() if name != "model.widths"}
    study = Study("digits/mlp", changes, vary={"optimizer.lr": [0.05, 0.02]}, seeds=2, runs=runs, **more)
    study.run(jobs=1, device="cpu")
    return study.folder


def _own(runs: Path, network: type[Any], **fields: Any) -> Path:
    return trained(runs, model=Part(network, **fields)).path


@fault("frozen", "a frozen norm stays in training mode")
def awake_norm(runs: Path) -> Path:
    """Its statistics move."""
    return _own(runs, parts.AwakeNet, freeze=["backbone.*"])


@fault("frozen", "the weights of a norm are frozen, its statistics are not")
def half_frozen_norm(runs: Path) -> Path:
    """The pattern names parameters alone."""
    return _own(runs, parts.HalfFrozenNet, freeze=["backbone.*.weight", "backbone.*.bias"])


@fault("frozen", "frozen weights are changed")
def drifting_weights(runs: Path) -> Path:
    """By the network itself."""
    return _own(runs, parts.DriftingNet, freeze=["backbone.*"])


@fault("evaluation", "examples are changed at random in evaluation")
def noisy_evaluation(runs: Path) -> Path:
    """By the task."""
    return trained(runs, task=Part(parts.NoisyEvaluation)).path


@fault("evaluation", "dropout stays on in evaluation")
def restless_dropout(runs: Path) -> Path:
    """A function of torch that was not told."""
    return _own(runs, parts.RestlessNet)


@fault("figures", "validation examples are mirrored before they are evaluated")
def augmented_validation(runs: Path) -> Path:
    """While training alone."""
    evaluate = evaluation.evaluate

    def mirrored(task: Any, network: Any, loader: Loader, split: str, between: Any) -> dict[str, float]:
        whole = loader.examples
        flipped = type(whole)(**{**vars(whole), "inputs": whole.inputs.flip(-1)})  # type: ignore[attr-defined]
        return evaluate(task, network, Loader(flipped, loader.rows, loader.batch_size, loader.device), split, between)

    with patch.object(session, "evaluate", mirrored):
        return trained(runs).path


@fault("learning rate", "the schedule is asked once an epoch, and counts steps")
def schedule_by_epoch(runs: Path) -> Path:
    """So it falls too late."""

    def time(plan: monitor.Plan, step: int) -> Time:
        return Time(step // plan.per_epoch, plan.epochs, 1)

    with patch.object(monitor.Plan, "time", time):
        return trained(runs, schedule="cosine", budget__epochs=4).path


@fault("learning rate", "the schedule is never asked")
def schedule_forgotten(runs: Path) -> Path:
    """The rate stays what it was."""

    def time(plan: monitor.Plan, step: int) -> Time:
        return Time(0, plan.steps, plan.per_epoch)

    with patch.object(monitor.Plan, "time", time):
        return trained(runs, schedule=Part("step", every=1)).path


def hotter(params: Any, lr: float = 0.05) -> torch.optim.Optimizer:
    """Ten times the rate that it is told.

    Args:
        lr: the learning rate.
    """
    return SGD(params, lr=10 * lr)


@fault("learning rate", "an optimizer takes another rate than it is given")
def hotter_optimizer(runs: Path) -> Path:
    """Ten times as much."""
    return trained(runs, optimizer=Part(hotter)).path


@fault("kept epoch", "the kept epoch is the best on training figures")
def chosen_by_training(runs: Path) -> Path:
    """As the recipe says."""
    return trained(runs, stopping=Part("patience", metric="train/loss")).path


@fault("kept epoch", "another epoch is kept than the best one")
def worst_kept(runs: Path) -> Path:
    """The rule is turned round while training."""
    observe = stopping.Patience.observe

    def turned(rule: Any, epoch: int, row: Mapping[str, Any], higher: Mapping[str, bool]) -> bool:
        return observe(rule, epoch, row, {name: not value for name, value in higher.items()})

    with patch.object(stopping.Patience, "observe", turned):
        return trained(runs, stopping=Part("patience", metric="val/loss"), budget__epochs=4).path


@fault("test", "the test was opened for two recipes on the same data")
def test_of_two_recipes(runs: Path) -> Path:
    """To see which is better."""
    folders = [trained(runs, optimizer__lr=rate) for rate in (0.05, 0.02)]
    for folder in folders:
        test_run(folder)
    return folders[0].path


@fault("test", "the test was opened before the training ended")
def test_before_the_end(runs: Path) -> Path:
    """By somebody's own script, which wrote it down."""
    folder = trained(runs)
    test_run(folder)
    _edit(folder.path / "test.json", opened=folder.status.heartbeat - 60)
    return folder.path


def _numbers(seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features and a number that they decide."""
    chance = np.random.default_rng(seed)
    inputs = chance.normal(size=(300, 5)).astype(np.float32)
    return inputs, (inputs[:, 0] + 0.3 * chance.normal(size=300) + 0.5).astype(np.float32)


NUMBERS: Mapping[str, Any] = {"recipe": "arrays/mlp"}


@fault("shapes", "(B, 1) less (B,) in a loss of one's own")
def spread_difference(runs: Path) -> Path:
    """All pairs are compared."""
    return trained(runs, **NUMBERS, data=Data(*_numbers()).part, task=Part(parts.SpreadLoss)).path


@fault("shapes", "(B, 1) against (B,) in a loss of torch")
def spread_mse(runs: Path) -> Path:
    """Which only warns."""
    return trained(runs, **NUMBERS, data=Data(*_numbers()).part, task=Part(parts.SpreadMse)).path


@fault("parts", "training examples validate too")
def overlapping_parts(runs: Path) -> Path:
    """Twenty of them."""
    return trained(runs, data=Part(parts.Handled, way="overlap")).path


@fault("groups", "examples of one patient are in two parts")
def torn_groups(runs: Path) -> Path:
    """Divided example by example."""
    return trained(runs, data=Part(parts.Handled, way="torn")).path


@fault("classes", "the parts are cut from rows that are sorted by class")
def sorted_classes(runs: Path) -> Path:
    """Some classes are only tested."""
    return trained(runs, data=Part(parts.Handled, way="sorted"), split__limit=None).path


@fault("preprocessing", "inputs are scaled by moments of all rows")
def fitted_on_all(runs: Path) -> Path:
    """The test among them."""
    return trained(runs, data=Part(parts.Handled, way="fitted")).path


@fault("copies", "test examples were trained on")
def copied_rows(runs: Path) -> Path:
    """Ten rows of a table."""
    inputs, targets = _numbers()
    held, truth = _numbers(1)
    held[:10], truth[:10] = inputs[:10], targets[:10]
    return trained(runs, **NUMBERS, data=Data(inputs, targets, test=(held, truth)).part, task="regression").path


def pictures(count: int = 240, side: int = 32, seed: int = 0) -> NDArray[np.uint8]:
    """Made-up pictures (N, H, W, 3): smooth blots; colours differ less than brightness, as in photographs."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        ground = Image.fromarray(chance.integers(0, 256, (5, 5, 3), dtype=np.uint8)).resize((side, side), Image.BICUBIC)  # type: ignore[attr-defined]
        fine = Image.fromarray(chance.integers(0, 256, (11, 11, 3), dtype=np.uint8)).resize((side, side), Image.BICUBIC)  # type: ignore[attr-defined]
        coloured = Image.blend(ground, fine, 0.4)
        found.append(np.asarray(Image.blend(coloured.convert("L").convert("RGB"), coloured, 0.5)))
    return np.stack(found)


def changed(picture: NDArray[np.uint8], how: str, chance: np.random.Generator) -> NDArray[np.uint8]:
    """A copy of a picture (H, W, 3): ``crop``, ``flip``, ``jpeg`` or ``brightness``."""
    image = Image.fromarray(picture)
    width, height = image.size
    if how == "crop":
        side = round(width * chance.uniform(0.8, 0.95))
        left, top = (int(chance.integers(0, width - side + 1)) for _ in range(2))
        image = image.crop((left, top, left + side, top + side)).resize((width, height), Image.BICUBIC)  # type: ignore[attr-defined]
    elif how == "flip":
        image = image.transpose(Image.FLIP_LEFT_RIGHT)  # type: ignore[attr-defined]
    elif how == "jpeg":
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=int(chance.integers(40, 85)))
        image = Image.open(stream)
    else:
        return np.clip(np.asarray(image) * chance.uniform(0.6, 1.4), 0, 255).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def _near(runs: Path, how: str) -> Path:
    seen, held = pictures(), pictures(60, seed=1)
    chance = np.random.default_rng(2)
    held[:6] = np.stack([changed(picture, how, chance) for picture in seen[:6]])
    labels = np.arange(300) % 2
    data = Data(seen, labels[:240], test=(held, labels[240:])).part
    return trained(runs, "arrays/cnn", data=data, model__widths=[4], budget__epochs=1).path


@fault("near copies", "test pictures were cut from training pictures")
def near_crop(runs: Path) -> Path:
    """And brought to the same size."""
    return _near(runs, "crop")


@fault("near copies", "test pictures are mirrored training pictures")
def near_flip(runs: Path) -> Path:
    """From left to right."""
    return _near(runs, "flip")


@fault("near copies", "test pictures are training pictures that were compressed again")
def near_jpeg(runs: Path) -> Path:
    """As JPEG."""
    return _near(runs, "jpeg")


@fault("near copies", "test pictures are brighter or darker training pictures")
def near_brightness(runs: Path) -> Path:
    """Values are cut off at 255."""
    return _near(runs, "brightness")


@fault("features", "a column of a table is the target in another unit")
def target_in_table(runs: Path) -> Path:
    """As in an export with a later diagnosis."""
    inputs, targets = _numbers()
    table = np.column_stack([inputs, 3 * targets + 1, targets])
    path = runs / "leak.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, table, delimiter=",", header="a,b,c,d,e,later,target", comments="", fmt="%.6f")
    return trained(runs, "table/regression", data=Part("table", path=str(path), target="target")).path


@fault("features", "a feature of an array is the target")
def target_in_array(runs: Path) -> Path:
    """In other units."""
    inputs, targets = _numbers()
    data = Data(np.column_stack([inputs, 2 * targets]), targets).part
    return trained(runs, **NUMBERS, data=data, task="regression").path


@fault("features", "a pixel says which class it is")
def label_in_pixel(runs: Path) -> Path:
    """As a mark in the corner does."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)
    images[:, 0, 0] = 20 * digits.target
    return trained(runs, data=Data(images, digits.target).part).path


@fault("features", "a column of a series knows what comes")
def future_in_series(runs: Path) -> Path:
    """It was moved back by three steps."""
    chance = np.random.default_rng(0)
    values = chance.normal(size=500).cumsum()
    path = runs / "series.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.datetime64("2024-01-01T00", "h") + np.arange(497)
    lines = [f"{time},{now:.6f},{later:.6f}" for time, now, later in zip(times, values, values[3:], strict=False)]
    path.write_text("\n".join(["time,load,plan", *lines]) + "\n")
    data = Part("series", path=str(path), targets=("load",), exogenous=("plan",), length=24, horizon=6)
    return trained(runs, "seasons/linear", data=data).path


@fault("time order", "windows of a series are dealt out at random")
def shuffled_windows(runs: Path) -> Path:
    """So that a window validates between two that train."""
    data = Part(parts.ShuffledSeasons, steps=400, length=24, horizon=6)
    return trained(runs, "seasons/linear", data=data).path


def _edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text())
    files.write_json(path, {**content, **changes})


def _runs(study: Path) -> list[RunFolder]:
    return [run.folder for run in store.runs_of(study)]


@fault("arms", "a run of one arm was trained with another momentum")
def other_recipe(runs: Path) -> Path:
    """Beside what is varied."""
    study = compared(runs)
    folder = _runs(study)[0]
    recipe = folder.read()["recipe"]
    recipe["optimizer"]["momentum"] = 0.5
    _edit(folder.path / "recipe.json", recipe=recipe)
    return study


@fault("data of arms", "one arm read other data")
def other_data(runs: Path) -> Path:
    """Or divided them in another way."""
    study = compared(runs)
    path = _runs(study)[0].path / "environment.json"
    began = json.loads(path.read_text())["began"]
    _edit(path, began={**began, "rows": {**began["rows"], "val": "0" * 16}})
    return study


@fault("computing of arms", "one arm ran in bfloat16")
def other_precision(runs: Path) -> Path:
    """The others in float32."""
    study = compared(runs)
    path = _runs(study)[0].path / "result.json"
    _edit(path, execution={**json.loads(path.read_text())["execution"], "precision": "bf16"})
    return study


@fault("computing of arms", "one arm ran with another version of torch")
def other_versions(runs: Path) -> Path:
    """After an update."""
    study = compared(runs)
    path = _runs(study)[0].path / "environment.json"
    packages = json.loads(path.read_text())["packages"]
    _edit(path, packages={**packages, "torch": "1.0"})
    return study


@fault("code of arms", "runs were trained by two versions of a network of one's own")
def other_code(runs: Path) -> Path:
    """One was edited in between."""
    study = compared(runs, model=Part(parts.Net))
    path = _runs(study)[0].path / "recipe.json"
    _edit(path, sources={"model.Net": "0" * 64})
    return study


@fault("budget of arms", "one arm was trained for longer")
def other_budget(runs: Path) -> Path:
    """By one epoch."""
    study = compared(runs)
    path = _runs(study)[0].path / "result.json"
    _edit(path, epochs=json.loads(path.read_text())["epochs"] + 1)
    return study


@fault("seeds", "a network draws its weights from a seed of its own")
def deaf_network(runs: Path) -> Path:
    """They are the same in every run."""
    return compared(runs, model=Part(parts.DeafNet))


def deaf(config: Mapping[str, Any], seed: int) -> Iterator[dict[str, float]]:
    """A training of one's own that does not use its seed."""
    chance = np.random.default_rng(0)
    for _ in range(6):
        yield {"accuracy": float(chance.uniform()) * config["share"]}


@fault("seeds", "a training of one's own does not use its seed")
def deaf_function(runs: Path) -> Path:
    """All of its seeds are one."""
    study = Study(deaf, vary={"share": [0.5, 0.6]}, seeds=2, metric="accuracy", runs=runs)
    study.run(jobs=1)
    return study.folder


@fault("test of arms", "the test was opened for two arms")
def test_of_two_arms(runs: Path) -> Path:
    """With a reason, and still."""
    study = compared(runs)
    for folder in _runs(study):
        if folder.seed == 0:
            test_run(folder, because="to see both")
    return study


@fault("test of arms", "seeds were added after the test was opened")
def test_before_more_seeds(runs: Path) -> Path:
    """So what it said may have decided."""
    study = compared(runs)
    first = _runs(study)[0]
    test_run(first)
    _edit(first.path / "test.json", opened=first.status.started - 1)
    return study


@contextmanager
def kept_parts() -> Iterator[None]:
    """Parts of one's own that faults register are gone behind it."""
    from paribus.records import parts as known

    before = known.registered()
    try:
        yield
    finally:
        for kind, entries in known._registered.items():
            entries.clear()
            entries.update(before[kind])
