"""Every page in every state for every person: by the rules of axe-core, by day and by night, and on a telephone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.web.browser.conftest import HOSTILE, PATIENCE, Tab

from paribus.web.known import id_of

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)

AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
STUDY = f"/studies/{id_of('digits-mlp--model.norm')}"
NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}


def run(tab: Tab) -> str:
    return f"/runs/{tab.id_of('run', 'digits-vae')}"


def explained(tab: Tab) -> str:
    return f"/runs/{tab.id_of('run', 'digits-mlp')}/explain"


def press(name: str) -> Callable[[Tab], object]:
    return lambda tab: tab.page.get_by_role("button", name=re.compile(name)).first.click()


def unfold(tab: Tab) -> None:
    """Open all that is folded, and draw all that is drawn when it is seen."""
    tab.page.evaluate("() => document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for chart in tab.page.locator("figure.charted").all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator("[data-drawn=yes]")).to_be_attached()


def opened_cell(tab: Tab) -> None:
    press("^(Compute|Show)$")(tab)
    tab.page.locator(".matrix button").first.click()
    expect(tab.page.locator(".opened .card").first).to_be_visible()


def predicted(tab: Tab) -> None:
    given = {"name": "four.png", "mimeType": "image/png", "buffer": picture()}
    tab.page.get_by_label("File", exact=True).set_input_files(given)
    expect(tab.page.locator(".answer table").first).to_be_visible()


def picture() -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (8, 8), 128).save(file, "PNG")
    return file.getvalue()


def chosen(tab: Tab) -> None:
    tab.page.get_by_role("checkbox").first.check()
    press("^Columns$")(tab)


STATES = {  # name → address, and what is done there
    "home": ("/", None),
    "home, columns": ("/?kind=all", chosen),
    "home, nothing like it": ("/?q=nothing-like-it", None),
    "home, keys": ("/", lambda tab: tab.page.keyboard.press("?")),
    "run": (run, unfold),
    "run, menu": (run, press("^Save")),
    "run, crashed": (f"/runs/{id_of(f'{HOSTILE}/0123456789abcdef/seed-0')}", unfold),
    "run, damaged": (f"/runs/{id_of('damaged/base/seed-0')}", None),
    "run, gone": ("/runs/0000000000000000", None),
    "study": (STUDY, unfold),
    "study, seeds": (STUDY, press("^Add seeds$")),
    "compare": (f"/compare?ids={id_of('digits-mlp--model.norm')}", unfold),
    "compare, choice": ("/compare", None),
    "start": ("/start", None),
    "start, form": ("/start?recipe=digits/mlp", unfold),
    "start, wrong": ("/start?recipe=digits/mlp&set=%7B%22optimizer.lr%22%3A%22x%22%7D", None),
    "explain": (explained, None),
    "explain, cell": (lambda tab: f"{explained(tab)}/errors", opened_cell),
    "explain, predicted": (lambda tab: f"{explained(tab)}/predict", predicted),
    "theory, derive": ("/theory/derive?text=x.T @ A @ x&wrt=x", None),
    "theory, wrong": ("/theory/derive?text=x**&wrt=x", None),
    "theory, layers": ("/theory/layers?text=conv 8 k3, relu&input=3,8,8", None),
    "theory, networks": ("/theory/networks", press("^conv1d$")),
    "theory, arena": ("/theory/arena?surface=beale&optimizers=adam&steps=20&lr=0.1", press("^Pause$")),
    "data": ("/data", None),
    "data, one": ("/data/digits", None),
    "nowhere": ("/nowhere", None),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_a_telephone_is_wide_enough(tab, state):
    address, act = STATES[state]
    page = tab.open(address(tab) if callable(address) else address)
    expect(page.locator("[aria-busy=true], .working")).to_have_count(0)
    if act:
        act(tab)
    page.evaluate(AXE)
    for size, theme, rules in ((WIDE, "light", []), (WIDE, "dark", ["color-contrast"]), (NARROW, "dark", [])):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme)
        assert not violations(page, rules), (size, theme)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]


def violations(page, rules: list[str]) -> list[tuple[str, list[str]]]:
    """What breaks a rule: all of them, or those whose names are given."""
    options = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
    return [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
