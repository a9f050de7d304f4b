"""The run folder: the record of a training, from which everything else is rebuilt.

``recipe.json`` what was trained · ``environment.json`` where · ``status.json`` state and heartbeat ·
``metrics.jsonl`` one line per epoch · ``signals.jsonl`` what was seen inside, one line per look · ``previews/`` to look
at · ``checkpoints/`` to go on from · ``kept/`` weights of single epochs, if they are asked for · ``result.json`` and
``weights.safetensors`` at the end, and ``examples.safetensors`` with the figures of single validation examples, where
all seeds share them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from paribus import files, processes
from paribus.errors import DamagedRecord, ParibusError, RunError, RunLocked
from paribus.records import earlier
from paribus.records.history import History
from paribus.records.metric import Metric
from paribus.records.own import ORIGINS, OwnTraining

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paribus.records.inputs import Inputs
    from paribus.records.recipe import Recipe
    from paribus.records.signals import Look

FORMAT = 1  # raised when a new version could not read an older folder
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 120.0  # a run on another machine whose heartbeat is older has crashed
UNFLUSHED = ("info.json", "environment.json", "metrics.jsonl", "examples.safetensors")
"""Written while it runs; on the disk before its result."""
COUNTERS = ("epoch", "step", "seconds", "non_finite")  # of a row: no figures
SEALED = ("recipe.json", "info.json", "metrics.jsonl", "examples.safetensors", "weights.safetensors")
"""Of a finished run nothing changes them."""
HASHED = (*SEALED, "signals.jsonl")
"""What the result knows by its hash. A run is whole without its signals: nobody waits until they are on the disk."""

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
        digests: SHA-256 of the run's other files when it ended, and of this record; none in those of earlier versions.
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
    digests: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of all of this record but its own entry in ``digests``."""
        content = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        content["digests"] = {name: digest for name, digest in self.digests.items() if name != "result.json"}
        return hashlib.sha256(files.dumps(content).encode()).hexdigest()


Record = TypeVar("Record", Status, RunResult)

_JSON_TYPES: dict[str, Any] = {"str": str, "State": str, "int": int, "bool": bool, "float": (int, float)}
_TYPES = {  # record → its fields with their types, as far as JSON knows them
    kind.__name__: [(entry.name, _JSON_TYPES.get(str(entry.type), dict)) for entry in fields(kind)]
    for kind in (Status, RunResult)
}

MENDED = {  # file → how a damaged one comes right again
    "status.json": "run the same command again: it is written anew",
    "result.json": "delete the folder and train again",
    "recipe.json": "delete the folder and train again",
    "environment.json": "delete that file, which says where the run took place and nothing else",
    "info.json": "run the same command again if the run is not finished; else delete the folder and train again",
}


