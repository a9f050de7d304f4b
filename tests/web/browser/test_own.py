"""What a person brings to the page, in a browser: folders, recipes, searches, and questions with options."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.web.browser.conftest import PATIENCE

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=2 * PATIENCE)

STUDY = "digits-mlp--model.norm"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Two classes with a picture that is in both, and a file that is none; one has a name like markup."""
    root, chance = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for place in range(4):
        path = root / "ab"[place % 2] / f"{place}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    (root / "a" / "<img src=x onerror=alert(1)>.png").write_text("no picture")
    (root / "b" / "copy.png").write_bytes((root / "a" / "0.png").read_bytes())
    return root


def test_a_folder_is_looked_into_and_trained_on(tab, pictures):
    page = tab.open("/data")
    page.get_by_label("Folder or table").fill("nowhere")
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no such folder or table")
    page.get_by_label("Folder or table").fill(str(pictures))
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("heading", name="5 good pictures")).to_be_visible()
    for text in ("sizes: 30 × 20 (5)", "a/0.png = b/copy.png", "onerror=alert(1)"):
        expect(page.locator("main")).to_contain_text(text)
    page.get_by_label("also look for near copies").check()
    expect(page.get_by_role("group").filter(has_text="--duplicates").or_(page.locator("pre").last)).to_contain_text(
        f"paribus data {pictures} --duplicates"
    )
    page.get_by_role("link", name="Train on it").click()
    expect(page.get_by_label("data.path", exact=True)).to_have_value(str(pictures))


def test_a_recipe_of_ones_own_is_pasted_and_searched(tab):
    page = tab.open("/start")
    page.get_by_text("A recipe of your own").click()
    page.get_by_label("name", exact=True).fill("pasted")
    text = page.get_by_label("recipe, as YAML")
    text.fill("base: digits/mlp\noptimzer:\n  lr: 0.2\n")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no such field in a recipe")
    text.fill("base: digits/mlp\nabout: Mine.\noptimizer:\n  lr: 0.2\n")
    page.get_by_role("button", name="Use it").click()
    expect(page).to_have_url(re.compile("recipe=pasted.yaml"))
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".how").get_by_text("sampler", exact=True).wait_for()
    page.get_by_label("Search fields").fill("optimizer.lr")
    row = page.locator(".knob").filter(has=page.locator("code", has_text=re.compile("^optimizer.lr$")))
    row.get_by_label("search").check()
    row.get_by_label("optimizer.lr", exact=True).fill("1e-3..1")
    page.get_by_label(re.compile("^trials")).fill("4")
    preview = page.get_by_label("Preview")
    expect(preview).to_contain_text("4 trials, 10 runs to confirm the best")
    expect(preview).to_contain_text("--search optimizer.lr=1e-3..1 --trials 4")
    page.reload()  # the address keeps all of it
    expect(page.get_by_label("Preview")).to_contain_text("4 trials, 10 runs to confirm the best")
    page.get_by_label("optimizer.lr", exact=True).fill("1e-3..x")
    expect(page.get_by_label("Preview")).to_contain_text("a range of optimizer.lr is LOW..HIGH")


def test_examples_are_drawn_with_options(tab):
    page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}/explain/samples?count=3")
    expect(page.locator(".answer img")).to_have_count(1)
    page.get_by_label("walk").select_option("true")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".answer pre")).to_contain_text("--count=3 --set=walk=true")
    expect(page).to_have_url(re.compile("count=3&walk=true"))


def test_a_study_leads_to_what_its_arms_have_learned(tab):
    page = tab.open(f"/studies/{tab.id_of('study', STUDY)}")
    page.get_by_role("link", name="Explain").click()
    page.get_by_role("link", name=re.compile("^ensemble")).click()
    page.get_by_label("arm").select_option("norm=batch")
    page.get_by_role("button", name="Compute").click()
    expect(page.locator(".answer pre")).to_contain_text("--arm=norm=batch")
    expect(page.locator(".answer table").first).to_be_visible()


@pytest.mark.parametrize("path", ["/data", "/start?recipe=digits/mlp&kind=search", "/compare?ids={study}"])
def test_no_page_is_wider_than_a_telephone(tab, path):
    tab.page.set_viewport_size({"width": 390, "height": 800})
    page = tab.open(path.format(study=tab.id_of("study", STUDY)))
    page.locator("main .sets, main .form, main figure").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_charts_fit_a_telephone_and_the_console_stays_silent(tab):
    said = []
    tab.page.on("console", lambda message: said.append(message.text))
    tab.page.set_viewport_size({"width": 390, "height": 800})
    page = tab.open(f"/studies/{tab.id_of('study', STUDY)}#learning-curves")
    drawing = page.locator("#learning-curves .drawing[data-drawn]")
    drawing.wait_for()
    room, width = drawing.evaluate("one => [one.parentElement.clientWidth, one.querySelector('svg').clientWidth]")
    assert width <= room + 1
    assert said == []
