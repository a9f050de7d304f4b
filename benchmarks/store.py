"""How long a folder of 100,000 runs takes to list, at first sight and later, and a study within it to be judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row
from paribus.records.run import RunResult, Status
from paribus.records.study import run_folder
from paribus.study import Study

Taken = tuple[float, float]  # seconds on the clock and of the processor
STUDIES, ARMS, SEEDS = 200, 100, 5
LONG_AGO = 1e9  # what was written a moment ago is read again each time
METRICS = {"accuracy": {"name": "accuracy", "higher_is_better": True, "percent": True}}
FILES = {
    "recipe.json": {"format": 1, "name": "digits/cnn", "metrics": METRICS, "recipe": {"model": "x" * 1000}},
    "status.json": {"state": "finished", "pid": 1, "host": "somewhere", "epoch": 10, "epochs": 10, "step": 200},
    "result.json": {
        "epochs": 10, "steps": 200, "best_epoch": 10, "stopped_early": False, "weights_sha256": "0" * 64,
        "parameters": 1, "seconds": 1.0, "examples_per_second": 1.0, "peak_memory_mb": 1.0,
    },
}  # fmt: skip


def rows(repeats: int) -> list[Row]:
    """Seconds of whole commands over finished runs as small as they can be, and of their processor."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        number = make(root)
        study = make_study(Path(folder) / f"study-{STUDIES}")
        first = [seconds(root)]
        later = [seconds(root) for _ in range(repeats)]
        listed = [seconds_of_study(root / "study-7") for _ in range(repeats)]
        whole = [seconds_of_evidence(study) for _ in range(repeats)]
        within = [evidence(study) for _ in range(repeats + 1)][1:]  # the first loads libraries
    runs = f"{ARMS * SEEDS} of {number:,} runs"
    return [
        *_both(f"paribus list runs, {number:,} runs, first", first, "–"),
        *_both(f"paribus list runs, {number:,} runs, later", later, "≤ 3"),
        *_both(f"store.runs_of, {runs}", listed, "≤ 1"),
        *_both(f"evidence of a study of {runs}, start-up included", whole, "–"),
        *_both("the same in a process that is there", within, "≤ 1"),
    ]


def _both(name: str, found: list[Taken], reach: str) -> list[Row]:
    """On the clock, and of the processor, which neighbours disturb less."""
    clock, processor = zip(*found, strict=True)
    return [Row(name, clock, reach, " s"), Row(f"{name}, processor", processor, reach, " s")]


def make(root: Path, studies: int = STUDIES) -> int:
    """Fill a folder with finished runs; returns how many."""
    number = 0
    for study in range(studies):
        for arm in range(ARMS):
            for seed in range(SEEDS):
                folder = root / f"study-{study}" / f"arm={arm}" / f"seed-{seed}"
                folder.mkdir(parents=True)
                about = {"identity": f"{number // SEEDS:016x}", "seed": seed}
                figures = {"val/accuracy": number / 2e5, "val/loss": 1 / (number + 1), "val/macro_f1": number / 3e5}
                own = {"recipe.json": about, "result.json": {"metrics": figures}}  # no two figures are alike
                for name, content in FILES.items():
                    (folder / name).write_text(json.dumps({**content, **own.get(name, {})}))
                    os.utime(folder / name, (LONG_AGO, LONG_AGO))
                number += 1
    return number


def make_study(folder: Path) -> Path:
    """A real study of finished runs, whose figures are made up: paired differences that grow from arm to arm."""
    rates = [round(0.001 * place, 3) for place in range(1, ARMS + 1)]
    design = Study("digits/mlp", vary={"optimizer.lr": rates}, seeds=SEEDS, runs=folder.parent).design
    design.write(folder)
    for place, arm in enumerate(design.arms()):
        recipe = design.recipe_of(arm)
        for seed in design.seeds:
            run = run_folder(folder, arm, seed)
            run.create(recipe, seed)
            figures = {"val/accuracy": 0.8 + 1e-3 * place + 0.01 * ((7 * seed + place) % 5), "val/loss": 0.5}
            for epoch in range(1, 11):
                run.append_metrics({"epoch": epoch, "step": 20 * epoch, "lr": 0.1, **figures, "seconds": 1.0})
            known = FILES["result.json"]
            run.write_result(RunResult(metrics=figures, execution={"device": "cpu", "threads": 1}, **known))
            run.write_status(Status("finished", epoch=10, epochs=10, step=200))
    return folder


def evidence(folder: Path) -> Taken:
    """Seconds until all is known of a study: figures, intervals, verdicts."""
    started, before = time.perf_counter(), time.process_time()
    assert Study.open(folder).result.effects
    return time.perf_counter() - started, time.process_time() - before


def seconds_of_evidence(folder: Path) -> Taken:
    """The same in a process of its own."""
    code = f"from paribus.study import Study; assert Study.open({str(folder)!r}).result.effects"
    return _taken([sys.executable, "-c", code])


def seconds(root: Path) -> Taken:
    """Seconds of one listing, in a process of its own."""
    command = [sys.executable, "-m", "paribus", "list", "runs", "--runs", str(root)]
    return _taken(command)


def seconds_of_study(folder: Path) -> Taken:
    """Seconds of listing one study, in a process of its own."""
    code = f"from pathlib import Path; from paribus.records import store; store.runs_of(Path({str(folder)!r}))"
    return _taken([sys.executable, "-c", code])


def _taken(command: list[str]) -> Taken:
    started, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, processor