class RunFolder:
    """A run folder on disk. Reading one imports no code of its author."""

    def __init__(self, path: str | Path) -> None:
        self.path = path if isinstance(path, Path) else Path(path)

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / "recipe.json").exists()

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

    @property
    def examples(self) -> Path:
        """The figures of single validation examples; see :meth:`read_examples`."""
        return self.path / "examples.safetensors"

    def read_examples(self, name: str) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Rows of the validation examples (N,) and a figure of each (N,), where they were kept: its mean is the run's.

        Raises:
            DamagedRecord: if the file is not what was written.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        if not self.examples.is_file():
            return None
        try:
            found = load_file(self.examples)
            return (found["rows"], found[name]) if name in found else None
        except (SafetensorError, OSError, KeyError) as error:
            raise DamagedRecord(f"its figures of single examples cannot be read: {error}", got=str(self.path)) from None

    @property
    def kept(self) -> Path:
        """The folder of what the run was asked to keep: weights of single epochs, and its last state."""
        return self.path / "kept"

    def kept_weights(self, epoch: int) -> Path:
        """The weights after an epoch, where they are kept."""
        return self.kept / f"epoch-{epoch:04}.safetensors"

    @property
    def kept_epochs(self) -> list[int]:
        """The epochs whose weights are kept."""
        return sorted(int(path.stem.removeprefix("epoch-")) for path in self.kept.glob("epoch-*.json"))

    def create(self, recipe: Recipe | OwnTraining, seed: int, inputs: Inputs | None = None) -> None:
        """Write down what is to be trained here; an existing folder must hold the same.

        Args:
            recipe: what is trained, or what stands in place of it.
            seed: its seed.
            inputs: what it reads; written down by a later call where that is not known yet.

        Raises:
            RunError: for another recipe or seed, or other inputs, with what has changed.
        """
        from paribus.records.inputs import identity_of

        if self.exists:
            content = self.read()
            recorded = _inputs_in(content)
            if (content["identity"], content["seed"]) != (identity_of(recipe.identity, recorded), seed):
                raise self._other(recipe, content)
            if inputs is None or inputs == recorded:
                return
            if recorded is not None and inputs.digest != recorded.digest:
                raise self._changed(recorded, inputs)
            if recorded is not None or self.result is not None or any(self.checkpoints.glob("step-*")):
                return  # what an earlier version began stays without a record
        content = {
            "format": FORMAT,
            "name": recipe.name,
            "about": recipe.about,
            "why": recipe.why,
            "identity": identity_of(recipe.identity, inputs),
            "seed": seed,
            **({"setting": inputs.setting(recipe.identity)} if inputs and inputs.by_seed else {}),
            **recipe.content,
            **({"inputs": inputs.plain()} if inputs else {}),
            "metrics": {metric.name: asdict(metric) for metric in recipe.figures_of_merit()},
        }
        files.write_json(self.path / "recipe.json", content)

    def read(self) -> dict[str, Any]:
        """The content of ``recipe.json``, whose format must be known."""
        if not self.exists:
            if (self.path / "status.json").exists():
                raise _damaged(self.path / "recipe.json", "it is missing")
            raise RunError("this is not a run folder", got=str(self.path), hint="see: paribus list runs")
        return read_recipe(f"{self.path}/recipe.json")

    @property
    def origin(self) -> str:
        """Who trained: ``recipe``, or ``function``, ``command``, ``log`` of somebody's own."""
        return str(self.read().get("origin", "recipe"))

    @property
    def recipe(self) -> Recipe:
        """The recipe of this run.

        Raises:
            RunError: where it has none.
        """
        from paribus.records.recipe import Recipe  # lists need none, and no pydantic

        content = self.read()
        if (origin := content.get("origin")) is not None:
            raise RunError(
                f"this run has no recipe, and no network that paribus could build: {ORIGINS.get(origin, origin)}",
                got=str(self.path),
                hint="its figures are in its report: paribus report",
            )
        if "recipe" not in content:
            raise _damaged(self.path / "recipe.json", "it holds no recipe")
        words = {word: content.get(word, "") for word in ("name", "about", "why")}
        return Recipe.read({**words, **earlier.upgraded(content["recipe"])})

    @property
    def identity(self) -> tuple[str, int]:
        """Identity of the recipe, and the seed: what makes two runs the same."""
        content = self.read()
        identity, seed = content.get("identity"), content.get("seed")
        if not isinstance(identity, str) or type(seed) is not int:
            raise _damaged(self.path / "recipe.json", f"identity is {identity!r}, seed is {seed!r}")
        return identity, seed

    @property
    def inputs(self) -> Inputs | None:
        """What this run read; ``None`` before it has begun, and in a folder of an earlier version."""
        return _inputs_in(self.read())

    def _other(self, recipe: Recipe | OwnTraining, content: dict[str, Any]) -> RunError:
        """That this folder holds another run; where only code has changed, whose."""
        from paribus.records.inputs import code_changes

        rule, now = "this folder holds a run of another recipe or seed", recipe.content
        if content.get("recipe") == now["recipe"] and (news := code_changes(content["sources"], now["sources"])):
            rule = f"this folder holds a run of other code: {'; '.join(news)}"
        return RunError(rule, got=str(self.path), hint="choose another --runs DIR, or delete the folder")

    def _changed(self, recorded: Inputs, inputs: Inputs) -> RunError:
        from paribus.records.inputs import changes

        return RunError(
            f"the data of this run have changed: {'; '.join(changes(recorded, inputs))}",
            got=str(self.path),
            hint="bring back the data it began with, or start anew with --data-changed restart",
        )

    def figures_of_merit(self) -> dict[str, Metric]:
        """The metrics of its task by name, as they were written down; none in a folder of an earlier version."""
        if not self.exists:
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
        """The recorded status; a run that is said to be running or finished but cannot be is ``crashed``."""
        path = f"{self.path}/status.json"  # studies ask for thousands
        return read_status(path) if os.path.exists(path) else Status()  # noqa: PTH110

    def last_status(self) -> Status:
        """The recorded status, or a new one where that is damaged: for those who write the next."""
        try:
            return self.status
        except DamagedRecord:
            return Status()

    def write_status(self, status: Status) -> None:
        """Replace the status; the heartbeat is now, and not waited for: the next one comes soon."""
        content = asdict(replace(status, heartbeat=time.time()))
        files.write_json(self.path / "status.json", content, durable=status.state != "running")

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Add one epoch's line."""
        files.append_line(self.path / "metrics.jsonl", row)

    @property
    def history(self) -> History:
        """One row per epoch; a figure that was not finite is ``None`` and named under ``non_finite``."""
        return History(self.read_metrics()[0])

    @property
    def metrics(self) -> dict[str, float | None]:
        """Figures of the final weights by name, once the run is finished; of what happened before, see history."""
        return result.metrics if (result := self.result) else {}

    def read_metrics(self) -> tuple[list[dict[str, Any]], bool]:
        """One row per epoch, and whether lines were left out that are torn or no rows."""
        lines, torn = files.read_lines(self.path / "metrics.jsonl")
        rows = [row for row in lines if _is_row(row)]
        return rows, torn or len(rows) < len(lines)

    @property
    def signals(self) -> tuple[Look, ...]:
        """What was recorded inside the training, look by look; nothing where it was not, or by an earlier version.

        Raises:
            DamagedRecord: if the file cannot be read, or if it is that of a finished run and has changed since; lines
                that are torn or no looks are left out.
        """
        return self.read_signals()[0]

    def read_signals(self) -> tuple[tuple[Look, ...], bool]:
        """One record per look, and whether lines were left out that are torn or no looks."""
        from paribus.records.signals import Look

        path, result = self.path / "signals.jsonl", self.result
        if result and path.is_file() and "signals.jsonl" in result.digests and not self._is_sealed(path.name, result):
            rule, hint = "its signals changed since it ended", f"nothing else needs them: delete {path}"
            raise DamagedRecord(rule, got=str(self.path), hint=hint)
        lines, torn = files.read_lines(self.path / "signals.jsonl")
        looks = tuple(look for line in lines if (look := Look.read(line)) is not None)
        return looks, torn or len(looks) < len(lines)

    def restore_signals(self, looks: Sequence[Look]) -> str:
        """Make the file hold these looks; says what was wrong with it, if one was lost.

        Later ones are no fault: a training that was killed may have gone back behind them.
        """
        path = self.path / "signals.jsonl"
        known, torn = files.read_lines(path)
        expected = [look.plain() for look in looks]
        if known == expected and not torn:
            return ""
        files.write_bytes(path, b"".join(map(files.line, expected)), durable=False)  # the result waits for it
        lost = any(row not in known for row in expected) and bool(known)
        return "rows of signals.jsonl were lost or damaged, and are restored" if lost else ""

    def restore_metrics(self, rows: Sequence[dict[str, Any]]) -> str:
        """Make the file hold these rows, one per epoch so far; says what was wrong with it, if anything was.

        Rows of later epochs are no fault: a training that was killed may have gone back behind them.
        """
        if not rows and not (self.path / "metrics.jsonl").exists():
            return ""
        known, torn = self.read_metrics()
        expected = [json.loads(files.line(row)) for row in rows]
        if known == expected and not torn:
            return ""
        files.write_bytes(self.path / "metrics.jsonl", b"".join(map(files.line, rows)))
        if lost := [str(row["epoch"]) for row in expected if row not in known]:
            return f"rows of metrics.jsonl were lost or damaged, and are restored: epoch {', '.join(lost)}"
        if [row for row in known if row["epoch"] <= len(rows)] != expected:
            return "rows of metrics.jsonl stood in another order or more than once, and are put right"
        return "a torn line of metrics.jsonl is dropped" if torn else ""

    def write_info(self, info: dict[str, Any]) -> None:
        """Write down what the data were like: shapes, classes, sizes, moments."""
        files.write_json(self.path / "info.json", info, durable=False)  # the result waits for it

    def info(self) -> dict[str, Any]:
        """What :meth:`write_info` wrote; empty before the run starts."""
        if (path := self.path / "info.json").exists():
            return _mapping(path)
        if (path := self.path / "facts.json").exists():  # of earlier versions
            try:
                return earlier.info_of(_mapping(path))
            except (KeyError, AttributeError) as error:
                raise DamagedRecord(f"facts.json is damaged: {error!r}", got=str(self.path)) from None
        return {}

    def write_environment(self, content: dict[str, Any]) -> None:
        """Write down where the run takes place."""
        files.write_json(self.path / "environment.json", content, durable=False)

    def environment(self) -> dict[str, Any]:
        """What :meth:`write_environment` wrote; empty before the run starts."""
        path = self.path / "environment.json"
        return _mapping(path) if path.exists() else {}

    def write_result(self, result: RunResult) -> None:
        """Write the result, sealed with hashes of what belongs to it: from here on the run counts as trained."""
        present = [name for name in HASHED if (self.path / name).exists()]
        for path in (self.path / name for name in UNFLUSHED):
            if path.exists():
                files.flush(path)
        sealed = replace(result, digests={name: files.sha256_of(self.path / name) for name in present})
        sealed.digests["result.json"] = sealed.digest
        files.write_json(self.path / "result.json", asdict(sealed))

    @property
    def result(self) -> RunResult | None:
        """The result, once there is one."""
        path = f"{self.path}/result.json"
        return read_result(path) if os.path.exists(path) else None  # noqa: PTH110

    def check_seal(self, names: Collection[str] = SEALED, result: RunResult | None = None) -> None:
        """Refuse a finished run whose files are not what they were when it ended.

        Args:
            names: the files to compare, beside the result itself. What earlier versions wrote has no hashes: there
                the result must be that of its rows.
            result: where it is known already.

        Raises:
            DamagedRecord: naming the files.
        """
        if (result := result or self.result) is None:
            return
        altered = [name for name in names if name in result.digests and not self._is_sealed(name, result)]
        if result.digests and result.digests.get("result.json") != result.digest:
            altered.append("result.json")
        if not altered and not result.digests and not _agree(result, self.history):
            altered = ["result.json and metrics.jsonl"]
        if altered:
            raise DamagedRecord(
                f"this finished run is damaged: {', '.join(altered)} changed since it ended",
                got=str(self.path),
                hint="delete the folder and train again",
            )

    def _is_sealed(self, name: str, result: RunResult) -> bool:
        try:
            return files.sha256_of(self.path / name) == result.digests[name]
        except (OSError, ParibusError):  # it is gone, or no file any more
            return False

    def refuse_links(self) -> None:
        """Refuse to work in a folder in which something is a link: its target may be anybody's.

        Raises:
            RunError: naming the link and its target.
        """
        if not self.path.is_dir():
            return
        with os.scandir(self.path) as entries:
            links = sorted(entry.path for entry in entries if entry.is_symlink())
        if links:
            raise RunError(
                f"{os.path.basename(links[0])} is a link, and nothing outside a run folder is written or deleted",  # noqa: PTH119
                got=f"{links[0]} → {os.readlink(links[0])}",  # noqa: PTH115
                hint=f"delete the link {links[0]}, or the whole folder, and run the same command again",
            )

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
                holder = self.last_status()
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


