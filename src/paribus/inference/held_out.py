"""The held-out test: opened once, written down, never used to choose."""

from __future__ import annotations

import time
from typing import Any

from paribus.inference.trained import load, loader_of, prepared_with
from paribus.records import opened
from paribus.records.given import run_folder
from paribus.records.opened import HeldOut
from paribus.tasks.evaluation import evaluate


def test(run: Any, because: str = "") -> HeldOut:
    """Evaluate a finished run on its test examples, in float32 on the CPU; asked again, the recorded figures.

    Args:
        run: it, its folder, a part of its name, or ``last``.
        because: why the test is opened; it is written down, and stands in the report.

    Raises:
        DataError: if the data set has no test split.
        DamagedRecord: if what was recorded cannot be read.
    """
    folder = run_folder(run)
    if (known := opened.read(folder.path)) is not None:
        return known
    trained = load(folder)
    prepared = prepared_with(trained, "test")
    trained.task.prepare(prepared)
    figures = evaluate(trained.task, trained.network, loader_of(prepared, "test"), "test")
    found = HeldOut({**figures}, len(prepared.rows["test"]), time.time(), because)
    opened.write(folder.path, found)
    return found
