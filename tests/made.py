"""Study results made up from known numbers, for whatever draws or prints them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from paribus import files
from paribus.evidence import (
    Spread,
    assured_difference,
    assured_seeds,
    mean_interval,
    smallest_difference,
    variance_components,
)
from paribus.records.claims import Claim
from paribus.records.metric import Metric
from paribus.records.plan import Comparison, Need, Plan, PlannedLooks, Size, Source
from paribus.records.result import ArmResult, Choice, Effect, StudyResult
from paribus.records.run import RunFolder, RunResult, State, Status
from paribus.records.study import Arm, StudyDesign
from paribus.studies.conclusions import mean_curves
from paribus.studies.effects import effects, ranking
from paribus.studies.looks import looks
from paribus.studies.measure import Measure, splits_vary, within

ACCURACY = Metric("accuracy", higher_is_better=True, percent=True, matters=0.01)
HOSTILE = "<script>alert('x')</script> \"quoted\" | a](javascript:alert(1)) `b` **c**"
DELTA = 0.005
SIZES = {"train": 1293, "val": 144, "test": 360}
EPOCHS = 12


def split_fixed() -> StudyResult:
    """All seeds share one validation split, so nothing is said about data like these."""
    return two_arms(recipe={"chance": {"split": 0}})


def apart() -> StudyResult:
    """The claims differ: what is shown for these data is not shown for data like these, and seeds will not show it."""
    return two_arms(seeds=10, gain=0.0025)


def two_arms(seeds: int = 5, gain: float = 0.02, **more: Any) -> StudyResult:
    """One factor with two values; the second one is better by ``gain``."""
    return study({"model.norm": ("none", "batch")}, seeds, [0.0, gain], **more)


def factorial() -> StudyResult:
    """Two values of one factor times three of another."""
    factors = {"model.norm": ("none", "batch"), "optimizer.lr": (0.01, 0.05, 0.2)}
    return study(factors, 5, [0.0, 0.012, -0.004, 0.015, 0.03, 0.002])


def over_n() -> StudyResult:
    """More and more examples, with and without norm: numbers over two decades."""
    factors = {"split.limit": (100, 300, 1000, 3000), "model.norm": ("none", "batch")}
    return study(factors, 5, [-0.2, -0.25, -0.1, -0.09, -0.04, -0.01, 0.0, 0.03])


def many_arms() -> StudyResult:
    """24 arms with long names."""
    rest = {"norm": "batch", "dropout": 0.25, "activation": "relu"}
    nets = tuple({"use": "cnn", "widths": [16 * place, 64, 128, 512], **rest} for place in range(1, 25))
    return study({"model": nets}, 3, [0.004 * (place % 7) - 0.002 * (place % 3) for place in range(24)])


def hostile() -> StudyResult:
    """Names and texts that try to break out of the page."""
    return study({"model.norm": ("none", HOSTILE)}, 3, [0.0, 0.01], texts=HOSTILE)


def diverged() -> StudyResult:
    """The second of three arms diverges for two seeds of five, the third always."""
    states = {(1, 1): "diverged", (1, 3): "diverged", **{(2, seed): "diverged" for seed in range(5)}}
    return study({"optimizer.lr": (0.05, 0.5, 5.0)}, 5, [0.0, 0.01, 0.0], states)


def failed() -> StudyResult:
    """A study on its way: runs that failed, run, crashed or never started."""
    states = {(0, 4): "failed", (1, 0): "running", (1, 2): "crashed", (1, 3): "new"}
    return study({"model.norm": ("none", "batch")}, 5, [0.0, 0.02], states)


def one_arm() -> StudyResult:
    """A study that compares nothing."""
    return study({}, 3, [0.0])


def nothing_yet() -> StudyResult:
    """A study of which no run has begun."""
    return study(
        {"model.norm": ("none", "batch")}, 3, [0.0, 0.0], {(arm, seed): "new" for arm in (0, 1) for seed in range(3)}
    )


def noise() -> StudyResult:
    """A noise study: initialisation and order matter, the rest hardly does."""
    made = study({}, 10, [0.0] * 6, layout="noise")
    spreads = {"initialisation": 0.006, "order": 0.004, "augmentation": 0.0012, "noise": 0.0, "split": 0.002}
    streams = {
        name: [random.Random(f"{name}{run}").gauss(0.94, sd) for run in range(10)] for name, sd in spreads.items()
    }
    total = [random.Random(f"all{run}").gauss(0.94, 0.0076) for run in range(10)]
    return replace(made, effects=(), noise=variance_components(streams, total))


def run_folder(path: Path, epochs: int = 6) -> RunFolder:
    """A folder of a finished run, or of one that has not begun."""
    recipe = {"data": {"use": "digits"}, "model": {"use": "cnn", "widths": [16, 32]}}
    about = {"format": 1, "name": "digits/cnn", "seed": 3, "metrics": {"accuracy": asdict(ACCURACY)}}
    files.write_json(path / "recipe.json", {**about, "recipe": recipe})
    run = RunFolder(path)
    for epoch in range(1, epochs + 1):
        fall = math.exp(-epoch / 2)
        figures = {"train/loss": 2.3 * fall, "val/loss": 2.3 * fall + 0.1, "val/accuracy": 0.96 - 0.7 * fall}
        run.append_metrics({"epoch": epoch, "step": 20 * epoch, "lr": 0.05, **figures, "seconds": 1.1 * epoch})
    if epochs:
        figures = {"val/loss": 0.214, "val/accuracy": 0.958}
        run.write_result(RunResult({**figures}, epochs, 20 * epochs, epochs, False, "ab" * 32, 38_000, 6.6, 1e4, 410.0))
        set_state(run, "finished")
    return run


def set_state(run: RunFolder, state: State, error: str = "") -> None:
    """Write down how the run stands."""
    run.write_status(Status(state=state, epoch=6, epochs=6, error=error))


def study(
    factors: Mapping[str, tuple[Any, ...]],
    seeds: int,
    gains: list[float],
    states: Mapping[tuple[int, int], str] = {},
    texts: str = "",
    recipe: Mapping[str, Any] = {},
    **design: Any,
) -> StudyResult:
    """A study whose arms are better than the first by the given gains, but for noise."""
    base = {"name": texts or "digits/cnn", "data": "digits", "model": {"use": "cnn", "widths": [16, 32]}, **recipe}
    plan = StudyDesign(name="made", recipe=base, factors=dict(factors), seeds=tuple(range(seeds)), **design)
    overlap = SIZES["val"] / SIZES["train"] if splits_vary(plan) else None
    measure = Measure("val/accuracy", ACCURACY, DELTA, 0.0, overlap, metrics={"accuracy": ACCURACY})
    arms = tuple(_arm(place, arm, plan, measure, gains[place], states, texts) for place, arm in enumerate(plan.arms()))
    return StudyResult(
        design=plan,
        metric_name="val/accuracy",
        metric=ACCURACY,
        delta=DELTA,
        arms=arms,
        effects=(found := effects(plan, arms, measure)),
        looks=looks(plan, arms, found),
        ranking=ranking(plan, arms, measure),
        claim=measure.claim(plan.claim),
        choices=_choices(plan, texts),
        environment=_environment(),
        data={
            "input_shape": (1, 8, 8),
            "classes": tuple("0123456789"),
            "sizes": SIZES,
            "overlap": overlap,
            "class_counts": (128, 131, 127, 132, 130, 131, 130, 129, 125, 130),
            "mean": (77.9,),
            "deviation": (95.9,),
            "decoding": {},
        },
        warnings=(f"arm {texts} is odd",) if texts else (),
        command=f"paribus study digits/cnn --vary {' '.join(factors)} --seeds {seeds}",
    )


def estimated(effect: Effect, **known: Any) -> Effect:
    """The effect, with something else known of the estimate that its verdict rests on."""
    return judged(effect, estimate=replace(effect.estimate, **known))


def judged(effect: Effect, **known: Any) -> Effect:
    """The effect, with something else known of its judgement."""
    return replace(effect, claims={**effect.claims, effect.claim: replace(effect.judged, **known)})


def _arm(
    place: int,
    arm: Arm,
    plan: StudyDesign,
    measure: Measure,
    gain: float,
    states: Mapping[tuple[int, int], str],
    texts: str,
) -> ArmResult:
    ends = {seed: states.get((place, seed), "finished") for seed in plan.seeds}
    values = {seed: _value(place, seed, gain) if state == "finished" else None for seed, state in ends.items()}
    present = [value for value in values.values() if value is not None]
    overlap = measure.overlap_of(measure.claim(plan.claim))
    shapes = {"train/loss": 0.9, "val/loss": 1.0, "train/accuracy": None, "val/accuracy": None}
    curves = {
        figure: tuple(_curve(place, seed, gain, loss, ends[seed]) for seed in plan.seeds)
        for figure, loss in shapes.items()
    }
    return ArmResult(
        name=arm.name,
        settings=arm.settings,
        states=ends,  # type: ignore[arg-type]
        values=values,
        level=within(mean_interval(present, plan.confidence, overlap=overlap), ACCURACY),
        stream=arm.stream,
        parameters=38_000 + 6_400 * place,
        seconds=8.1 + 1.7 * place if present else None,
        examples_per_second=14_200.0 - 300 * place if present else None,
        peak_memory_mb=410.0 + 12 * place if present else None,
        curves=curves,
        means=mean_curves(curves, list(ends.values()), plan.confidence, overlap, measure.metrics),  # type: ignore[arg-type]
        execution={"device": "cpu", "precision": "fp32", "layout": "channels_last", "threads": 1},
        errors={seed: texts or "the disk is full" for seed, state in ends.items() if state == "failed"},
    )


def _value(place: int, seed: int, gain: float) -> float:
    common = random.Random(seed).gauss(0, 0.006)
    return 0.941 + common + gain + random.Random(f"{place} {seed}").gauss(0, 0.003)


def _curve(place: int, seed: int, gain: float, loss: float | None, state: str) -> tuple[float | None, ...]:
    draw = random.Random(f"{place} {seed} {loss}")
    end = {"diverged": 4, "running": 6, "crashed": 8, "new": 0}.get(state, EPOCHS)
    final = _value(place, seed, gain)
    points: list[float | None] = []
    for epoch in range(1, end + 1):
        fall = math.exp(-epoch / 2.5) * draw.uniform(0.9, 1.1)
        points.append(final - 0.7 * fall if loss is None else loss * (2.0 * fall + 0.15 + 2 * (0.96 - final)))
        if state == "diverged" and loss:
            points[-1] = 2.3 * 4.0**epoch
    return (*points, *[None] * (EPOCHS - end))


def _choices(plan: StudyDesign, texts: str) -> tuple[Choice, ...]:
    fixed = (
        Choice("training.batch_size", "64", texts or "examples per update of the weights"),
        Choice("budget.epochs", "12", "passes over the training examples"),
        Choice("optimizer.momentum", "0.9", "share of the last step that is added to the next one"),
    )
    varied = [
        Choice(path, ", ".join(map(str, values)), "what is varied", True) for path, values in plan.factors.items()
    ]
    return (*varied, *fixed)


def _environment() -> dict[str, Any]:
    return {
        "python": "3.11.2",
        "packages": {"paribus": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6"},
        "platform": "Linux x86_64",
        "processor": "a processor",
        "cores": 4,
        "accelerator": None,
    }


def planned(label: str = "norm: batch − none", comparisons: int = 1, overlap: float | None = 0.43, **more: Any) -> Plan:
    """A plan from a pilot of three seeds."""
    design = StudyDesign(
        name="digits-cnn--norm", recipe={"name": "digits/cnn"}, factors={"model.norm": ("none", label)}
    )
    alpha = 0.05 / comparisons
    overlaps: dict[Claim, float] = {"these": 0.0, **({"like-these": overlap} if overlap else {})}
    spread = Spread(0.006, 2)
    needs: dict[Claim, Need] = {}
    for claim, one in overlaps.items():
        floor = smallest_difference(spread, alpha, overlap=one)
        found = assured_seeds(0.01, spread, alpha, overlap=one)
        needs[claim] = Need(found, 4, 200, floor, 23 if one else None, (floor / 0.01) ** 2 if one else None)
    sizes = tuple(
        Size(
            n,
            2 * n,
            20.0 * n,
            10.0 * n,
            {c: assured_difference(spread, n, alpha, overlap=o) for c, o in overlaps.items()},
        )
        for n in sorted({2, 3, 5, 10, 20, 50, *(need.seeds or 2 for need in needs.values())})
    )
    given: dict[str, Any] = {
        "design": design,
        "metric_name": "val/accuracy",
        "metric": ACCURACY,
        "delta": 0.01,
        "power": 0.8,
        "claim": [*overlaps][-1],
        "overlap": overlap,
        "comparisons": (Comparison(label, spread, needs),) * comparisons,
        "sizes": sizes,
        "looks": PlannedLooks((3, 6, 11, 20), 0.04),
        "sources": (Source("digits-cnn--norm--pilot", "its own arms", "these arms", 3, 0.006),),
        "used": (1000, 1001, 1002),
        "workers": 2,
    }
    return Plan(**{**given, **more})


STUDIES: Mapping[str, Callable[[], StudyResult]] = {
    "two claims": two_arms,
    "one claim": split_fixed,
    "two claims apart": apart,
    "factorial": factorial,
    "many arms": many_arms,
    "hostile": hostile,
    "diverged": diverged,
    "failed": failed,
    "one seed": lambda: two_arms(seeds=1),
    "one arm": one_arm,
    "nothing yet": nothing_yet,
    "noise": noise,
}
"""A study of every kind, for what must hold of each."""
