"""What a study of many tiny runs costs beside its training: before the first, for each, and when all are known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row

ARMS, SEEDS = 16, 100
TINY = ["model.widths=[4]", "budget.epochs=1", "split.limit=100", "--device", "cpu", "--jobs", "2", "--name", "many"]


def rows(repeats: int) -> list[Row]:
    """Seconds of whole commands."""
    found = [seconds() for _ in range(max(1, repeats // 2))]
    first, each, known = zip(*found, strict=True)
    runs = f"{ARMS * SEEDS:,} tiny runs"
    return [
        Row(f"until the first of {runs} begins", first, "≤ 2", " s"),
        Row(f"each of {runs}, two workers", each, "≤ 0.023", " s"),
        Row(f"`paribus study` where {runs} are known", known, "≤ 1.5", " s"),
    ]


def seconds() -> tuple[float, float, float]:
    """Until the first run begins, per run from then on, and of the same command again."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.time()
        _study(folder)
        ended = time.time()
        first = min(json.loads(path.read_text())["started"] for path in Path(folder).glob("many/*/*/status.json"))
        _study(folder)
        return first - began, (ended - first) / (ARMS * SEEDS), time.time() - ended


def _study(runs: str) -> None:
    """One command, in a process of its own."""
    rates = ",".join(f"{0.01 * place:g}" for place in range(1, ARMS + 1))
    words = ["digits/mlp", "--vary", f"optimizer.lr={rates}", "--seeds", str(SEEDS), "--runs", runs, *TINY]
    command = [str(Path(sys.executable).with_name("paribus")), "study", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
