"""Photographs of the local page for the documentation, taken where Chromium and Playwright are at hand.

    python -m docs.photographs RUNS [NAME...]

RUNS is a folder with at least a study of digits/cnn over model.norm, a run of digits/vae and some others. Look at the
pictures before you keep them.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
COLOURS = 128  # of a picture: less than 100 kB each
SETTLED, PATIENCE = 5_000, 90_000  # milliseconds until what was loaded is drawn; until it is loaded
STUDY = "digits-cnn--model.norm"

# name → (how to find the thing, the rest of its address, height, dark or light)
SHOTS: dict[str, tuple[str, str, int, str]] = {
    "ui-home": ("", "/", 640, "light"),
    "ui-study": (STUDY, "/studies/{}", 900, "light"),
    "ui-run": ("digits-vae", "/runs/{}", 1000, "light"),
    "ui-compare": (STUDY, "/compare?ids={}&lines=arms&metrics=val/accuracy,val/loss", 640, "dark"),
    "ui-start": ("", "/start?recipe=digits/cnn&seeds=5&vary=%7B%22model.norm%22:%22none,batch%22%7D", 820, "light"),
    "ui-derive": ("", "/theory/derive?text=sum((W @ x - y)**2)&wrt=W", 760, "dark"),
}

# Without the focus, and without the place where the runs lie on the machine that takes the pictures.
TIDY = """(place) => {
  document.activeElement.blur();
  document.querySelector('#bar .folder').textContent = 'runs';
  for (const code of document.querySelectorAll('code')) code.textContent = code.textContent.replaceAll(place, 'runs');
}"""


def main(runs: str, *names: str) -> None:
    """Take the pictures, or those that are named."""
    command = [sys.executable, "-m", "paribus", "ui", runs, "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        path = os.environ.get("PARIBUS_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        for name in names or SHOTS:
            take(page, address, name, str(Path(runs).resolve()))
        browser.close()
        server.terminate()


def take(page: Page, address: str, name: str, runs: str) -> None:
    """One of them."""
    find, place, height, theme = SHOTS[name]
    parts: Any = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc}"
    kind = "study" if find == STUDY else "run"
    found = page.request.get(f"{base}/api/home?kind={kind}&query={find}").json()["rows"] if find else []
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1180, "height": height})
    page.goto(base + place.format(found[0]["id"] if found else ""))
    page.wait_for_selector("main:not([aria-busy]) h1", state="attached", timeout=PATIENCE)
    page.wait_for_selector(".working", state="detached", timeout=PATIENCE)
    page.wait_for_timeout(SETTLED)
    page.evaluate(TIDY, runs)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(PICTURES / f"{name}.png", optimize=True)
    print(f"{name}.png, {(PICTURES / f'{name}.png').stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
