"""One server, one browser and one folder of runs for all tests of the page in a browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from filelock import FileLock
from tests.pictures import CHANGES, pictures
from tests.served import make_run
from tests.small import small

import paribus as pb
from paribus.records.run import RunFolder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

HOSTILE = "<img src=x onerror=alert(1)>"
PATIENCE = 60_000  # milliseconds for anything to appear, on a busy machine
TINY = {"budget.epochs": 2, "split.limit": 200}
LONG = 5000  # rows of a run whose curves are thinned
CHROMIUM = os.environ.get("PARIBUS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def trained(session_cache, tmp_path_factory) -> Path:
    """Real, small runs: whichever of the processes that test comes first trains them for all."""
    place = tmp_path_factory.getbasetemp()
    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place
    folder = place / "runs-of-the-page"
    with FileLock(place / "runs-of-the-page.lock"):
        if not folder.exists():
            drawn = pictures(place / f"pictures {HOSTILE}", {HOSTILE: 12, "<b>": 12})
            _train(tmp_path_factory.mktemp("training") / "runs", drawn).rename(folder)
    return folder


def _train(folder: Path, drawn: Path) -> Path:
    """A study, a run with glimpses, and one of pictures whose classes and files have hostile names."""
    study = small({"model.norm": ["none", "batch"]}, seeds=3, changes={"budget.epochs": 2}, runs=folder)
    study.run(executor="inprocess", listen=lambda _: None)
    study.report()
    pb.Run("digits/vae", TINY, runs=folder).train()
    pb.Run("folder/cnn", {**CHANGES, "data.path": str(drawn)}, runs=folder).train()
    return folder


@pytest.fixture(scope="session")
def runs(trained, tmp_path_factory) -> Path:
    """These runs, and some that no training made: long, hostile, damaged, of another version."""
    folder = tmp_path_factory.mktemp("page") / "runs"
    shutil.copytree(trained, folder)
    (vae,) = folder.glob("digits-vae/*/seed-0")
    _hostile(RunFolder(vae), folder / HOSTILE / "0123456789abcdef" / "seed-0")
    make_run(folder / "long" / "base" / "seed-0", rows=LONG)
    make_run(folder / "damaged" / "base" / "seed-0").joinpath("status.json").write_text("[")
    other = make_run(folder / "other-version" / "base" / "seed-0") / "recipe.json"
    other.write_text(json.dumps({**json.loads(other.read_text()), "format": 99}))
    (folder / "torn").mkdir()
    (folder / "torn" / "study.json").write_text('{"format": 1, "na')
    return folder


def _hostile(run: RunFolder, place: Path) -> None:
    """The same run in a folder, with figures, a log and a problem that would like to be markup."""
    shutil.copytree(run.path, place)
    (place / "result.json").unlink()
    with (place / "metrics.jsonl").open("a") as rows:
        rows.write(json.dumps({"epoch": 3, f"val/{HOSTILE}": 1.0, "train/=1+1": 2.0}) + "\n")
    (place / "log.txt").write_text(f"{HOSTILE}\n")
    (place / f"{HOSTILE}.txt").write_text(HOSTILE)
    status = json.loads((place / "status.json").read_text())
    (place / "status.json").write_text(json.dumps(status | {"state": "failed", "error": HOSTILE}))


@dataclass
class Server:
    """A page that is being served."""

    runs: Path
    address: str
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


def serve(runs: Path, *options: str) -> Server:
    """The page of a folder, as ``paribus ui`` serves it."""
    command = [sys.executable, "-m", "paribus", "ui", str(runs), "--no-open", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    return Server(runs, process.stdout.readline().strip(), process)


def end(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait(10)
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.fixture(scope="session")
def server(runs) -> Iterator[Server]:
    found = serve(runs)
    yield found
    end(found)


def entered(browser: Browser, server: Server) -> Any:
    """The cookie that the token of the printed address is exchanged for."""
    context = browser.new_context()
    context.new_page().goto(server.address)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium; PARIBUS_CHROMIUM may name it")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def entrance(browser: Browser, server: Server) -> Any:
    return entered(browser, server)


@dataclass
class Tab:
    """A tab of the page, and whatever went wrong in it."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"console: {message.text}")

    def check(self) -> None:
        """Nothing went wrong so far, and nothing was asked of anybody but the server (R27, R28)."""
        assert not self.problems
        outside = [url for url in self.requests if not url.startswith((self.base, "data:", "blob:"))]
        assert not outside

    def open(self, path: str) -> Page:
        """A page by its path; returns when its first answer is drawn."""
        self.page.goto(self.base + path)
        self.page.locator("main:not([aria-busy]) h1").first.wait_for(state="attached")
        return self.page

    def id_of(self, kind: str, query: str = "") -> str:
        """The id of the first thing of a kind that fits."""
        answer = self.page.request.get(f"{self.base}/api/home?kind={kind}&query={quote(query)}")
        return str(answer.json()["rows"][0]["id"])


def downloaded(tab: Tab, press: Callable[[], None]) -> Path:
    """The file that a press on something hands out, under the name that it was given."""
    with tab.page.expect_download() as waiting:
        press()
    found = waiting.value
    return Path(found.path()).rename(Path(found.path()).with_name(f"{id(found)}-{found.suggested_filename}"))


@pytest.fixture
def context(browser: Browser, entrance) -> Iterator[BrowserContext]:
    found = browser.new_context(storage_state=entrance, viewport={"width": 1280, "height": 900})
    yield found
    found.close()


@pytest.fixture
def tab(context: BrowserContext, server: Server) -> Iterator[Tab]:
    """A tab; at its end nothing may have gone wrong, and nothing may have been asked of anybody else (R27, R28)."""
    found = Tab(context.new_page(), server.base)
    yield found
    found.check()
