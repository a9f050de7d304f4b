"""How long a folder of 100,000 runs takes to list: at first sight, and later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row

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
    """Seconds of whole commands over finished runs as small as they can be."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        number = make(root)
        first = [seconds(root)]
        later = [seconds(root) for _ in range(repeats)]
        study = [seconds_of_study(root / "study-7") for _ in range(repeats)]
    return [
        Row(f"paribus list runs, {number:,} runs, first", first, "–", " s"),
        Row(f"paribus list runs, {number:,} runs, later", later, "≤ 3", " s"),
        Row(f"store.runs_of, {ARMS * SEEDS} of {number:,} runs", study, "≤ 1", " s"),
    ]


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


def seconds(root: Path) -> float:
    """Seconds of one listing, in a process of its own."""
    command = [str(Path(sys.executable).with_name("paribus")), "list", "runs", "--runs", str(root)]
    return _taken(command)


def seconds_of_study(folder: Path) -> float:
    """Seconds of listing one study, in a process of its own."""
    code = f"from pathlib import Path; from paribus.records import store; store.runs_of(Path({str(folder)!r}))"
    return _taken([sys.executable, "-c", code])


def _taken(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
