"""The run folders below one folder: which there are, where each stands, and the one that somebody means.

``RUNS/STUDY/ARM/SEED/recipe.json`` makes a run folder, ``RUNS/STUDY/study.json`` a study. The folders are the truth.
Beside them lies an index, ``RUNS/.index.json``, so that 100,000 runs are listed in seconds: what was read of each run,
and a mark of its files (times, size, number). A listing looks at the marks of all runs and reads again what has another
one; a run that is not over is read each time. The index may be missing, torn, old, or not writable: then a listing
takes longer and says the same.

The index is a line of JSON about itself, and one for each study: its name, a seal (what the marks of its runs come to,
if all are over), and its runs. So the runs of one study are known without reading those of all, and what has not
changed is written as it was read.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from paribus import files
from paribus.errors import ParibusError, RunError, nearest
from paribus.records import marks
from paribus.records.metric import Metric, percentages
from paribus.records.run import RunFolder, Status, read_recipe, read_result, read_status

MARKERS = {"run": "recipe.json", "study": "study.json", "search": "search.json"}  # the file that makes a folder one
INDEX = ".index.json"
VERSION = 4  # of the index; another one is not read
THREADS = 8  # that read what no index knows, as disks and networks like it; where little is read they only disturb
MANY = 4_000_000  # bytes of an index, of some ten thousand runs, from which on others help to ask for their files
WORTH = 20  # runs read anew that are worth writing the index for

OVER = ("finished", "diverged")  # states of a run that training it again could not change

Row = list[Any]  # of the index: marks of recipe.json and of all files, then the fields of a summary but the path


class UnknownName(RunError):
    """Nothing is called like this."""


class RunSummary(NamedTuple):
    """What a list says of a run.

    Args:
        path: its folder.
        recipe: the name of its recipe.
        identity: of its recipe.
        seed: its seed.
        state: where it stands; ``damaged`` if a file of it cannot be read.
        epoch, epochs: trained and planned.
        figures: of the final weights; ``None`` before there is a result.
        percent: metrics that people read in per cent.
        started, heartbeat: in seconds since 1970; 0 before it began.
        error: why it failed, or what is damaged.
        shared: what it shares with other seeds where these have other identities, as each starts from a run of its own.
    """

    path: str
    recipe: str
    identity: str
    seed: int
    state: str
    epoch: int
    epochs: int
    figures: dict[str, float | None] | None
    percent: list[str]
    started: float
    heartbeat: float
    error: str
    shared: str

    @property
    def setting(self) -> str:
        """What it has in common with runs that differ from it in their seeds alone."""
        return self.shared or self.identity

    @property
    def folder(self) -> RunFolder:
        """The run folder itself."""
        return RunFolder(self.path)

    @property
    def study(self) -> str:
        """The name of its study's folder."""
        return os.path.basename(os.path.dirname(os.path.dirname(self.path)))  # noqa: PTH119, PTH120

    @property
    def over(self) -> bool:
        """Whether training it again could change nothing."""
        return self.state in OVER

    @property
    def metrics(self) -> dict[str, Metric]:
        """Those of its metrics that people do not read as plain numbers."""
        return percentages(self.percent)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looks at a million new objects for garbage, of which there is none: a fifth of the time."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


@uncollected()
def runs(root: Path) -> list[RunSummary]:
    """All runs below a folder, by path."""
    index = _Index(root)
    labels = [os.path.basename(path) for path in marks.folders(str(root))]  # noqa: PTH119
    if index.rows:
        same = index.unchanged(labels)
        listed = {label: index.known(label) if label in same else index.study(label) for label in labels}
    else:
        from concurrent.futures import ThreadPoolExecutor  # it takes its time

        with ThreadPoolExecutor(THREADS) as pool:
            listed = dict(zip(labels, pool.map(index.study, labels), strict=True))
    index.write(listed)
    return [run for study in listed.values() for run in study.runs]


def runs_of(study: Path) -> list[RunSummary]:
    """All runs of a study, by arm and seed."""
    place = study.absolute()
    return _Index(place.parent).study(place.name, str(study)).runs


def studies(root: Path, kind: str = "study") -> list[Path]:
    """The folders of all studies, or of all searches, by name."""
    return [Path(path) for path in marks.folders(str(root)) if os.path.exists(f"{path}/{MARKERS[kind]}")]  # noqa: PTH110


def named(root: Path, kind: str) -> list[str]:
    """Names of all runs or studies as they are typed: ``STUDY/ARM/SEED``, the newest first."""
    when = _changed(root, kind)
    return sorted(when, key=lambda folder: -when[folder])