_RECIPE = {"name": str, "about": str, "origin": str, "recipe": dict, "metrics": dict, "sources": dict}.items()


def read_recipe(path: str | Path) -> dict[str, Any]:
    """The content of a ``recipe.json``, whose format must be known."""
    content = _read_json(path)
    found = content.get("format") if isinstance(content, dict) else None
    if type(found) is not int:
        raise _damaged(path, "it names no format")
    if found != FORMAT:
        raise DamagedRecord(
            f"this version of paribus reads run folders of format {FORMAT}",
            got=f"format {found!r} in {os.path.dirname(path)}",  # noqa: PTH120
            hint="open it with the version of paribus that wrote it",
        )
    for name, kind in _RECIPE:
        if not isinstance(content.get(name, kind()), kind):
            raise _damaged(path, f"{name} is {content[name]!r}")
    return dict(content)


def read_status(path: str | Path) -> Status:
    """The status in a ``status.json``; see :attr:`RunFolder.status`."""
    status = _read_record(Status, path)
    if status.state not in get_args(State):
        raise _damaged(path, f"there is no state {status.state!r}")
    if status.state == "running" and not _seems_alive(status, path):
        return replace(status, state="crashed")
    if status.state == "finished" and not os.path.exists(f"{os.path.dirname(path)}/result.json"):  # noqa: PTH110, PTH120
        return replace(status, state="crashed", error="it is said to be finished, and its result.json is not there")
    return status


