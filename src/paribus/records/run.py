"""The run folder: the record of a training, from which everything else is rebuilt.

``recipe.json`` what was trained · ``environment.json`` where · ``status.json`` state and heartbeat ·
``metrics.jsonl`` one line per epoch · ``previews/`` to look at · ``checkpoints/`` to go on from · ``result.json`` and
``weights.safetensors`` at the end.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from paribus import files
from paribus.errors import RunError, RunLocked
from paribus.records import earlier
from paribus.records.metric import Metric

if TYPE_CHECKING:
    from paribus.records.recipe import Recipe

FORMAT = 1  # raised when a new version could not read an older folder
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 120.0  # a run on another machine whose heartbeat is older has crashed

State = Literal["new", "running", "finished", "diverged", "interrupted", "failed", "killed", "crashed"]


@dataclass(frozen=True)
class Status:
    """Where a run stands. Times are seconds since 1970."""

    state: State = "new"
    pid: int = 0
    host: str = ""
    started: float = 0.0
    heartbeat: float = 0.0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    resumed: int = 0
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether training this run again could change nothing."""
        return self.state in ("finished", "diverged")


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves behind.

    Args:
        metrics: figures of the final weights, by name: ``val/accuracy``.
        epochs, steps: how much was trained.
        best_epoch: the epoch whose weights were restored, or the last one.
        weights_sha256: hash over all names, shapes and values of the final weights.
        parameters: trainable numbers in the model.
        seconds: time spent in training steps.
        examples_per_second: training examples per second of that time.
        peak_memory_mb: largest resident memory of the process, or of the device where there is one.
        execution: device, precision, layout and threads really used.
    """

    metrics: dict[str, float | None]
    epochs: int
    steps: int
    best_epoch: int
    stopped_early: bool
    weights_sha256: str
    parameters: int
    seconds: float
    examples_per_second: float
    peak_memory_mb: float
    execution: dict[str, Any] = field(default_factory=dict)


Record = TypeVar("Record", Status, RunResult)


class RunFolder:
    """A run folder on disk. Reading one imports no code of its author."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def previews(self) -> Path:
        """The folder of what the network made of a few examples: after 1, 2, 4, … epochs, and ``final``."""
        before = self.path / "glimpses"  # as earlier versions called it
        return before if before.is_dir() else self.path / "previews"

    @property
    def weights(self) -> Path:
        """The final weights."""
        return self.path / "weights.safetensors"

    def create(self, recipe: Recipe, seed: int) -> None:
        """Write down what is to be trained here; an existing folder must hold the same."""
        if (self.path / "recipe.json").exists():
            if self.identity != (recipe.identity, seed):
                raise RunError(
                    "this folder holds a run of another recipe or seed",
                    got=str(self.path),
                    hint="choose another --runs DIR, or delete the folder",
                )
            return
        content = {
            "format": FORMAT,
            "name": recipe.name,
            "about": recipe.about,
            "why": recipe.why,
            "identity": recipe.identity,
            "seed": seed,
            **recipe.content,
            "metrics": {metric.name: asdict(metric) for metric in recipe.metrics()},
        }
        files.write_json(self.path / "recipe.json", content)

    def read(self) -> dict[str, Any]:
        """The content of ``recipe.json``, whose format must be known."""
        if not (self.path / "recipe.json").exists():
            raise RunError("this is not a run folder", got=str(self.path), hint="see: paribus list runs")
        return read_recipe(f"{self.path}/recipe.json")

    @property
    def recipe(self) -> Recipe:
        """The recipe of this run."""
        from paribus.records.recipe import Recipe  # lists need none, and no pydantic

        content = self.read()
        words = {word: content.get(word, "") for word in ("name", "about", "why")}
        return Recipe.read({**words, **earlier.upgraded(content["recipe"])})

    @property
    def identity(self) -> tuple[str, int]:
        """Identity of the recipe, and the seed: what makes two runs the same."""
        content = self.read()
        return content["identity"], content["seed"]

    def figures_of_merit(self) -> dict[str, Metric]:
        """The metrics of its task by name, as they were written down; none in a folder of an earlier version."""
        if not (self.path / "recipe.json").exists():
            return {}
        try:
            return {name: Metric(**content) for name, content in self.read().get("metrics", {}).items()}
        except (TypeError, AttributeError) as error:
            raise RunError(f"recipe.json is damaged: {error}", got=str(self.path)) from None

    @property
    def seed(self) -> int:
        """The seed of this run."""
        return self.identity[1]

    @property
    def status(self) -> Status:
        """The recorded status; a run that is said to be running but cannot be is ``crashed``."""
        path = self.path / "status.json"
        return read_status(path) if path.exists() else Status()

    def write_status(self, status: Status) -> None:
        """Replace the status; the heartbeat is now."""
        files.write_json(self.path / "status.json", asdict(replace(status, heartbeat=time.time())))

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Add one epoch's line."""
        files.append_line(self.path / "metrics.jsonl", row)

    def metrics(self) -> list[dict[str, Any]]:
        """One row per epoch; a figure that was not finite is ``None`` and named under ``non_finite``."""
        return files.read_lines(self.path / "metrics.jsonl")[0]

    def rewind_metrics(self, epoch: int) -> None:
        """Drop lines behind ``epoch``, and a torn one, before a resumed run appends again."""
        files.keep_lines(self.path / "metrics.jsonl", lambda row: row["epoch"] <= epoch)

    def write_info(self, info: dict[str, Any]) -> None:
        """Write down what the data were like: shapes, classes, sizes, moments."""
        files.write_json(self.path / "info.json", info)

    def info(self) -> dict[str, Any]:
        """What :meth:`write_info` wrote; empty before the run starts."""
        if (path := self.path / "info.json").exists():
            return dict(files.read_json(path))
        if (path := self.path / "facts.json").exists():  # of earlier versions
            return earlier.info_of(files.read_json(path))
        return {}

    def write_environment(self, content: dict[str, Any]) -> None:
        """Write down where the run takes place."""
        files.write_json(self.path / "environment.json", content)

    def environment(self) -> dict[str, Any]:
        """What :meth:`write_environment` wrote; empty before the run starts."""
        path = self.path / "environment.json"
        return dict(files.read_json(path)) if path.exists() else {}

    def write_result(self, result: RunResult) -> None:
        """Write the result: from here on the run counts as trained."""
        files.write_json(self.path / "result.json", asdict(result))

    @property
    def result(self) -> RunResult | None:
        """The result, once there is one."""
        path = self.path / "result.json"
        return read_result(path) if path.exists() else None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this folder for one process; released by the system even when the process is killed.

        Raises:
            RunLocked: while another process holds it.
        """
        from filelock import FileLock, Timeout

        with files.disk_errors(self.path / "lock"):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "lock", timeout=0)
            try:
                lock.acquire()
            except Timeout:
                holder = self.status
                who = f" (process {holder.pid} on {holder.host})" if holder.state == "running" else ""
                raise RunLocked(
                    "another process is working in this run folder",
                    got=f"{self.path}{who}",
                    hint="wait for it, or stop it first",
                ) from None
        try:
            yield
        finally:
            lock.release()


def read_recipe(path: str | Path) -> dict[str, Any]:
    """The content of a ``recipe.json``, whose format must be known."""
    content = files.read_json(path)
    found = content.get("format") if isinstance(content, dict) else type(content).__name__
    if found != FORMAT:
        raise RunError(
            f"this version of paribus reads run folders of format {FORMAT}",
            got=f"format {found!r} in {os.path.dirname(path)}",  # noqa: PTH120
            hint="open it with the version of paribus that wrote it",
        )
    return dict(content)


def read_status(path: str | Path) -> Status:
    """The status in a ``status.json``; see :attr:`RunFolder.status`."""
    status = _read_record(Status, path)
    if status.state == "running" and not _seems_alive(status):
        return replace(status, state="crashed")
    return status


def read_result(path: str | Path) -> RunResult:
    """The result in a ``result.json``."""
    return _read_record(RunResult, path)


def copy_run(source: RunFolder, target: RunFolder) -> None:
    """Copy a finished run, so that it is never trained twice and every study folder is whole by itself."""
    names = {path.name for path in source.path.iterdir() if path.is_file()} - {"lock", "log.txt", "status.json"}
    for name in (*sorted(names - {"result.json"}), "result.json"):
        files.write_with(target.path / name, partial(shutil.copyfile, source.path / name))
    for path in sorted(source.previews.glob("*")):
        files.write_with(target.previews / path.name, partial(shutil.copyfile, path))
    # last, for now it counts as finished
    files.write_with(target.path / "status.json", partial(shutil.copyfile, source.path / "status.json"))


def this_process() -> dict[str, Any]:
    """Process id and host name for a status."""
    return {"pid": os.getpid(), "host": platform.node()}


def _read_record(kind: type[Record], path: str | Path) -> Record:
    content = files.read_json(path)
    try:
        return kind(**content)
    except TypeError as error:
        folder, name = os.path.split(path)
        raise RunError(f"{name} is damaged: {error}", got=folder) from None


def _seems_alive(status: Status) -> bool:
    if status.host != platform.node() or os.name == "nt":  # only the heartbeat tells
        return time.time() - status.heartbeat < SILENCE_SECONDS
    try:
        os.kill(status.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
