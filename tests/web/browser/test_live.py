"""The page while things happen: trainings, their starts and their stops."""

from __future__ import annotations

import json
import re

import pytest
from tests.web.browser.conftest import PATIENCE, TINY, Tab, end, serve

import paribus as pb

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def quiet(browser, session_cache, tmp_path):
    """A page of a folder of its own, in which things may happen."""
    server = serve(tmp_path / "runs")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = Tab(context.new_page(), server.base)
    tab.page.goto(server.address)
    yield tab, tmp_path / "runs"
    for job in tab.page.request.get(f"{tab.base}/api/queue").json()["jobs"]:
        if job["state"] in ("waiting", "running"):
            tab.page.request.delete(f"{tab.base}/api/queue/{job['id']}", headers={"Origin": tab.base})
    context.close()
    end(server)
    assert not tab.problems


def test_an_empty_folder_says_how_to_begin(quiet):
    tab, _ = quiet
    expect(tab.page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(tab.page.locator(".empty")).to_contain_text("paribus study")
    expect(tab.page.locator(".live")).to_have_class(re.compile("on"))


def test_rows_of_a_training_appear_as_they_are_written(quiet):
    tab, runs = quiet
    page = tab.page
    run = pb.Run("digits/mlp", TINY, runs=runs)
    run.train()
    expect(page.get_by_role("row").filter(has_text="digits/mlp, seed 0")).to_be_visible()
    tab.open(f"/runs/{tab.id_of('run')}")
    chart = page.locator("figure.curves").first
    expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("ends at"))
    before = chart.get_by_role("img").get_attribute("aria-label") or ""
    row = json.loads((run.folder.path / "metrics.jsonl").read_text().splitlines()[-1])
    later = {**row, "epoch": 3, "step": row["step"] + 7, "train/loss": 0.4321, "val/loss": 0.4321}
    with (run.folder.path / "metrics.jsonl").open("a") as rows:
        rows.write(json.dumps(later) + "\n")
    expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"ends at 0\.4321"))
    assert "0.4321" not in before


def test_a_study_is_started_watched_and_stopped(quiet):
    tab, runs = quiet
    page = tab.page
    tab.open("/start")
    page.get_by_label("Search recipes").fill("digits/mlp")
    page.get_by_role("link", name="digits/mlp").click()
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview).to_contain_text("1 arm × 3 seeds = 3 runs")
    page.get_by_label("Search fields").fill("budget.epochs")
    page.get_by_label("budget.epochs", exact=True).fill("many")
    expect(preview.get_by_role("alert").first).to_be_visible()
    expect(preview.get_by_role("button", name="Start")).to_have_count(0)
    page.get_by_label("budget.epochs", exact=True).fill("5000")
    page.get_by_label("Search fields").fill("optimizer.lr")
    page.locator(".knob", has=page.get_by_text("optimizer.lr", exact=True)).get_by_role("checkbox").check()
    page.get_by_label("optimizer.lr", exact=True).fill("0.1,0.01")
    page.get_by_label("seeds", exact=True).fill("2")
    expect(preview).to_contain_text("2 arms × 2 seeds = 4 runs")
    expect(preview.locator("code")).to_contain_text("--vary optimizer.lr=0.1,0.01")
    preview.get_by_role("button", name="Start").click()
    queue = page.get_by_role("region", name="Queue")
    expect(queue.locator(".state").first).to_have_text("running")
    queue.get_by_role("link").click()
    page.locator("a.square.running").first.click()
    curve = page.locator("figure.curves").first.get_by_role("img")
    expect(curve).to_have_attribute("aria-label", re.compile("ends at"))
    expect(curve).not_to_have_attribute("aria-label", curve.get_attribute("aria-label") or "")  # it grows
    page.go_back()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".line .state").first).to_have_text("interrupted")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert any(runs.glob("*/*/seed-0/metrics.jsonl"))