def read_result(path: str | Path) -> RunResult:
    """The result in a ``result.json``."""
    result = _read_record(RunResult, path)
    for name, value in result.metrics.items():
        if value is not None and not _is_number(value):
            raise _damaged(path, f"{name} is {value!r}")
    return result


def _inputs_in(content: dict[str, Any]) -> Inputs | None:
    """What a ``recipe.json`` says of the inputs."""
    from paribus.records.inputs import Inputs  # lists need none

    try:
        return Inputs.read(content["inputs"]) if "inputs" in content else None
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"recipe.json is damaged: {error!r}", got=str(content.get("name"))) from None


def copy_run(source: RunFolder, target: RunFolder) -> None:
    """Take over a finished run, so that it is never trained twice and every study folder is whole by itself.

    The folder appears whole or not at all, and what stood there goes. The weights, which are most of it and only ever
    replaced, are a second name of the same file where the file system has such; a folder that is moved stays whole.
    """
    left = {"lock", "log.txt"}

    def fill(folder: Path) -> None:
        for inside in (source.path, source.previews, source.kept):
            place = folder if inside == source.path else folder / inside.name
            for path in sorted(inside.glob("*")):
                if path.is_file() and not path.is_symlink() and path.name not in left and not _half_written(path):
                    place.mkdir(exist_ok=True)
                    (_link if path.suffix == source.weights.suffix else shutil.copyfile)(path, place / path.name)

    files.write_folder(target.path, fill)


