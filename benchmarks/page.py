"""The local page: how long people wait for it, and what a training pays for being watched."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from benchmarks.store import make
from benchmarks.table import Row
from paribus import web

TRAINING = "run digits/cnn budget.epochs={epochs} training.precision=fp32 --threads 1"
LINES, EPOCHS, TABS = 1_000_000, 300, 8


def rows(repeats: int) -> list[Row]:
    """Seconds and ratios, from outside: a server in a process of its own, asked over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "empty").mkdir()
        for name, studies in (("ten", 0), ("thousand", 2), ("many", 20)):
            (root / name).mkdir()
            make(root / name, studies)  # 500 runs each
        _ten(root / "ten")
        _long(root / "long")
        found = [
            Row(
                "`paribus ui` until the first byte, empty folder",
                [start(root / "empty") for _ in range(repeats)],
                "≤ 1.0",
                " s",
            ),
            Row("home, 1,000 runs / 10 runs", _ratios(root / "thousand", root / "ten", repeats), "≤ 3"),
            Row(
                "home, 10,000 runs, first answer of a server", [first(root / "many") for _ in range(repeats)], "–", " s"
            ),
        ]
        taken, sent = zip(*[curves(root / "long") for _ in range(repeats)], strict=True)
        found.append(Row(f"curves of {LINES:,} rows, first answer of a server", taken, "≤ 2", " s"))
        found.append(Row(f"curves of {LINES:,} rows, sent", sent, "≤ 300", " kB"))
        found.append(Row("from a line appended to the tab", appended(root / "live", 5 * repeats), "≤ 1", " s"))
        found.append(Row(f"a training watched by {TABS} tabs / alone", watched(root / "watched", repeats), "≤ 1.02"))
    return found


