"""The page while things happen: trainings, their starts and their stops."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.served import make_run, wait_for
from tests.web.browser.conftest import PATIENCE, TINY, Tab, end, serve

import paribus as pb
from paribus.web.known import id_of

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)


SMALL = {"budget.epochs": "1", "split.limit": "200", "model.widths": "[8]"}
LONG = {**SMALL, "budget.epochs": "5000"}


@pytest.fixture
def quiet(browser, session_cache, tmp_path):
    """A page of a folder of its own, in which things may happen."""
    server = serve(tmp_path / "runs")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = Tab(context.new_page(), server.base)
    tab.page.goto(server.address)
    servers = [server]
    yield tab, servers
    for job in reversed(jobs(tab)):  # those that wait before the one that runs, or they would begin
        if job["state"] in ("waiting", "running"):
            tab.page.request.delete(f"{tab.base}/api/queue/{job['id']}", headers={"Origin": tab.base})
    context.close()
    end(servers[-1])
    assert not tab.problems


def jobs(tab: Tab) -> list[dict]:
    return tab.page.request.get(f"{tab.base}/api/queue").json()["jobs"]


def start(tab: Tab, name: str, overrides: dict) -> str:
    """Put a study of two arms into the queue, as the form does; the id of its folder."""
    vary = {"optimizer.lr": "0.1,0.2"}
    asked = {"recipe": "digits/mlp", "overrides": overrides, "vary": vary, "seeds": "1", "name": name}
    answer = tab.page.request.post(f"{tab.base}/api/start", data=asked, headers={"Origin": tab.base}, timeout=PATIENCE)
    assert answer.ok, answer.text()
    return str(answer.json()["id"])


def test_the_first_run_appears_as_it_is_made_and_its_rows_as_they_are_written(quiet):
    tab, (server,) = quiet
    page = tab.page
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(page.locator(".empty")).to_contain_text("paribus study")
    expect(page.locator(".live")).to_have_class(re.compile("on"))
    run = pb.Run("digits/mlp", TINY, runs=server.runs)
    run.train()
    expect(page.get_by_role("row").filter(has_text="digits/mlp, seed 0")).to_be_visible()
    tab.open(f"/runs/{tab.id_of('run')}")
    chart = page.locator("figure.curves").first.get_by_role("img")
    expect(chart).to_have_attribute("aria-label", re.compile("ends at"))
    assert "0.4321" not in str(chart.get_attribute("aria-label"))
    row = json.loads((run.folder.path / "metrics.jsonl").read_text().splitlines()[-1])
    append(run.folder.path, {**row, "epoch": 3, "step": row["step"] + 7, "train/loss": 0.4321, "val/loss": 0.4321})
    expect(chart).to_have_attribute("aria-label", re.compile(r"ends at 0\.4321"))


def append(folder: Path, row: dict) -> None:
    with (folder / "metrics.jsonl").open("a") as rows:
        rows.write(json.dumps(row) + "\n")


def test_r30_eight_tabs_are_live_at_once(context, server, runs):
    """One stream serves them all: a browser opens few connections to a server."""
    folder = make_run(runs / "eight" / "base" / "seed-0", rows=5)
    tabs = [Tab(context.new_page(), server.base) for _ in range(8)]
    charts = []
    for tab in tabs:
        page = tab.open(f"/runs/{id_of('eight/base/seed-0')}")
        charts.append(page.locator("figure.curves").first.get_by_role("img"))
    append(folder, {"epoch": 6, "step": 60, "train/loss": 0.4321, "val/loss": 0.4321})
    for tab, chart in zip(tabs, charts, strict=True):
        tab.page.bring_to_front()  # a tab that nobody sees draws nothing
        expect(chart).to_have_attribute("aria-label", re.compile(r"ends at 0\.4321"))
        tab.check()
    shutil.rmtree(folder.parent.parent)


@pytest.mark.slow
def test_a_study_is_started_watched_stopped_reported_and_goes_on(quiet):
    tab, (server,) = quiet
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
    preview.get_by_role("button", name="Start").click()  # once more: it is not begun twice
    expect(preview.get_by_role("alert")).to_contain_text("this is running already")
    queue.get_by_role("link").click()
    page.locator("a.square.running").first.click()
    curve = page.locator("figure.curves").first.get_by_role("img")
    expect(curve).to_have_attribute("aria-label", re.compile("ends at"))
    expect(curve).not_to_have_attribute("aria-label", curve.get_attribute("aria-label") or "")  # it grows
    page.go_back()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".line .state").first).to_have_text("interrupted")
    reported(tab)
    written = size(server.runs)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".line .state").first).to_have_text("running")
    expect(page.get_by_role("button", name="Go on")).to_have_count(0)
    page.locator("a.square.running").first.click()
    expect(curve).to_have_attribute("aria-label", re.compile("ends at"))
    expect(curve).not_to_have_attribute("aria-label", curve.get_attribute("aria-label") or "")
    assert size(server.runs) > written


def size(runs: Path) -> int:
    """Bytes of all rows that were written."""
    return sum(path.stat().st_size for path in runs.glob("*/*/seed-*/metrics.jsonl"))


def reported(tab: Tab) -> None:
    """Let the report be written, and read it in a tab of its own, whose policy lets nothing in it run."""
    page = tab.page
    page.get_by_role("button", name="Write report").click()
    report = page.get_by_role("link", name="Report")
    with page.context.expect_page() as opening:
        report.click()
    other = Tab(opening.value, tab.base)
    other.page.wait_for_load_state()  # a tab that is still opened has no page to be loaded again
    other.page.reload()  # now that somebody listens
    expect(other.page.get_by_role("heading", level=1)).to_have_text(page.locator("h1").inner_text())
    assert not other.page.locator("script").count()
    other.check()
    other.page.close()


@pytest.mark.slow
def test_what_waits_can_be_taken_out_survives_the_server_and_gets_more_seeds(quiet):
    tab, servers = quiet
    page = tab.page
    long, _, short = (start(tab, name, SMALL if name == "short" else LONG) for name in ("long", "unwanted", "short"))
    tab.open("/start")
    waiting = page.get_by_role("region", name="Queue").get_by_role("listitem")
    expect(waiting.locator(".state")).to_have_text(["running", "waiting", "waiting"])
    waiting.filter(has_text="unwanted").get_by_role("button", name="Do not start").click()
    expect(waiting).to_have_count(2)

    end(servers[0])  # as with the machine of who looks; what runs goes on, and what waits stays
    servers.append(serve(servers[0].runs))
    tab.base = servers[1].base
    page.goto(servers[1].address)
    tab.open("/start")
    expect(waiting.locator(".state")).to_have_text(["running", "waiting"])
    waiting.filter(has_text="long").get_by_role("link").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".line .state").first).to_have_text("interrupted")

    tab.open(f"/studies/{short}")  # its turn came
    expect(page.locator(".line .state").first).to_have_text("finished")
    wait_for(lambda: {job["state"] for job in jobs(tab)} == {"interrupted", "finished"}, PATIENCE / 1000)
    page.get_by_role("button", name="Add seeds").click()
    page.get_by_label("seeds more").fill("1")
    expect(page.get_by_role("dialog")).to_contain_text("2 more trainings")
    page.get_by_role("dialog").get_by_role("button", name="Train them").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("a.square.finished")).to_have_count(4)
    expect(page.locator("aside.mind")).to_contain_text("seed")  # that one had looked is said
    (stopped,) = [job for job in jobs(tab) if job["name"] == "long"]
    assert (stopped["study"], stopped["state"]) == (long, "interrupted")
    assert "everything is saved" in stopped["problem"]
