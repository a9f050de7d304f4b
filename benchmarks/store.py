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
        "metrics": {"val/accuracy": 0.9, "val/loss": 0.3, "val/macro_f1": 0.9}, "epochs": 10, "steps": 200,
        "best_epoch": 10, "stopped_early": False, "weights_sha256": "0" * 64, "parameters": 1, "seconds": 1.0,
        "examples_per_second": 1.0, "peak_memory_mb": 1.0,
    },
}  # fmt: skip


def rows(repeats: int) -> list[Row]:
    """Seconds of whole commands over finished runs as small as they can be."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        number = make(root)
        first = [seconds(root)]
        later = [seconds(root) for _ in range(repeats)]
    return [
        Row(f"paribus list runs, {number:,} runs, first", first, "–", " s"),
        Row(f"paribus list runs, {number:,} runs, later", later, "≤ 3", " s"),
    ]


def make(root: Path, studies: int = STUDIES) -> int:
    """Fill a folder with finished runs; returns how many."""
    number = 0
    for study in range(studies):
        for arm in range(ARMS):
            for seed in range(SEEDS):
                folder = root / f"study-{study}" / f"arm={arm}" / f"seed-{seed}"
                folder.mkdir(parents=True)
                for name, content in FILES.items():
                    about = {"identity": f"{number // SEEDS:016x}", "seed": seed} if name == "recipe.json" else {}
                    (folder / name).write_text(json.dumps({**content, **about}))
                    os.utime(folder / name, (LONG_AGO, LONG_AGO))
                number += 1
    return number


def seconds(root: Path) -> float:
    """Seconds of one listing, in a process of its own."""
    command = [str(Path(sys.executable).with_name("paribus")), "list", "runs", "--runs", str(root)]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
