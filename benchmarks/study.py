"""Eight runs as a study, against the same runs one after another, and against Ray Tune where it is installed."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from pathlib import Path

import torch

from benchmarks import raw, sources
from benchmarks.table import Row, ratios
from paribus.records.environment import cores
from paribus.records.recipe import Recipe
from paribus.studies.executors.inprocess import InProcess
from paribus.studies.executors.job import Event
from paribus.study import Study

SEEDS = 4


def rows(repeats: int) -> list[Row]:
    """MLP and CNN: two arms, four seeds, two epochs."""
    found = []
    for name, recipe in (("MLP", sources.mlp(2)), ("CNN", sources.cnn(2, 3_000))):
        values = ratios(lambda: in_turn(recipe), lambda: in_parallel(recipe), repeats)  # noqa: B023
        found.append(Row(f"eight runs in turn with all threads / study of eight, {name}", values, _reach[name]))
        chosen = recipe.override({"training.precision": "auto"})
        values = ratios(lambda: by_hand(recipe), lambda: in_parallel(chosen), repeats)  # noqa: B023
        found.append(Row(f"eight raw loops in turn with all threads / study of eight as chosen, {name}", values, "–"))
        if importlib.util.find_spec("ray"):
            values = ratios(lambda: ray_tune(recipe), lambda: in_parallel(recipe), max(1, repeats // 2))  # noqa: B023
            found.append(Row(f"Ray Tune / study of eight, {name}", values, "≥ 3"))
    return found


_reach = {"MLP": "≥ 2.0", "CNN": "≥ 1.9"}


def in_parallel(recipe: Recipe) -> float:
    """Seconds of the study with its pool."""
    return _study(recipe, None, 1)


def in_turn(recipe: Recipe) -> float:
    """Seconds of the same runs, one after another in this process with all threads."""
    return _study(recipe, InProcess(), cores())


def by_hand(recipe: Recipe) -> float:
    """Seconds of eight raw loops one after another, data in memory, with all threads."""
    torch.set_num_threads(cores())
    data = raw.tensors(recipe)
    return sum(raw.train(recipe, data, raw.model_of(recipe)) for _ in range(2 * SEEDS))


def _study(recipe: Recipe, executor: InProcess | None, threads: int) -> float:
    with tempfile.TemporaryDirectory() as runs:
        study = Study(recipe, vary={"optimizer.lr": [0.01, 0.02]}, seeds=SEEDS, runs=Path(runs))
        started = time.perf_counter()
        result = study.run(executor=executor, threads=threads, listen=_ignore)
        seconds = time.perf_counter() - started
    assert result.complete
    return seconds


def _ignore(event: Event) -> None:
    pass


def ray_tune(recipe: Recipe) -> float:
    """Seconds of the same eight trainings under Ray Tune, one core each, with the raw loop inside."""
    import ray
    from ray import tune

    place = {"env_vars": {"PYTHONPATH": str(Path(__file__).parents[1])}}
    started = time.perf_counter()
    ray.init(num_cpus=cores(), include_dashboard=False, log_to_driver=False, runtime_env=place)
    data = ray.put(raw.tensors(recipe))

    def trainable(config: dict[str, float]) -> None:
        import torch

        from benchmarks import sources  # registers the data source in Ray's worker  # noqa: F401

        torch.set_num_threads(1)
        torch.manual_seed(int(config["seed"]))
        changed = recipe.override({"optimizer.lr": config["lr"]})
        model = raw.model_of(changed)
        raw.train(changed, ray.get(data), model)
        tune.report({"done": 1})

    grid = {"lr": tune.grid_search([0.01, 0.02]), "seed": tune.grid_search(list(range(SEEDS)))}
    with tempfile.TemporaryDirectory() as folder:
        tune.Tuner(trainable, param_space=grid, run_config=tune.RunConfig(storage_path=folder, verbose=0)).fit()
    ray.shutdown()
    return time.perf_counter() - started
