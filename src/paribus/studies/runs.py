"""What the run folders of a study say: figures, rows, held-out tests, single examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import DamagedRecord
from paribus.records import opened
from paribus.records.opened import HeldOut
from paribus.records.run import SEALED, RunFolder, RunResult, Status
from paribus.records.study import StudyDesign, run_folder
from paribus.studies.looks import TO_COME

RECORDS = tuple(name for name in SEALED if name != "weights.safetensors")  # of a run, beside its result


@dataclass(frozen=True)
class RunRecord:
    """What a run folder says of a run: each of its files is read once."""

    status: Status
    result: RunResult | None
    rows: Sequence[Mapping[str, Any]]
    test: HeldOut | None = None
    damaged: str = ""

    @classmethod
    def read(cls, folder: RunFolder) -> RunRecord:
        """All that a study needs to know of a run; one that is damaged counts as failed, and is left out."""
        try:
            found = cls(folder.status, folder.result, folder.history)
            if found.result is not None:
                folder.check_seal(RECORDS, found.result)
        except DamagedRecord as error:
            said = f"{folder.path}: {error.rule}; {error.hint}"
            return cls(Status("failed", error=str(error)), None, (), damaged=said)
        try:
            return replace(found, test=opened.read(folder.path))
        except DamagedRecord as error:  # its other figures are sound
            return replace(found, damaged=f"{error.got}: {error.rule}; {error.hint}")

    def figure(self, name: str) -> float | None:
        """A figure of a finished run: of its final weights, or of the epoch they come from."""
        if self.result is None:
            return None
        if name in self.result.metrics:
            return self.result.metrics[name]
        row = next((row for row in self.rows if row["epoch"] == self.result.best_epoch), {})
        return row.get(name)


@dataclass(frozen=True)
class Scores:
    """What the runs of an arm say of single validation examples.

    Args:
        rows: (N,) which examples.
        table: (seeds, N) the figure of each; NaN throughout for a seed without one.
    """

    rows: NDArray[Any]
    table: NDArray[np.float32]


def single_examples(
    folders: Mapping[str, Mapping[int, RunFolder]], runs: Mapping[str, Mapping[int, RunRecord]], name: str
) -> dict[str, Scores] | None:
    """What all runs of a study say of single examples; ``None`` before they are over, or if one says nothing."""
    figure = name.partition("/")[2]
    found = {}
    for arm, of_arm in runs.items():
        known = {seed: _scores(folders[arm][seed], run, figure) for seed, run in of_arm.items() if run.result}
        rows = [one.rows for one in known.values() if one is not None]
        if any(run.status.state in TO_COME for run in of_arm.values()) or not rows or len(rows) < len(known):
            return None
        lost = np.full(len(rows[0]), np.nan, np.float32)
        tables = [one.table[0] if (one := known.get(seed)) is not None else lost for seed in of_arm]
        found[arm] = Scores(rows[0], np.stack(tables))
        if any(not np.array_equal(found[arm].rows, other) for other in (*rows, next(iter(found.values())).rows)):
            return None  # not one and the same split
    return found


def _scores(folder: RunFolder, run: RunRecord, figure: str) -> Scores | None:
    """What a finished run says of single examples, if it is what its own figure is a mean of."""
    try:
        kept = folder.read_examples(figure)
    except DamagedRecord:
        return None
    value = run.figure(f"val/{figure}")
    if kept is None or value is None or not math.isclose(kept[1].mean(dtype=np.float64), value, rel_tol=1e-4):
        return None
    return Scores(kept[0], kept[1].astype(np.float32)[None])


def folders_of(design: StudyDesign, folder: Path) -> dict[str, dict[int, RunFolder]]:
    """The run folders of every arm by seed."""
    return {arm.name: {seed: run_folder(folder, arm, seed) for seed in design.seeds} for arm in design.arms()}


def infos_of(folders: Mapping[str, Mapping[int, RunFolder]]) -> list[dict[str, Any]]:
    """What each arm knows of its data."""
    return [first_of(run.info for run in of_arm.values()) for of_arm in folders.values()]


def first_of(readers: Iterable[Callable[[], dict[str, Any]]]) -> dict[str, Any]:
    """What the first run says that says something and is not damaged."""
    for read in readers:
        with suppress(DamagedRecord):
            if found := read():
                return found
    return {}
