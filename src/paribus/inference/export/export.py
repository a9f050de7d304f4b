"""Export: runs for other tools, and the network of a finished run as files that need no paribus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import ParibusError, nearest
from paribus.exchange import export as exchange
from paribus.exchange.targets import TARGETS, refuse_what_stands_there
from paribus.inference.export.formats import FORMATS, require
from paribus.records.given import run_folder


def export(
    what: Any, to: str, out: str | Path | None = None, *, runs: str | Path = "runs", overwrite: bool = False
) -> Path:
    """Write a run, or all runs of a study, in the format of another tool; or the trained network of a run.

    Args:
        what: a ``Study``, a ``Run``, a folder, a part of its name, or ``last``; for a network a finished run.
        to: ``csv``, ``parquet``, ``tensorboard``, ``mlflow`` or ``wandb``; of a network ``onnx``, ``pt2`` or
            ``safetensors``.
        out: the folder to write; ``export/TO`` in that of the run or study by default, where it is replaced.
        runs: the folder below which names are looked for.
        overwrite: whether what lies in ``out`` may be replaced.

    Returns:
        The folder.

    Raises:
        ParibusError: for an unknown format, one whose package is not installed, a network that cannot be exported, or
            one that does not say the same afterwards.
        RunError: if there is no run, it has no weights, or something is there that may not be replaced.
    """
    if to not in FORMATS:
        if to not in TARGETS:
            raise ParibusError("there is no such format to export to", got=to, hint=nearest(to, {**TARGETS, **FORMATS}))
        return exchange.export(what, to, out, runs=runs, overwrite=overwrite)
    require(to)
    from paribus.inference.export.network import fill
    from paribus.inference.trained import Trained, load

    trained = what if isinstance(what, Trained) else load(run_folder(what, runs))
    place = trained.folder.path / "export" / to if out is None else Path(out)
    refuse_what_stands_there(place, overwrite or out is None)
    files.write_folder(place, lambda folder: fill(trained, to, folder))
    return place