class Page:
    """A server in a process of its own.

    Args:
        address: that it printed.
    """

    def __init__(self, address: str) -> None:
        self.port = int(address.split(":")[2].partition("/")[0])
        self.headers = {"Cookie": f"paribus-{self.port}={address.partition('?token=')[2]}", "Accept-Encoding": "gzip"}

    def get(self, path: str) -> bytes:
        """What it answers, as it was sent."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            return content

    def seconds(self, path: str) -> float:
        """Until an answer is there."""
        started = time.perf_counter()
        self.get(path)
        return time.perf_counter() - started


@contextmanager
def served(root: Path) -> Iterator[Page]:
    """A page about a folder."""
    command = [sys.executable, "-m", "paribus", "ui", str(root), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Page(process.stdout.readline().strip())
        finally:
            process.terminate()


def start(root: Path) -> float:
    """Seconds from the command to the first byte of the page."""
    started = time.perf_counter()
    with served(root) as page:
        page.get("/")
        return time.perf_counter() - started


def first(root: Path) -> float:
    """Seconds of the first list that a server makes."""
    with served(root) as page:
        page.get("/")
        return page.seconds("/api/home?kind=run")


def _ratios(large: Path, small: Path, repeats: int) -> list[float]:
    """Seconds of all that a tab asks for at home, in a large folder over those in a small one."""
    found = []
    with served(large) as one, served(small) as other:
        for page in (one, other):
            _complete(page)
        for turn in range(5 * repeats):
            first, second = (one, other) if turn % 2 else (other, one)
            taken = {id(page): _complete(page) for page in (first, second)}
            found.append(taken[id(one)] / taken[id(other)])
    return found


def _complete(page: Page) -> float:
    """Seconds of the page, its files and its list."""
    static = Path(web.__file__).parent / "static"
    names = [path.relative_to(static) for path in sorted(static.rglob("*.js"))]
    paths = ["/", *(f"/static/{name}" for name in names), "/api/home?kind=run"]
    return sum(page.seconds(path) for path in paths)


def curves(root: Path) -> tuple[float, float]:
    """Seconds of the first curves that a server draws, and the kilobytes that are sent."""
    with served(root) as page:
        (run,) = json.loads(_plain(page, "/api/home?kind=run"))["rows"]
        started = time.perf_counter()
        content = page.get(f"/api/runs/{run['id']}/curves")
        return time.perf_counter() - started, len(content) / 1e3


def _plain(page: Page, path: str) -> bytes:
    import gzip

    content = page.get(path)
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def appended(root: Path, lines: int) -> list[float]:
    """Seconds from a line in the file to the event at a tab."""
    _long(root, 10)
    found = []
    with served(root) as page:
        (run,) = json.loads(_plain(page, "/api/home?kind=run"))["rows"]
        with listening(page, run["id"]) as answer:
            for line in range(lines):
                time.sleep(0.4)
                started = time.perf_counter()
                with next(root.rglob("metrics.jsonl")).open("a") as file:
                    file.write(_line(11 + line))
                while b'"rows"' not in answer.readline():
                    pass
                found.append(time.perf_counter() - started)
    return found


@contextmanager
def listening(page: Page, follow: str = "") -> Iterator[http.client.HTTPResponse]:
    """A tab, which has heard that it is welcome."""
    with closing(http.client.HTTPConnection("127.0.0.1", page.port, timeout=120)) as connection:
        connection.request("GET", f"/api/events?follow={follow}", headers={"Cookie": page.headers["Cookie"]})
        answer = connection.getresponse()
        answer.readline()
        with closing(answer):
            yield answer


def watched(root: Path, repeats: int) -> list[float]:
    """Seconds of a training while tabs follow it, over those of the same alone; which comes first alternates."""
    found = []
    for turn in range(repeats):
        places = (root / f"{turn}-alone", root / f"{turn}-seen")
        seconds = {}
        for seen in (turn % 2 == 0, turn % 2 == 1):
            place = places[seen]
            place.mkdir(parents=True)
            with ExitStack() as stack:
                if seen:
                    stack.enter_context(_watching(place))
                seconds[seen] = trained(place)
        found.append(seconds[True] / seconds[False])
    return found


@contextmanager
def _watching(root: Path) -> Iterator[None]:
    """Tabs that read all they are told until the page ends, and look at the list now and then."""
    over, heard = threading.Event(), threading.Barrier(TABS + 1)
    with served(root) as page:
        tabs = [threading.Thread(target=_read_on, args=(page, heard), daemon=True) for _ in range(TABS)]
        looker = threading.Thread(target=_look, args=(page, over), daemon=True)
        for thread in (*tabs, looker):
            thread.start()
        heard.wait(timeout=60)
        try:
            yield
        finally:
            over.set()
            looker.join(timeout=60)
    for thread in tabs:
        thread.join(timeout=60)


def _read_on(page: Page, heard: threading.Barrier) -> None:
    with suppress(OSError, http.client.HTTPException), listening(page) as answer:
        heard.wait(timeout=60)
        for _ in answer:
            pass


def _look(page: Page, over: threading.Event) -> None:
    while not over.wait(2.0):
        page.get("/api/home")


def trained(root: Path, epochs: int = EPOCHS) -> float:
    """Seconds that the steps of a training took, as it recorded them."""
    words = TRAINING.format(epochs=epochs).split()
    command = [sys.executable, "-m", "paribus", *words, "--runs", str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return seconds_of(root)


def seconds_of(root: Path) -> float:
    """Seconds of the only run."""
    (result,) = root.rglob("result.json")
    return float(json.loads(result.read_text())["seconds"])


def last(root: Path) -> dict[str, float]:
    """The last row of the only run."""
    (rows,) = root.rglob("metrics.jsonl")
    return dict(json.loads(rows.read_text().splitlines()[-1]))


def _ten(root: Path) -> None:
    """Ten runs of those that the others have."""
    _some(root, 10)


def _some(root: Path, count: int) -> list[Path]:
    """So many of those runs, and no others."""
    make(root, 1)
    runs = sorted(path.parent for path in root.rglob("recipe.json"))
    for folder in runs[count:]:
        shutil.rmtree(folder)
    return runs[:count]


def _long(root: Path, lines: int = LINES) -> None:
    """One run with many rows."""
    (run,) = _some(root, 1)
    with (run / "metrics.jsonl").open("w") as file:
        file.writelines(map(_line, range(1, lines + 1)))
    os.utime(run / "metrics.jsonl")


def _line(epoch: int) -> str:
    share = (epoch * 2654435761 % (1 << 32)) / (1 << 32)  # no two figures are alike
    figures = {
        "epoch": epoch,
        "step": 10 * epoch,
        "train/loss": share + 1 / epoch,
        "val/loss": share,
        "val/accuracy": share,
    }
    return json.dumps({**figures, "lr": 0.1, "seconds": epoch / 100}) + "\n"
