"""R27: no name becomes markup, wherever it is shown; the tab sees to it that no dialog opened and nothing failed."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from tests.web.browser.conftest import HOSTILE, PATIENCE, downloaded

from paribus.web.jobs import Job, Queue
from paribus.web.known import id_of

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)

CRASHED = id_of(f"{HOSTILE}/0123456789abcdef/seed-0")


@pytest.fixture
def hostile(tab):
    """A tab in which, at the end, no name has become an element."""
    yield tab
    assert not tab.page.locator("img[src='x'], [onerror], main b[title*=onerror]").count()


def test_in_lists(hostile):
    page = hostile.open("/?kind=run")
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    page = hostile.open(f"/?q={quote(HOSTILE)}&columns={quote(HOSTILE)}&recipe={quote(HOSTILE)}&sort={quote(HOSTILE)}")
    expect(page.get_by_role("searchbox", name="Search runs and studies")).to_have_value(HOSTILE)


def test_of_runs_figures_logs_problems_and_files(hostile):
    page = hostile.open(f"/runs/{CRASHED}")
    expect(page.locator("#log")).to_contain_text(HOSTILE)
    expect(page.locator("header .problem")).to_contain_text(HOSTILE)
    expect(page.locator(".files")).to_contain_text(f"{HOSTILE}.txt")
    expect(page.locator("figcaption").filter(has_text="onerror")).to_be_attached()
    saved = downloaded(hostile, page.locator(".files a").filter(has_text="onerror").click)
    assert saved.read_text() == HOSTILE
    assert "<" not in saved.name


def test_in_saved_files(hostile):
    """A drawing is opened by a browser, a table by a spreadsheet: neither runs anything."""
    page = hostile.open(f"/runs/{CRASHED}")
    chart = page.locator("figure.curves").filter(has=page.locator("figcaption").filter(has_text="onerror"))
    page.locator("details.rest summary").or_(chart).first.click()
    chart.get_by_role("button", name=re.compile("^Save")).click()
    drawing = downloaded(hostile, page.get_by_role("menuitem", name="SVG").click)
    assert "&lt;img src=x" in drawing.read_text()
    assert "<img" not in drawing.read_text()
    made = page.evaluate(
        "async () => (await import('/static/save.js')).csv(['=1+1'], [['=1+1'], ['-2'], ['@x'], ['\"'], [' =x']])"
    )
    assert made == '\'=1+1\r\n\'=1+1\r\n-2\r\n\'@x\r\n""""\r\n =x\r\n'


def test_side_by_side(hostile):
    ids = f"{CRASHED},{hostile.id_of('run', 'digits-vae')},{hostile.id_of('run', 'folder-cnn')}"
    page = hostile.open(f"/compare?ids={ids}&metrics={quote(f'val/{HOSTILE}')},val/loss&x={quote(HOSTILE)}")
    page = hostile.open(f"/compare?ids={ids}&metrics={quote(f'val/{HOSTILE}')},val/loss")
    expect(page.locator("figure.curves figcaption").first).to_contain_text("onerror")
    expect(page.locator("#what-differs")).to_contain_text(HOSTILE)


def test_of_classes_and_files_that_were_trained_on(hostile):
    run = hostile.id_of("run", "folder-cnn")
    page = hostile.open(f"/runs/{run}")
    expect(page.locator("#recipe")).to_be_attached()
    page = hostile.open(f"/runs/{run}/explain/errors")
    page.get_by_role("button", name=re.compile("Compute|Show")).click()
    expect(page.locator(".answer .matrix, .answer table").first).to_contain_text(HOSTILE)
    page.locator(".matrix button").first.click()
    expect(page.locator(".opened")).to_contain_text(re.compile("onerror|<b>"))


def test_in_addresses(hostile):
    name = quote(HOSTILE, safe="")
    for path in (f"/runs/{name}", f"/data/{name}", f"/start?recipe={name}", f"/runs/{CRASHED}/explain/{name}"):
        page = hostile.open(path)
        expect(page.get_by_role("alert").first).to_be_visible()
    for field in (HOSTILE, "optimizer.lr"):
        given = quote(json.dumps({field: HOSTILE}))
        page = hostile.open(f"/start?recipe=digits/mlp&set={given}&vary={given}&seeds={name}")
        expect(page.get_by_role("alert").first).to_contain_text(HOSTILE)
    page = hostile.open(f"/theory/derive?text={name}&wrt={name}")
    expect(page.get_by_role("alert").first).to_be_visible()


def test_in_the_queue(hostile, runs):
    queue = Queue(runs)
    job = Job("0-hostile", ("x",), HOSTILE, HOSTILE, "failed", submitted=1.0, problem=f"error: {HOSTILE}")
    queue.write(job)
    try:
        page = hostile.open("/start")
        waiting = page.get_by_role("region", name="Queue")
        expect(waiting.get_by_role("link")).to_have_text(HOSTILE)
        expect(waiting.get_by_role("alert")).to_contain_text(HOSTILE)
        waiting.get_by_role("button", name="Clear").click()
        expect(waiting).to_be_hidden()
    finally:
        queue.folder.joinpath(f"{job.id}.json").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("place", "kind", "said"),
    [
        ("damaged/base/seed-0", "runs", "status.json"),
        ("other-version/base/seed-0", "runs", "format"),
        ("torn", "studies", "study.json"),
    ],
)
def test_what_is_damaged_or_of_another_version_is_one_sentence_and_hides_no_other(hostile, place, kind, said):
    page = hostile.open("/?kind=all")
    expect(page.get_by_role("row").filter(has_text="digits-vae").first).to_be_visible()
    page = hostile.open(f"/{kind}/{id_of(place)}")
    expect(page.get_by_role("alert").first).to_contain_text(said)
