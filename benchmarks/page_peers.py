"""The page beside TensorBoard and Aim: the same 1,000 runs, until the curves of one of them are on the screen.

The peers are no dependencies of paribus. Install them by hand into an environment of their own, and name it:
``python3 -m venv peers && peers/bin/pip install tensorboard tensorboardX aim``, then
``PARIBUS_PEERS=peers python -m benchmarks page_peers``. Chromium is found as in the tests (``PARIBUS_CHROMIUM``).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.page import _line
from benchmarks.store import make
from benchmarks.table import Row

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STUDIES, RUNS, EPOCHS, CHOSEN = 2, 1000, 20, 500
FIGURES = ("train/loss", "val/loss", "val/accuracy")
PORTS = {"paribus": 8899, "tensorboard": 8898, "aim": 8897}
PATIENCE = 300.0  # seconds after which a peer has not shown its curves

# written by the peer's own library, which is not installed here
TENSORBOARD = f"""
import sys
from tensorboardX import SummaryWriter
for run in range({RUNS}):
    with SummaryWriter(f"{{sys.argv[1]}}/run-{{run:04d}}") as writer:
        for epoch in range(1, {EPOCHS} + 1):
            for name in {FIGURES!r}:
                writer.add_scalar(name, 1 / (epoch + run % 7), epoch)
"""
AIM = f"""
import sys
import aim
quiet = dict(system_tracking_interval=None, log_system_params=False, capture_terminal_logs=False)
for number in range({RUNS}):
    run = aim.Run(repo=sys.argv[1], **quiet)
    for epoch in range(1, {EPOCHS} + 1):
        for name in {FIGURES!r}:
            run.track(1 / (epoch + number % 7), name=name, step=epoch, epoch=epoch)
    run.close()
    if number == {CHOSEN}:
        print(run.hash)
"""


def rows(repeats: int) -> Iterator[Row]:
    """Seconds from the command to the drawn curves, and from opening the page of a server that runs already."""
    peers = Path(os.environ["PARIBUS_PEERS"]).absolute() / "bin" if "PARIBUS_PEERS" in os.environ else None
    if peers is None or not (peers / "tensorboard").exists() or not (peers / "aim").exists():
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _browser() as browser:
        root = Path(folder)
        tools = {
            "paribus": _paribus(root / "paribus"),
            "tensorboard": _tensorboard(root / "tensorboard", peers),
            "aim": _aim(root / "aim", peers),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
        for turn in range(repeats):
            for name in sorted(tools, reverse=bool(turn % 2)):
                taken[name].append(_shown(browser, *tools[name]))
        yield from _compared(taken)


def _compared(taken: dict[str, list[tuple[float, float]]]) -> Iterator[Row]:
    for place, what in enumerate(("from the command", "from opening the page of a running server")):
        own = [one[place] for one in taken["paribus"]]
        for name, values in taken.items():
            seconds = [one[place] for one in values]
            yield Row(f"{name}: curves of one of {RUNS:,} runs, {what}", seconds, "–", " s")
            if name != "paribus":
                ratios = [theirs / ours for theirs, ours in zip(seconds, own, strict=True)]
                yield Row(f"{name} / paribus, {what}", ratios, "> 1")


Tool = tuple[list[str], str, "Callable[[Page], None]"]  # command, address, and what waits until curves are drawn


def _paribus(root: Path) -> Tool:
    make(root, STUDIES)
    chosen = sorted(root.rglob("recipe.json"))[CHOSEN].parent
    for recipe in root.rglob("recipe.json"):
        (recipe.parent / "metrics.jsonl").write_text("".join(map(_line, range(1, EPOCHS + 1))))
    from paribus.web.known import id_of

    command = [sys.executable, "-m", "paribus", "ui", str(root), "--no-open", "--no-token"]
    address = f"http://127.0.0.1:{PORTS['paribus']}/runs/{id_of(str(chosen.relative_to(root)))}"
    drawn = "figure.curves [role=img][aria-label*='ends at']"
    return [*command, "--port", str(PORTS["paribus"])], address, lambda page: page.locator(drawn).first.wait_for()


def _tensorboard(root: Path, peers: Path) -> Tool:
    root.mkdir()
    subprocess.run([peers / "python", "-c", TENSORBOARD, root], check=True, stdout=subprocess.DEVNULL)

    def drawn(page: Page) -> None:
        """Above 500 runs none is chosen at first: the row of the run is ticked as soon as it is there."""
        page.locator("runs-data-table, runs-table").get_by_text(f"run-{CHOSEN:04d}", exact=True).first.wait_for()
        page.locator("runs-data-table input[type=checkbox], runs-table input[type=checkbox]").nth(1).check()
        page.locator("scalar-card-data-table").get_by_text(f"run-{CHOSEN:04d}").first.wait_for()

    command = [str(peers / "tensorboard"), "--logdir", str(root), "--host", "127.0.0.1"]
    address = f"http://127.0.0.1:{PORTS['tensorboard']}/?runFilter=run-{CHOSEN:04d}#timeseries"
    return [*command, "--port", str(PORTS["tensorboard"])], address, drawn


def _aim(root: Path, peers: Path) -> Tool:
    root.mkdir()
    subprocess.run([peers / "aim", "init", "--repo", root, "--yes"], check=True, stdout=subprocess.DEVNULL)
    written = subprocess.run([peers / "python", "-c", AIM, root], check=True, stdout=subprocess.PIPE, text=True)
    command = [str(peers / "aim"), "up", "--repo", str(root), "--host", "127.0.0.1", "--port", str(PORTS["aim"])]
    address = f"http://127.0.0.1:{PORTS['aim']}/runs/{written.stdout.split()[-1]}/metrics"
    return command, address, lambda page: page.locator("svg path.Line__path, svg [class*=Line] path").first.wait_for()


def _shown(browser: Browser, command: list[str], address: str, drawn: Any) -> tuple[float, float]:
    """Seconds until curves are drawn: from the command, and once more in a new tab of the running server."""
    started = time.perf_counter()
    with _served(command):
        first = _opened(browser, address, drawn, started)
        again = _opened(browser, address, drawn, time.perf_counter())
    return first, again


def _opened(browser: Browser, address: str, drawn: Any, started: float) -> float:
    """Seconds since ``started`` when the curves are there; the address is tried until somebody answers."""
    from playwright.sync_api import Error

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    try:
        while time.perf_counter() - started < PATIENCE:
            with suppress(Error):
                page.goto(address, wait_until="commit")
                break
            time.sleep(0.05)
        with suppress(Error):  # not within the patience: that is then the figure
            drawn(page)
        return time.perf_counter() - started
    finally:
        context.close()


@contextmanager
def _served(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd=tempfile.gettempdir()
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("PARIBUS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()
