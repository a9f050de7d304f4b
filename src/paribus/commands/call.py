"""One run of a command: called with its values, heard, begun anew where it fails, and its figure read."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus import files
from paribus.commands import events, tables
from paribus.commands.command import SEEN, Command
from paribus.commands.devices import environment_of_gpu, gpu_number
from paribus.commands.process import Ended, execute
from paribus.commands.source import Row, Source
from paribus.errors import RunError
from paribus.progress import clock

OUTPUT = "output"  # folder below a run's own: there the command writes what it likes
MOST_PRINTED = 1_000_000  # figures that are taken from what a command prints
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Outcome:
    """What a command left behind.

    Args:
        figure: its metric.
        row: the number of the row that it comes from.
        rows: figures row by row.
        ended: how its last attempt ended.
        attempts: how often it was begun.
    """

    figure: float
    row: int
    rows: list[Row]
    ended: Ended
    attempts: int


def call(
    command: Command,
    settings: Mapping[str, Any],
    seed: int,
    folder: Path,
    *,
    threads: int,
    higher_is_better: bool,
    hear: Callable[[float], None],
    tick: Callable[[], None],
) -> Outcome:
    """Run a command for one seed, again if it fails and that is wished, and read its figure.

    Args:
        command: the command.
        settings: the values of its fields.
        seed: the seed.
        folder: the run's folder.
        threads: that it may compute with.
        higher_is_better: which value of its metric is the best.
        hear: told every figure that it prints.
        tick: called about ten times a second.

    Raises:
        RunError: if it ends with another exit code than 0, takes too long, or its figure is not there.
    """
    output, source = (folder / OUTPUT).absolute(), command.source
    values = {**settings, "seed": seed, "folder": str(output), "gpu": gpu_number()}
    words = command.line.arguments(values)
    printed: list[Row] = []

    def take(line: str) -> None:
        if (value := source.in_line(line)) is not None and len(printed) < MOST_PRINTED:
            printed.append({source.name: value})
            hear(value)

    def attempt() -> Ended:
        printed.clear()
        _empty(output)
        return execute(
            ["/bin/sh", "-c", *words] if command.shell else words,
            directory=command.place,
            environment=_environment(command, seed, output, threads),
            log=folder / "log.txt",
            timeout=command.seconds,
            hear=take if source.printed else _unheard,
            tick=tick,
        )

    ended, attempts = attempt(), 1
    while ended.failed and attempts <= command.retries:
        ended, attempts = attempt(), attempts + 1
    if ended.failed or ended.timed_out:
        raise _failure(command, ended, attempts)
    rows = printed if source.printed else _read(source, output)
    figure, place = source.choose(rows, higher_is_better)
    return Outcome(figure, place, rows, ended, attempts)


def _unheard(line: str) -> None:
    """What is printed is in the log, and counts no further."""


def _read(source: Source, output: Path) -> list[Row]:
    """The rows of the file in which the figure stands.

    Raises:
        RunError: where it is not there, with what the command did write.
    """
    path = output / source.file
    if not path.exists():
        there = sorted(str(found.relative_to(output)) for found in output.rglob("*") if found.is_file())
        hint = f"it wrote {', '.join(there[:8])}" if there else "it wrote nothing there: does it take {folder}?"
        raise RunError(f"the command wrote no {source.file}", got=str(output), hint=hint)
    return tables.read(path) if source.is_table else events.read(path, source.name)


def _empty(output: Path) -> None:
    """An empty folder: what an earlier attempt wrote is no part of this one."""
    with files.disk_errors(output):
        if output.is_dir() and not output.is_symlink():
            shutil.rmtree(output)
        output.mkdir(parents=True)


def _environment(command: Command, seed: int, output: Path, threads: int) -> dict[str, str]:
    own = {**dict.fromkeys(POOLS, str(threads)), SEEN["seed"]: str(seed), SEEN["folder"]: str(output)}
    gpu = {} if "gpu" in command.line.fields else environment_of_gpu()
    return {**os.environ, "PYTHONUNBUFFERED": "1", **own, **gpu}


def _failure(command: Command, ended: Ended, attempts: int) -> RunError:
    """Why a command that ended badly did, with the last thing that it said."""
    got = ended.last_line or "it printed nothing"
    where = "all that it printed is in log.txt, in the run's folder"
    if ended.timed_out:
        rule = f"the command was ended: it took longer than {clock(command.seconds or 0.0)}"
        return RunError(rule, got=got, hint=f"raise --timeout; {where}")
    tried = f", {attempts} times" if attempts > 1 else ""
    if ended.code > 0:
        return RunError(f"the command ended with exit code {ended.code}{tried}", got=got, hint=where)
    killed = signal_name(-ended.code)
    memory = "; the system kills when memory runs out: lower --jobs" if killed == "SIGKILL" else ""
    return RunError(f"the command was killed by {killed}{tried}{memory}", got=got, hint=where)


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