def this_process() -> dict[str, Any]:
    """Process id and host name for a status."""
    return {"pid": os.getpid(), "host": platform.node()}


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without
        shutil.copyfile(source, target)


def _half_written(path: Path) -> bool:
    return path.name.startswith(files.TEMPORARY)


def _mapping(path: Path) -> dict[str, Any]:
    content = _read_json(path)
    if not isinstance(content, dict):
        raise _damaged(path, f"it holds {type(content).__name__}, not named values")
    return content


def _read_record(kind: type[Record], path: str | Path) -> Record:
    content = _read_json(path)
    try:
        record = kind(**content)
    except TypeError as error:
        raise _damaged(path, str(error)) from None
    for name, expected in _TYPES[kind.__name__]:
        value = getattr(record, name)
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            raise _damaged(path, f"{name} is {value!r}")
    return record


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_row(row: Mapping[str, Any]) -> bool:
    """Whether a line of ``metrics.jsonl`` is that of an epoch."""
    figures = [value for name, value in row.items() if name != "non_finite"]
    return type(row.get("epoch")) is int and all(value is None or _is_number(value) for value in figures)


def _agree(result: RunResult, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a result is that of the epoch which it names, and no epoch is missing."""
    kept = next((row for row in rows if row["epoch"] == result.best_epoch), {})
    first = min(1, result.epochs)  # where nothing was trained there is one row, of epoch 0
    return [row["epoch"] for row in rows] == list(range(first, result.epochs + 1)) and all(
        kept.get(name) == value for name, value in result.metrics.items()
    )


def _read_json(path: str | Path) -> Any:
    """The content of a file of a run; a damaged one says how it comes right again."""
    try:
        return files.read_json(path)
    except DamagedRecord as error:
        folder, name = os.path.split(path)
        raise DamagedRecord(error.rule, got=folder, hint=MENDED.get(name, error.hint)) from None


def _damaged(path: str | Path, reason: str) -> DamagedRecord:
    folder, name = os.path.split(path)
    return DamagedRecord(f"{name} is damaged: {reason}", got=folder, hint=MENDED.get(name, ""))


def _seems_alive(status: Status, path: str | Path) -> bool:
    """Whether the process of a status lives; of one that cannot be asked, whether it was heard of a moment ago."""
    now, heard = time.time(), status.heartbeat
    if heard > now + SILENCE_SECONDS:  # that clock is wrong: the file's own time tells
        heard = os.stat(path).st_mtime  # noqa: PTH116
    known = processes.lives(status.pid, heard) if status.host == platform.node() else None
    return abs(now - heard) < SILENCE_SECONDS if known is None else known
