"""What trained networks do: analyses, which take their time in a process of their own, and predictions on a file."""

from __future__ import annotations

import shlex
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request

from paribus.errors import ParibusError, RunError

SECONDS = 900.0  # that an analysis may take
QUICK_SECONDS = 1.5  # that an answer is waited for, before the page asks again
KEPT = 50
SAMPLES, FLIPS = "samples", "flips"  # questions that are no lines of the table of analyses
OWN = ("count", "seed")  # options of `paribus sample` itself
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".csv", ".txt", ".npy")


class Answers:
    """Analyses that are being made, and the last ones that were: one at a time, for all tabs."""

    def __init__(self) -> None:
        self._lock, self._made = threading.Lock(), OrderedDict[Any, Future[Any]]()
        self._pool = ThreadPoolExecutor(1)

    def of(self, key: Any, make: Callable[[], Any]) -> Future[Any]:
        """The answer to a question, which is asked once; one that failed is asked again."""
        with self._lock:
            known = self._made.get(key)
            if known is None or (known.done() and known.exception() is not None):
                self._made[key] = known = self._pool.submit(make)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
            return known

    def soon(self, key: Any, make: Callable[[], Any]) -> dict[str, Any]:
        """The page that answers a question, or that it is being worked out: then the browser asks again."""
        try:
            return {"state": "ready", "page": self.of(key, make).result(timeout=QUICK_SECONDS)}
        except TimeoutError:
            return {"state": "working"}

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def about(request: Request) -> Any:
    """What can be asked of a run."""
    desk = request.app.state.desk
    folder = desk.known.run(request.path_params["id"])
    desk.asking.warm_once()
    return desk.reading.ask("explain:about", path=str(folder.path))


def ask(request: Request) -> Any:
    """The answer of an analysis, or that it is being worked out: then the page asks again."""
    desk, what = request.app.state.desk, request.path_params["what"]
    folder, options = desk.known.run(request.path_params["id"]), dict(request.query_params)
    result = folder.result
    if result is None:
        raise RunError("only a finished run can be explained", got=folder.status.state, hint="let it finish")
    if desk.read_only and what != SAMPLES and not (folder.path / "analyses" / f"{what}.json").is_file():
        raise ParibusError("this page is read-only, and analyses are kept in the run's folder", got=what)
    key = (str(folder.path), result.weights_sha256, what, tuple(sorted(options.items())))
    given = {"path": str(folder.path), "what": what, "options": options}
    found = desk.answers.soon(key, lambda: desk.asking.ask("explain:ask", SECONDS, **given))
    verb = ["sample"] if what == SAMPLES else ["analyse", what]
    return {**found, "command": _command([*verb, str(folder.path)], options)}


def about_study(request: Request) -> Any:
    """What can be asked of a study."""
    desk, group = _study(request)
    desk.asking.warm_once()
    return desk.reading.ask("arms:about", path=str(group.path))


def ask_study(request: Request) -> Any:
    """The answer of an analysis of an arm, or of a comparison of arms; or that it is being worked out."""
    desk, group = _study(request)
    what, options = request.path_params["what"], dict(request.query_params)
    given = {"path": str(group.path), "what": what, "options": options}
    key = ("arms", str(group.path), group.mark, what, tuple(sorted(options.items())))
    found = desk.answers.soon(key, lambda: desk.asking.ask("arms:ask", SECONDS, **given))
    arm = [f"--arm={options.pop('arm')}"] if options.get("arm") else []
    verb = ["compare"] if what == FLIPS else ["analyse", what]
    return {**found, "command": _command([*verb, str(group.path), *arm], options)}


def _study(request: Request) -> tuple[Any, Any]:
    desk, wanted = request.app.state.desk, request.path_params["id"]
    group = desk.known.group(wanted, "study")
    desk.known.folder(wanted)
    return desk, group


def _command(words: list[str], options: Mapping[str, str]) -> str:
    """The command line that asks the same."""
    common = [f"--{name}={value}" for name, value in options.items() if words[0] == "sample" and name in OWN]
    rest = [f"--set={name}={value}" for name, value in options.items() if words[0] != "sample" or name not in OWN]
    return shlex.join(["paribus", *words, *common, *rest])


def predict(request: Request) -> Any:
    """What a run says of a file that was sent."""
    desk, content = request.app.state.desk, request.state.body
    folder = desk.known.run(request.path_params["id"])
    name = unquote(request.headers.get("x-name", "file"))[-200:]
    suffix = Path(name.replace("\\", "/")).suffix.lower()
    if suffix not in SUFFIXES:
        raise ParibusError("predictions are made for pictures, tables and texts", got=name, hint=", ".join(SUFFIXES))
    if not content:
        raise ParibusError("the file is empty", got=name)
    with TemporaryDirectory(prefix="paribus-") as place:
        path = Path(place, f"given{suffix}")
        path.write_bytes(content)
        return {"page": desk.asking.ask("explain:predict", path=str(folder.path), file=str(path), name=name)}


ENDPOINTS = {
    "/explain/{id}": about,
    "/explain/{id}/{what}": ask,
    "POST /explain/{id}/predict": predict,
    "/studies/{id}/explain": about_study,
    "/studies/{id}/explain/{what}": ask_study,
}
