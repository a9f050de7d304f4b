"""How long people wait before anything happens."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.table import Row

COMMANDS = {
    "paribus --help": ("--help", "≤ 0.4"),
    "paribus list recipes": ("list recipes", "–"),
    "paribus run digits/mlp --dry-run": ("run digits/mlp --dry-run", "–"),
}


def rows(repeats: int) -> list[Row]:
    """Seconds of whole commands, in a process of their own."""
    found = []
    for name, (words, reach) in COMMANDS.items():
        seconds(words)
        found.append(Row(name, [seconds(words) for _ in range(repeats)], reach, " s"))
    return found


def seconds(words: str) -> float:
    """Seconds of one command."""
    command = [str(Path(sys.executable).with_name("paribus")), *words.split()]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started
