"""The local page in Chromium: when things are on the screen, how smoothly they move, what eight tabs cost a training.

``python -m benchmarks page_browser`` measures all of it, ``python -m benchmarks page_browser:long`` one part: many,
long, appended or tabs. Chromium is found as by the tests (``PARIBUS_CHROMIUM``); without it nothing is measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import page
from benchmarks.store import make
from benchmarks.table import Row

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

WINDOW = {"width": 1280, "height": 900}
PATIENCE = 120_000  # milliseconds for anything to appear
EPOCHS = 150  # of the training that tabs watch
SELECTORS = {"many": ".rows .row a", "long": "figure.curves canvas[aria-label*='ends at']"}

# in every document, before its own scripts: when an element of this kind has first been painted
PAINTED = """
window.painted = new Promise((done) => {
  const look = () => document.querySelector(SELECTOR)
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() / 1000)))
    : requestAnimationFrame(look);
  look();
});
"""
# the longest time between two frames, in milliseconds, while the list runs by
SCROLLED = """
async () => {
  let longest = 0, before = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < 240; frame++) {
    scrollBy(0, frame % 60 < 50 ? 300 : 20000);
    const now = await new Promise(requestAnimationFrame);
    longest = Math.max(longest, now - before);
    before = now;
  }
  return longest;
}
"""
# when the first chart is drawn anew, in seconds since 1970
REDRAWN = """
() => { window.redrawn = new Promise((done) => {
  const canvas = document.querySelector("figure.curves canvas");
  new MutationObserver((_, watcher) => (watcher.disconnect(), requestAnimationFrame(() => done(Date.now() / 1000))))
    .observe(canvas, { attributeFilter: ["aria-label"] });
}); }
"""


def rows(repeats: int, only: str = "") -> list[Row]:
    """Seconds, milliseconds, kilobytes and ratios.

    Args:
        repeats: how often each is measured.
        only: the part that is measured; all of them by default.
    """
    parts: dict[str, Callable[[Path, Browser, int], list[Row]]] = {
        "many": many,
        "long": long,
        "appended": appended,
        "tabs": tabs,
    }
    if (chromium := _chromium()) is None:
        print("page_browser: there is no chromium; PARIBUS_CHROMIUM may name it", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder, browsing(chromium) as browser:
        found = []
        for name in [only] if only else parts:
            (root := Path(folder, name)).mkdir()
            found += parts[name](root, browser, repeats)
    return found


def many(root: Path, browser: Browser, repeats: int) -> list[Row]:
    """A list of 10,000 runs: from the beginning of the navigation to its rows, and how it scrolls."""
    make(root, 20)
    painted, longest = [], []
    with page.served(root) as server:
        for _ in range(repeats):
            with opened(browser, server, SELECTORS["many"]) as tab:
                tab.goto(f"http://127.0.0.1:{server.port}/?kind=run")
                painted.append(tab.evaluate("() => window.painted"))
                longest.append(tab.evaluate(SCROLLED))
    return [
        Row("home, 10,000 runs, until its rows are painted", painted, "≤ 1.5", " s"),
        Row("the longest frame while they are scrolled", longest, "≤ 100", " ms"),
    ]


def long(root: Path, browser: Browser, repeats: int) -> list[Row]:
    """A run of a million rows, shown by a server that has just begun."""
    page._long(root)
    painted, sent = [], []
    for _ in range(repeats):
        with page.served(root) as server, opened(browser, server, SELECTORS["long"]) as tab:
            lengths = _lengths(tab)
            tab.goto(f"http://127.0.0.1:{server.port}/runs/{_only(server)}")
            painted.append(tab.evaluate("() => window.painted"))
            sent.append(sum(size for address, size in lengths.values() if "/curves" in address) / 1e3)
    return [
        Row(f"curves of {page.LINES:,} rows, until they are painted", painted, "≤ 2", " s"),
        Row(f"curves of {page.LINES:,} rows, sent until then", sent, "≤ 300", " kB"),
    ]


def _lengths(tab: Tab) -> dict[str, tuple[str, float]]:
    """Address and bytes on the wire of every answer, as they come."""
    found: dict[str, tuple[str, float]] = {}
    network = tab.context.new_cdp_session(tab)
    network.send("Network.enable")

    def begun(event: dict[str, Any]) -> None:
        found[event["requestId"]] = (event["response"]["url"], 0.0)

    def ended(event: dict[str, Any]) -> None:
        address, _ = found.get(event["requestId"], ("", 0.0))
        found[event["requestId"]] = (address, event["encodedDataLength"])

    network.on("Network.responseReceived", begun)
    network.on("Network.loadingFinished", ended)
    return found


def appended(root: Path, browser: Browser, repeats: int) -> list[Row]:
    """From a line in the file to the chart that shows its point."""
    page._long(root, 10)
    (path,) = root.rglob("metrics.jsonl")
    found = []
    with page.served(root) as server, opened(browser, server, SELECTORS["long"]) as tab:
        tab.goto(f"http://127.0.0.1:{server.port}/runs/{_only(server)}")
        tab.evaluate("() => window.painted")
        tab.locator(".live.on").wait_for()
        tab.wait_for_timeout(3000)  # what is asked for at the beginning has come
        for line in range(5 * repeats):
            tab.evaluate(REDRAWN)
            started = time.time()
            with path.open("a") as file:
                file.write(page._line(11 + line))
            found.append(tab.evaluate("() => window.redrawn") - started)
    return [Row("from a line appended to its point on the screen", found, "≤ 1", " s")]


def tabs(root: Path, browser: Browser, repeats: int) -> list[Row]:
    """Seconds of a training that is drawn in tabs while it runs, over those of the same alone, in turns."""
    found = []
    for turn in range(repeats):
        seconds = {}
        for seen in (turn % 2 == 0, turn % 2 == 1):
            (place := root / f"{turn}-{'seen' if seen else 'alone'}").mkdir()
            seconds[seen] = _seen(place, browser) if seen else page.trained(place, EPOCHS)
        found.append(seconds[True] / seconds[False])
    return [Row(f"a training drawn in {page.TABS} tabs of Chromium / alone", found, "≤ 1.02")]


def _seen(root: Path, browser: Browser) -> float:
    """Seconds of a training with tabs open on it, every one of which must have drawn its end."""
    words = page.TRAINING.format(epochs=EPOCHS).split()
    command = [sys.executable, "-m", "paribus", *words, "--runs", str(root)]
    with page.served(root) as server, opened(browser, server, SELECTORS["long"]) as first:
        others = [first.context.new_page() for _ in range(page.TABS - 1)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as training:
            while not (run := _only(server)):
                assert training.poll() in (None, 0)
                time.sleep(0.1)
            for tab in (first, *others):
                tab.goto(f"http://127.0.0.1:{server.port}/runs/{run}")
            while training.poll() is None:
                first.wait_for_timeout(200)
        for tab in (first, *others):
            _ends_at(tab, f"{page.last(root)['train/loss']:.4g}")
    return page.seconds_of(root)


def _ends_at(tab: Tab, loss: str) -> None:
    """Wait until the first chart of a tab says where the loss has ended."""
    tab.bring_to_front()  # one that nobody sees draws nothing
    chart, end = tab.locator("figure.curves canvas").first, time.monotonic() + PATIENCE / 1000
    while loss not in str(chart.get_attribute("aria-label")):
        if time.monotonic() > end:
            raise SystemExit(f"a tab says {chart.get_attribute('aria-label')}, and not {loss}")
        tab.wait_for_timeout(100)


def _only(server: page.Page) -> str:
    """The id of the only run; nothing where there is none yet."""
    import json

    found = json.loads(page._plain(server, "/api/home?kind=run"))["rows"]
    return str(found[0]["id"]) if found else ""


@contextmanager
def opened(browser: Browser, server: page.Page, selector: str) -> Iterator[Tab]:
    """A tab with the cookie of a server, which notes when the first element of a kind is painted."""
    context: BrowserContext = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    name, _, value = server.headers["Cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{server.port}"}])
    context.add_init_script(PAINTED.replace("SELECTOR", repr(selector)))
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


def _chromium() -> str | None:
    return os.environ.get("PARIBUS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def browsing(path: str) -> Iterator[Browser]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
