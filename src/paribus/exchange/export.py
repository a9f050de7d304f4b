"""Export of runs and studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus.exchange import ours, targets
from paribus.records.store import find
from paribus.streams import say


def export(
    what: Any, to: str, out: str | Path | None = None, *, runs: str | Path = "runs", overwrite: bool = False
) -> Path:
    """Write a run, or all runs of a study, in the format of another tool.

    Args:
        what: a ``Study``, a ``Run``, a folder, a part of its name, or ``last``.
        to: ``csv``, ``parquet``, ``tensorboard``, ``mlflow`` or ``wandb``.
        out: the folder to write; ``export/TO`` in that of the run or study by default, where it is replaced.
        runs: the folder below which names are looked for.
        overwrite: whether what lies in ``out`` may be replaced.

    Returns:
        The folder.

    Raises:
        ParibusError: for an unknown format, or one whose package is not installed.
        RunError: if there is no run, or something is there that may not be replaced.
    """
    targets.target(to)  # before anything is read
    own = getattr(what, "folder", None) or getattr(what, "path", None)
    folder = Path(own) if own is not None else find(str(what), Path(runs), "study", "run")
    found, left = ours.logged(folder)
    for note in left:
        say(f"note: {note}")
    place = folder / "export" / to if out is None else Path(out)
    return targets.write(found, to, place, overwrite or out is None)
