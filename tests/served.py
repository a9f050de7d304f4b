"""Run folders as small as they can be, and a page about them that is served for the length of a test."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from paribus.files import dumps
from paribus.web import server, worker
from paribus.web.known import Snapshot

TOKEN = "a-token-of-the-tests"
METRICS = {"accuracy": {"name": "accuracy", "higher_is_better": True, "percent": True}}


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Page(NamedTuple):
    """A page that is served on this machine."""

    root: Path
    port: int
    app: Any

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        return f"paribus-{self.port}={TOKEN}"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str | None) -> Answer:
        """Ask as the page itself would; headers with ``_`` for ``-``, and ``None`` for one that is left out."""
        usual = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        if method not in ("GET", "HEAD"):
            usual |= {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None and "Content-Length" not in given:
                given["Content-Length"] = str(len(body))
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            found = connection.getresponse()
            return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """What an address answers as JSON; it must be there."""
        found = self.ask(path)
        assert found.status == 200, found
        return found.json

    def post(self, path: str, content: Any = None, method: str = "POST") -> Answer:
        """Change something."""
        return self.ask(path, method, json.dumps(content or {}).encode())

    def rows(self, query: str = "kind=all") -> dict[str, dict[str, Any]]:
        """What the list says, by name."""
        return {row["name"]: row for row in self.get(f"/api/home?{query}")["rows"]}

    def look_again(self) -> None:
        """Forget what was known, so that the next answer is of now."""
        self.app.state.desk.known._snapshot = Snapshot()

    def id(self, name: str) -> str:
        return str(self.app.state.desk.known.id(self.root.absolute() / name))


class Inside(worker.Worker):
    """Does tasks in this very process, which has long imported what they need; they arrive and answer as JSON, too."""

    def ask(self, task: str, seconds: float = 120.0, /, **given: Any) -> Any:
        with self._lock:
            reply = worker._reply(dumps([task, given]).encode())
        return worker._read(dumps(reply).encode())

    def warm_once(self) -> None:
        """There is nothing to wait for."""


@contextmanager
def page(root: Path, token: str | None = TOKEN, read_only: bool = False, framed: bool = False) -> Iterator[Page]:
    """A page about a folder, until the block ends; the processes of its own work are tested in ``test_worker.py``."""
    place = server.listen("127.0.0.1", 0)
    served = server.server(root, place, token, read_only, framed)
    app = served.config.app
    for name in ("reading", "theory", "asking"):
        setattr(app.state.desk, name, Inside(name))
    thread = threading.Thread(target=served.run, args=([place.listener],), daemon=True)
    thread.start()
    try:
        yield Page(root, place.port, app)
    finally:
        served.should_exit = True
        app.state.desk.close()
        thread.join(timeout=10)
        place.listener.close()


def make_run(
    folder: Path,
    state: str = "finished",
    rows: int = 3,
    seed: int = 0,
    recipe: Mapping[str, Any] | None = None,
    name: str = "digits/mlp",
    **status: Any,
) -> Path:
    """A run folder that no training made."""
    folder.mkdir(parents=True)
    content = recipe or {"model": {"use": "mlp"}, "optimizer": {"use": "sgd", "lr": 0.1}}
    about = {"format": 1, "name": name, "identity": f"{hash(str(content)) & ((1 << 60) - 1):016x}", "seed": seed}
    files: dict[str, Any] = {
        "recipe.json": {**about, "metrics": METRICS, "recipe": content},
        "status.json": {
            **{"state": state, "pid": 1, "host": "elsewhere", "started": 1e9, "heartbeat": 1e9 + 60},
            **{"epoch": rows, "epochs": max(rows, 3), "step": 10 * rows},
            **status,
        },
    }
    if state == "finished":
        files["result.json"] = {
            **{"metrics": {"val/accuracy": 0.5 + seed / 100, "val/loss": 1.0}, "epochs": rows, "steps": 10 * rows},
            **{"best_epoch": rows, "stopped_early": False, "weights_sha256": "0" * 64, "parameters": 1},
            **{"seconds": 1.0, "examples_per_second": 1.0, "peak_memory_mb": 1.0},
        }
    for file, written in files.items():
        (folder / file).write_text(json.dumps(written))
    (folder / "metrics.jsonl").write_text("".join(row(epoch) for epoch in range(1, rows + 1)))
    return folder


def row(epoch: int) -> str:
    """A line of ``metrics.jsonl``."""
    figures = {"epoch": epoch, "step": 10 * epoch, "train/loss": 1 / epoch, "val/loss": 2 / epoch}
    return json.dumps({**figures, "val/accuracy": 1 - 1 / (epoch + 1), "seconds": epoch / 2}) + "\n"


def wait_for(what: Any, seconds: float = 20.0) -> Any:
    """What a function gives as soon as that is something; it is asked again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        threading.Event().wait(0.05)
    raise AssertionError(f"nothing came within {seconds} s")
