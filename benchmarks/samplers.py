"""Samplers against random search at equal budget: on a table of real trainings, and on made ones with noise.

``python -m benchmarks.samplers`` trains the table (once; it is kept), then repeats every search on it, each with a seed
of its own, and prints how good the entry is that a search would choose.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paribus.chance import key
from paribus.evidence import mean_interval
from paribus.files import write_json
from paribus.records.recipe import Recipe
from paribus.records.search import Trial
from paribus.search import Tune
from paribus.studies.search.samplers import Choosing
from paribus.studies.search.space import Space

LEARNING = {
    "optimizer.lr": [float(f"{10 ** (-3 + i / 3):.3g}") for i in range(10)],
    "optimizer.momentum": [0.0, 0.5, 0.8, 0.9, 0.95],
    "training.batch_size": [16, 32, 64, 128],
}
"""200 points; every sampler sees the rates as an ordered range of ten positions."""

Table = Mapping[tuple[int, ...], float]


def trained(runs: Path) -> dict[tuple[int, ...], float]:
    """Validation accuracy of a small network on the digits at every point, by positions."""
    place = runs / "samplers.json"
    if not place.exists():
        quick = {"model.widths": [16], "budget.epochs": 3, "training.precision": "fp32"}
        search = Tune(
            "digits/mlp", quick, search=LEARNING, sampler="grid", trials=200, confirm=0, runs=runs, name="table"
        )
        found = search.run(device="cpu")
        points = [
            ([LEARNING[path].index(value) for path, value in trial.settings.items()], trial.value)  # type: ignore[attr-defined]
            for trial in found.trials
        ]
        write_json(place, points)
    return {tuple(at): 0.1 if value is None else value for at, value in json.loads(place.read_text())}


def made() -> dict[tuple[int, ...], float]:
    """A table with one best entry, in which the fields depend on each other: 1 less the squared distance from it."""
    shape = [len(values) for values in LEARNING.values()]
    best = np.array([6, 3, 1])
    scale = np.array([3.0, 2.0, 2.0])

    def value(at: tuple[int, ...]) -> float:
        away = (np.array(at) - best) / scale
        return float(1 - away @ away / 4 - 0.2 * away[0] * away[1])

    return {at: value(at) for at in np.ndindex(*shape)}


def regret(table: Table, sampler: str, trials: int, seed: int, noise: float) -> float:
    """How far the chosen entry, the one with the best figure, lies below the best of the table."""
    shape = [len(values) for values in LEARNING.values()]
    space = Space.of(
        Recipe.load("digits/mlp"),
        {
            "budget.epochs": range(1, shape[0] + 1),
            "budget.steps": range(1, shape[1] + 1),
            "split.limit": range(100, 100 + shape[2]),
        },
    )
    choose = Choosing(space, sampler, seed, True, trials)  # type: ignore[arg-type]
    known: list[Trial] = []
    best = (-np.inf, 0.0)
    for number in range(trials):
        settings = choose(number, known)
        epochs, steps, limit = settings.values()
        true = table[epochs - 1, steps - 1, limit - 100]
        seen = true + noise * _normal(seed, epochs, steps, limit)
        best = max(best, (seen, true))
        known.append(Trial(number, settings, "finished", seen, 1, (seen,)))
    return max(table.values()) - best[1]


def _normal(*names: Any) -> float:
    """A normal number that is a function of names: an entry that is tried twice shows the same figure."""
    u, v = (max(key(*names, part) / 2**63, 1e-12) for part in ("u", "v"))
    return float(np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v))


def compare(name: str, table: Table, samplers: list[str], trials: int, repeats: int, noise: float) -> None:
    """Print the mean regret of every sampler, and its paired difference from random search."""
    found: dict[str, list[float]] = {}
    for sampler in samplers:
        found[sampler] = [regret(table, sampler, trials, seed, noise) for seed in range(repeats)]
        level = mean_interval(found[sampler])
        gain = mean_interval([b - a for a, b in zip(found[sampler], found["random"], strict=True)])
        better = f"{gain.value:.4f} [{gain.low:.4f}, {gain.high:.4f}]" if sampler != "random" else ""
        print(f"| {name} | {sampler} | {level.value:.4f} [{level.low:.4f}, {level.high:.4f}] | {better} |", flush=True)


def main() -> None:
    """What the command does."""
    parser = argparse.ArgumentParser(prog="benchmarks.samplers", description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("build/samplers"))
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--samplers", nargs="*", default=["random", "tpe", "reinforce", "gp"])
    given = parser.parse_args()
    print(f"{given.repeats} searches of {given.trials} trials among 200 points\n")
    print("| table | sampler | below the best entry, 95 % | better than random by, 95 % |\n|---|---|---|---|")
    tables: list[tuple[str, Callable[[], Table], float]] = [
        ("digits", lambda: trained(given.runs), 0.0),
        ("made", made, 0.05),
    ]
    for name, table, noise in tables:
        compare(name, table(), given.samplers, given.trials, given.repeats, noise)


if __name__ == "__main__":
    main()
