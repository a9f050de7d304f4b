"""Every page for every person: by the rules of axe-core, by day and by night, and on a telephone."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")
AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
PAGES = (
    "/",
    "run",
    "study",
    "compare",
    "/start?recipe=digits/mlp",
    "explain",
    "/theory/derive",
    "/theory/layers",
    "/data",
    "/start",
)


def path_of(tab, page: str) -> str:
    match page:
        case "run":
            return f"/runs/{tab.id_of('run', 'digits-vae')}"
        case "explain":
            return f"/runs/{tab.id_of('run', 'digits-mlp')}/explain"
        case "study":
            return f"/studies/{tab.id_of('study')}"
        case "compare":
            return f"/compare?ids={tab.id_of('study')}"
    return page


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_and_a_telephone_is_wide_enough(tab, page):
    tab.open(path_of(tab, page))
    tab.page.locator("[aria-busy=true]").wait_for(state="detached")
    tab.page.evaluate(AXE)
    for theme in ("light", "dark"):
        tab.page.emulate_media(color_scheme=theme)
        found = tab.page.evaluate("async () => (await axe.run(document)).violations")
        said = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
        assert not said, theme
    tab.page.set_viewport_size({"width": 390, "height": 844})
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 390
