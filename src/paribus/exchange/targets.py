"""What runs can be exported to: a table of formats by name. A new one is a function and a line here."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from paribus import files
from paribus.errors import ParibusError, RunError, message_of, nearest
from paribus.exchange.logged import Logged


@dataclass(frozen=True)
class Target:
    """A format that runs can be exported to.

    Args:
        about: what is written.
        write: module:function, which fills an empty folder with runs: ``(runs, folder, place)``, the latter being
            where that folder will stand.
        packages: of which one must be installed.
        then: the command that looks at it, of the folder ``{place}``.
    """

    about: str
    write: str
    packages: tuple[str, ...] = ()
    then: str = ""


TARGETS = {
    "csv": Target("metrics.csv, a row for each figure of each epoch; results.csv, a row for each run", "tables:csv"),
    "parquet": Target("the same two tables as Parquet", "tables:parquet", ("pyarrow", "polars")),
    "tensorboard": Target(
        "event files, a folder for each run, with its settings as hparams",
        "tensorboard:write",
        then="tensorboard --logdir {place}",
    ),
    "mlflow": Target(
        "a store of MLflow, an experiment for each study",
        "mlflow:write",
        ("mlflow", "mlflow-skinny"),
        "mlflow ui --backend-store-uri {place}/mlruns",
    ),
    "wandb": Target(
        "offline runs of Weights & Biases", "wandb:write", ("wandb",), "wandb sync {place}/wandb/offline-run-*"
    ),
}
MODULES = {"mlflow-skinny": "mlflow"}  # package → what is imported, where that is another word


def target(name: str) -> Target:
    """A format by its name, of which a package is installed.

    Raises:
        ParibusError: for an unknown one, or one that needs a package which is not installed.
    """
    if name not in TARGETS:
        raise ParibusError("there is no such format to export to", got=name, hint=nearest(name, TARGETS))
    found = TARGETS[name]
    if found.packages and not any(find_spec(MODULES.get(package, package)) for package in found.packages):
        needed = " or ".join(found.packages)
        raise ParibusError(f"to export to {name} takes {needed}", hint=f"pip install {found.packages[0]}")
    return found


def write(runs: Sequence[Logged], name: str, place: Path, overwrite: bool = False) -> Path:
    """Write runs in a format into a folder, which appears whole or not at all; what stood there goes.

    Raises:
        ParibusError: as :func:`target`, or if the tool that writes fails.
        RunError: if something is there that may not be replaced.
    """
    chosen = target(name)
    refuse_what_stands_there(place, overwrite)
    module, _, function = chosen.write.partition(":")
    fill = getattr(importlib.import_module(f"paribus.exchange.{module}"), function)

    def filled(folder: Path) -> None:
        try:
            fill(runs, folder, place.absolute())
        except (ParibusError, OSError):
            raise
        except Exception as error:  # whatever that tool raises
            raise ParibusError(f"{name} could not be written", got=message_of(error)) from error

    files.write_folder(place, filled)
    return place


def refuse_what_stands_there(place: Path, overwrite: bool) -> None:
    """Refuse to replace files that somebody may need.

    Raises:
        RunError: if something is there that may not be replaced.
    """
    if not overwrite and (place.is_file() or (place.is_dir() and any(place.iterdir()))):
        hint = "choose another folder, or say --overwrite (in Python: overwrite=True), which replaces all of it"
        raise RunError("something is there already, and stays as it is", got=str(place), hint=hint)
    if place.is_file():
        raise RunError("an export is a folder, and a file is there", got=str(place), hint="choose another")
