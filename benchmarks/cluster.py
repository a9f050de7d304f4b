"""Runs on a ray cluster of this machine, against the pool, and against Ray Tune with the loop by hand inside.

Each figure is of processes of their own, which begin with nothing, as a command does.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.table import Row

RUNS, SECONDS = 32, 2.0

STUDY = """
import json, sys, time
began = time.perf_counter()
import paribus as pb
from benchmarks import sources
executor, epochs, seeds, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
told = []
if __name__ == "__main__":
    recipe = sources.recipe(1_000, 1, 28, {"use": "mlp", "widths": [256, 128]}, epochs, {})
    study = pb.Study(recipe, vary={"optimizer.lr": [0.01, 0.02]}, seeds=seeds, runs=runs)
    where = {"executor": executor}
    if executor == "ray":
        from paribus.studies.executors import connection
        before = time.perf_counter()
        connection.connect("local")
        connected = time.perf_counter() - before
    else:
        connected = 0.0
    start = time.perf_counter()
    first = []
    def listen(event):
        if event.kind == "started" and not first:
            first.append(time.perf_counter() - start)
    assert study.run(listen=listen, device="cpu", **where).complete
    print(json.dumps({"whole": time.perf_counter() - began, "connected": connected, "first": first[0],
                       "study": time.perf_counter() - start}))
"""

TUNE = """
import sys, tempfile, time
epochs, seeds = map(int, sys.argv[1:])
import ray
from ray import tune
import torch
from benchmarks import raw, sources
from paribus.records.environment import cores
recipe = sources.recipe(1_000, 1, 28, {"use": "mlp", "widths": [256, 128]}, epochs, {})
began = time.perf_counter()
ray.init("local", num_cpus=cores(), include_dashboard=False, log_to_driver=False)
data = ray.put(raw.tensors(recipe))

def trainable(config):
    import torch
    from benchmarks import sources
    torch.set_num_threads(1)
    torch.manual_seed(int(config["seed"]))
    changed = recipe.override({"optimizer.lr": config["lr"]})
    raw.train(changed, ray.get(data), raw.model_of(changed))
    tune.report({"done": 1})

grid = {"lr": tune.grid_search([0.01, 0.02]), "seed": tune.grid_search(list(range(seeds)))}
with tempfile.TemporaryDirectory() as folder:
    tune.Tuner(trainable, param_space=grid, run_config=tune.RunConfig(storage_path=folder, verbose=0)).fit()
print(time.perf_counter() - began)
"""


def rows(repeats: int, part: str = "") -> list[Row]:
    """What a cluster costs before its first run (``start``), the study of 32 runs (``pool``), Ray Tune (``tune``)."""
    turns = max(1, repeats // 2)
    found = starts(turns) if part in ("", "start") else []
    if part != "start":
        found += against_others(turns, part != "tune", part != "pool" and has_tune())
    return found


def starts(turns: int) -> list[Row]:
    """Before the first run."""
    beginnings = [study("ray", 1, 1) for _ in range(turns)]
    return [
        Row("a cluster of this machine, until it is connected", [it["connected"] for it in beginnings], "–", " s"),
        Row("a study on it, until its first run begins", [it["first"] for it in beginnings], "–", " s"),
    ]


def against_others(turns: int, pool: bool, tune: bool) -> list[Row]:
    """The same trainings on ray, in the pool and under Ray Tune, in turn."""
    epochs, name = calibrated(), f"{RUNS} runs of {SECONDS:g} s"
    wholes, connected, tuned = [], [], []
    for _ in range(turns):
        ours = study("ray", epochs)
        if pool:
            other = study("pool", epochs)
            wholes.append(ours["whole"] / other["whole"])
            connected.append(ours["study"] / other["study"])
        if tune:
            tuned.append(ray_tune(epochs) / (ours["connected"] + ours["study"]))
    found = [
        Row(f"study on ray / in the pool, with their starts, {name}", wholes, "≤ 1.5"),
        Row(f"the same once the cluster is connected, {name}", connected, "≤ 1.5"),
        Row(f"Ray Tune with the loop by hand / study on ray, both with a cluster's start, {name}", tuned, "≥ 2"),
    ]
    return [row for row in found if row.values]


def calibrated() -> int:
    """Epochs of a training that takes as long as is wished when nothing else does."""
    seconds = study("inprocess", 20, 1)["study"] / 2  # two arms
    return max(1, round(20 * SECONDS / seconds))


def study(executor: str, epochs: int, seeds: int = RUNS // 2) -> dict[str, float]:
    """Seconds of a program with a study of two arms."""
    with tempfile.TemporaryDirectory() as runs:
        return dict(json.loads(_output(STUDY, executor, str(epochs), str(seeds), runs)))


def ray_tune(epochs: int) -> float:
    """Seconds of the same trainings under Ray Tune, one core each, from the start of its cluster."""
    return float(_output(TUNE, str(epochs), str(RUNS // 2)))


def has_tune() -> bool:
    """Whether Ray Tune is installed, with what it needs."""
    return all(importlib.util.find_spec(name) for name in ("ray", "pandas", "pyarrow", "tensorboardX"))


def _output(code: str, *words: str) -> str:
    """The last line that a program prints."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in (str(Path.cwd()), *sys.path) if path)}
    command = [sys.executable, "-c", code, *words]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900, env=env)
    return run.stdout.strip().splitlines()[-1]