def finished(root: Path) -> dict[tuple[str, int], list[RunFolder]]:
    """All runs below a folder that are finished, by identity and seed; what is damaged is nobody's twin."""
    found: dict[tuple[str, int], list[RunFolder]] = {}
    for run in runs(root):
        if run.state == "finished" and run.figures is not None:
            found.setdefault((run.identity, run.seed), []).append(run.folder)
    return found


def summary(folder: Path) -> RunSummary:
    """What a list says of one run."""
    return _summary(str(folder), marks.of_run(str(folder)))


def find(name: str, root: Path, *kinds: str) -> Path:
    """The folder that somebody means: a path, a name below ``root``, a part of it, or ``last``.

    ``last`` is what was begun last, a run or a study. Of a study, whoever asks for a run only gets its newest one.

    Args:
        name: what was typed.
        root: the folder of the run folders.
        kinds: ``run``, ``study`` or both; where a name fits both, the first.

    Raises:
        UnknownName: if nothing fits, with the nearest names.
        RunError: if several do.
    """
    for kind in kinds:
        for candidate in (Path(name), root / name):
            if (candidate / MARKERS[kind]).exists():
                return candidate
    if name == "last" and (folder := _last(root, kinds)) is not None:
        return folder
    known = {kind: _changed(root, kind) for kind in kinds}
    changed = {folder: written for when in known.values() for folder, written in when.items()}
    fitting = {kind: [folder for folder in when if name in folder] for kind, when in known.items()}
    whole = {kind: [one for one in folders if f"/{name}/" in f"/{one}/"] for kind, folders in fitting.items()}
    for found in (fitting, whole):  # of what a name is a part of, what has it for the whole name of a folder
        if unique := [folders[0] for folders in found.values() if len(folders) == 1]:
            return root / unique[0]
    *others, last = kinds
    what = f"{', '.join(others)} or {last} folder" if others else f"{last} folder"
    if several := [folder for folders in fitting.values() for folder in folders]:
        raise RunError(f"more than one {what} fits this name", got=name, hint=f"say which: {', '.join(several[:8])}")
    names = sorted(changed, key=lambda folder: changed[folder])
    hint = nearest(name, names[-8:]) if names else f"there is none in {root} yet"
    raise UnknownName(f"there is no such {what}", got=name, hint=hint)


def _last(root: Path, kinds: Sequence[str]) -> Path | None:
    """What was begun last below ``root``, whatever is asked for: so the same word means the same thing everywhere."""
    runs, studies = _changed(root, "run"), _changed(root, "study") | _changed(root, "search")
    changed = {**runs, **studies}
    if "run" not in kinds:
        changed = {name: when for kind in kinds for name, when in _changed(root, kind).items()}
    if not changed:
        return None
    newest = max(changed, key=lambda folder: changed[folder])
    study = newest.partition("/")[0]
    if study not in studies:
        return root / newest
    if any((root / study / MARKERS[kind]).exists() for kind in kinds if kind != "run"):
        return root / study
    of_study = [folder for folder in runs if folder.startswith(f"{study}/")]
    return root / max(of_study, key=lambda folder: runs[folder]) if of_study else None


class _Listed(NamedTuple):
    """The runs of a study, their rows as the index holds them behind their seal, and how many are new or gone."""

    runs: list[RunSummary]
    seal: bytes  # none unless all are over
    rows: bytes
    news: int


