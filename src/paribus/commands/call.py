"""One run of a command: called with its values, heard, begun anew where it fails, and its figure read."""

from __future__ import annotations

import glob
import os
import re
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paribus import files
from paribus.commands import events, tables
from paribus.commands.command import SEEN, Command
from paribus.commands.devices import environment_of_gpu, gpu_number
from paribus.commands.process import BEGINS, ENDS, Ended, execute
from paribus.commands.source import Row, Source
from paribus.errors import DamagedRecord, RunError
from paribus.progress import clock

CALLED, LOG = "called.json", "log.txt"  # in a run's folder
SAID = 200  # characters of the last line that a command printed
OUTPUT = "output"  # folder below a run's own: there the command writes what it likes
MOST_PRINTED = 1_000_000  # figures that are taken from what a command prints
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Called:
    """That a command came to a good end.

    Args:
        key: of the command, its values, its seed and its files; not of the metric, which can be read again.
        attempts: how often it was begun.
        seconds: how long the last attempt took.
        peak_memory_mb: its largest resident memory.
        whole: whether all that it printed is in the log.
    """

    key: str
    attempts: int
    seconds: float
    peak_memory_mb: float
    whole: bool


@dataclass(frozen=True)
class Outcome:
    """What a command left behind.

    Args:
        figure: its metric.
        row: the number of the row that it comes from.
        rows: figures row by row.
    """

    figure: float
    row: int
    rows: list[Row]


def call(
    command: Command,
    fields: Mapping[str, Any],
    seed: int,
    folder: Path,
    *,
    key: str,
    threads: int,
    hear: Callable[[float], None],
    tick: Callable[[], None],
) -> tuple[Called, list[Row]]:
    """Run a command for one seed, again if it fails and that is wished.

    Args:
        command: the command.
        fields: the values of its fields.
        seed: the seed.
        folder: the run's folder.
        key: see :class:`Called`.
        threads: that it may compute with.
        hear: told every figure that it prints.
        tick: called about ten times a second.

    Returns:
        How it went, and the figures that it printed, where the metric is one of those.

    Raises:
        RunError: if it cannot be started, ends with another exit code than 0, or takes too long.
    """
    output, source = (folder / OUTPUT).absolute(), command.source
    words = command.line.arguments({**fields, "seed": seed, "folder": str(output), "gpu": gpu_number()})
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
            log=folder / LOG,
            timeout=command.seconds,
            hear=take if source.printed else _unheard,
            tick=tick,
        )

    (folder / CALLED).unlink(missing_ok=True)
    ended, attempts = attempt(), 1
    while ended.failed and attempts <= command.retries:
        ended, attempts = attempt(), attempts + 1
    if ended.failed or ended.timed_out:
        raise _failure(command, ended, attempts)
    called = Called(key, attempts, ended.seconds, ended.peak_memory_mb, ended.whole)
    files.write_json(folder / CALLED, asdict(called))
    return called, printed


def called_before(folder: Path, key: str) -> Called | None:
    """That a command came to its end here or, of the same study or another one, beside: then it is not run again.

    What lies beside is taken over: a metric that was mistyped, or is another one now, costs no second training.

    Args:
        folder: the run's folder, ``RUNS/STUDY/ARM/seed-N``.
        key: see :class:`Called`.
    """
    places = [folder, *sorted(folder.parents[2].glob(f"*/*/{glob.escape(folder.name)}"))]
    for place in places:
        if (known := _known(place)) is not None and known.key == key and known.whole:
            if place != folder:
                _take_over(place, folder)
            return known
    return None


def _known(place: Path) -> Called | None:
    if not (place / CALLED).is_file():
        return None
    with suppress(DamagedRecord, TypeError):
        return Called(**files.read_json(place / CALLED))
    return None


def _take_over(place: Path, folder: Path) -> None:
    with files.disk_errors(folder):
        if (folder / OUTPUT).is_dir():
            shutil.rmtree(folder / OUTPUT)
        if (place / OUTPUT).is_dir():
            shutil.copytree(place / OUTPUT, folder / OUTPUT, symlinks=True)
        for name in (LOG, CALLED):
            shutil.copyfile(place / name, folder / name)


def read(command: Command, folder: Path, printed: list[Row] | None, higher_is_better: bool) -> Outcome:
    """The figure of a command that came to its end.

    Args:
        command: the command.
        folder: the run's folder.
        printed: the figures that it printed; ``None`` where they are to be read from its log.
        higher_is_better: which value of its metric is the best.

    Raises:
        RunError: if its figure is not there.
    """
    source = command.source
    if source.printed:
        rows = _logged(source, folder / LOG) if printed is None else printed
    else:
        rows = _read(source, (folder / OUTPUT).absolute())
    figure, place = source.choose(rows, higher_is_better)
    return Outcome(figure, place, rows)


def _logged(source: Source, log: Path) -> list[Row]:
    """The figures that the last attempt printed."""
    text = log.read_bytes().decode("utf-8", "backslashreplace")
    lines = re.split(r"[\r\n]+", text)
    began = max((place for place, line in enumerate(lines) if line.startswith(BEGINS)), default=0)
    values = [source.in_line(line) for line in lines[began + 1 :] if not line.startswith(ENDS)]
    return [{source.name: value} for value in values if value is not None]


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
    said = f": {ended.last_line[-SAID:]}" if ended.last_line else ", and printed nothing"
    where = "all that it printed is in log.txt, in the run's folder"
    if ended.timed_out:
        rule = f"the command took longer than {clock(command.seconds or 0.0)}, and was ended{said}"
        return RunError(rule, hint=f"raise --timeout; {where}")
    tried = f", {attempts} times" if attempts > 1 else ""
    if ended.code > 0:
        return RunError(f"the command ended with exit code {ended.code}{tried}{said}", hint=where)
    killed = signal_name(-ended.code)
    memory = "the system kills when memory runs out: lower --jobs; " if killed == "SIGKILL" else ""
    return RunError(f"the command was killed by {killed}{tried}{said}", hint=f"{memory}{where}")


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