class _Index:
    """What was known of the runs below ``root`` when it was last written down."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: dict[bytes, bytes] = {}  # study → its runs, both as JSON; none if the file is not whole
        self.seals: dict[bytes, bytes] = {}
        with suppress(OSError, ValueError, RecursionError):
            head, _, body = (root / INDEX).read_bytes().partition(b"\n")
            if json.loads(head) == _head(body):
                lines = [line.split(b"\t") for line in body.split(b"\n")]
                self.rows = {study: rows for study, _, rows in lines}
                self.seals = {study: seal for study, seal, _ in lines}

    def unchanged(self, labels: Sequence[str]) -> set[str]:
        """Studies with the very runs and files that they had, if there are so many that helpers are worth starting."""
        helpers = marks.helpers() if sum(map(len, self.rows.values())) >= MANY else 0
        if not helpers:
            return set()
        sealed = {f"{self.root}{os.sep}{label}": self.seals.get(_compact(label), b"").decode() for label in labels}
        same = marks.unchanged({path: seal for path, seal in sealed.items() if seal}, helpers)
        return {label for label, path in zip(labels, sealed, strict=True) if path in same}

    def known(self, name: str) -> _Listed:
        """What was read before of a study in which nothing has changed."""
        path, study = f"{self.root}{os.sep}{name}{os.sep}", _compact(name)
        text = self.rows[study]
        runs = [RunSummary(path + label, *row[2:]) for label, row in json.loads(text).items()]
        return _Listed(runs, self.seals[study], text, 0)

    def study(self, name: str, path: str = "") -> _Listed:
        """What a list says of the runs of a study: as it was read before where files are the same and a run is over."""
        path = path or f"{self.root}{os.sep}{name}"
        text = self.rows.get(_compact(name), b"{}")
        before: dict[str, Row] = json.loads(text)
        found, rows, news = [], {}, 0
        for label, stats in marks.scan(path):
            place, row, mark = f"{path}{os.sep}{label}", before.get(label), marks.mark(stats)
            if row is not None and row[1] == mark and row[5] in OVER:
                run = RunSummary(place, *row[2:])
            else:
                known = row is not None and row[0] == marks.mark(stats[:1])
                run = _summary(place, stats, RunSummary(place, *row[2:]) if row is not None and known else None)
                row = (
                    [marks.mark(stats[:1]), mark, *run[1:]] if marks.settled(stats) and run.state != "damaged" else None
                )
                news += row is not None and (run.over or not known)
            found.append(run)
            if row is not None:
                rows[label] = row
        news += len(before.keys() - rows.keys())
        if rows == before and _compact(name) in self.seals:
            return _Listed(found, self.seals[_compact(name)], text, news)
        over = all(row[5] in OVER for row in rows.values())
        seal = marks.seal([(label, row[1]) for label, row in rows.items()]) if over else ""
        return _Listed(found, seal.encode(), _compact(rows), news)

    def write(self, listed: Mapping[str, _Listed]) -> None:
        """Keep what is known now, if enough of it is new; somebody else's index of the same moment is as good."""
        rows = {_compact(name): (study.seal, study.rows) for name, study in listed.items()}
        gone = sum(len(json.loads(self.rows[study])) for study in self.rows.keys() - rows.keys())
        news = gone + sum(study.news for study in listed.values())
        if news < max(WORTH, sum(len(study.runs) for study in listed.values()) // 100):
            return
        body = b"\n".join(b"\t".join((name, *line)) for name, line in rows.items())
        with suppress(ParibusError, OSError):  # it is not ours to write, or the disk is full
            files.write_bytes(self.root / INDEX, json.dumps(_head(body)).encode() + b"\n" + body)


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()  # ASCII: names that are no text come back as they are


def _head(body: bytes) -> dict[str, Any]:
    return {"version": VERSION, "sha256": hashlib.sha256(body).hexdigest()}


def _summary(path: str, stats: marks.Stats, known: RunSummary | None = None) -> RunSummary:
    """Read a run; of one whose ``recipe.json`` is known only where it stands, and its result once there is one."""
    about = (known.recipe, known.identity, known.seed) if known else ("", "", 0)
    percent, shared = (known.percent, known.shared) if known else ([], "")
    try:
        if known is None:
            content = read_recipe(f"{path}/recipe.json")
            about = (str(content["name"]), str(content["identity"]), int(content["seed"]))
            shared = str(content.get("setting", ""))
            percent = [name for name, metric in content.get("metrics", {}).items() if metric.get("percent")]
        status = read_status(f"{path}/status.json") if stats[1] else Status()
        figures = dict(read_result(f"{path}/result.json").metrics) if stats[2] else None
    except (RunError, KeyError, TypeError, ValueError, AttributeError) as error:  # one must not hide the others
        rule = error.rule if isinstance(error, RunError) else f"recipe.json is damaged: {error!r}"
        return RunSummary(path, *about, "damaged", 0, 0, None, percent, 0.0, 0.0, rule, shared)
    stands = (status.state, status.epoch, status.epochs)
    times = (status.started, status.heartbeat)
    return RunSummary(path, *about, *stands, figures, percent, *times, status.error, shared)


def _changed(root: Path, kind: str) -> dict[str, float]:
    """All folders of a kind, and when what makes them one was written."""
    if kind == "run":
        places = ((path, os.path.basename(path)) for path in marks.folders(str(root)))  # noqa: PTH119
        found = (
            (f"{label}/{name}", stat) for path, label in places for name, (stat,) in marks.scan(path, (MARKERS[kind],))
        )
        return {name: stat.st_mtime for name, stat in found if stat}
    return {folder.name: (folder / MARKERS[kind]).stat().st_mtime for folder in studies(root, kind)}
