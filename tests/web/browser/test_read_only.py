"""A page that only shows: nothing to press would change anything, nothing is taken if asked, nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.browser.conftest import PATIENCE, Tab, end, entered, serve

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)

CHANGING = re.compile("^(Stop|Go on|Add seeds|Train them|Write report|Start|Do not start|Clear)$")


@pytest.fixture(scope="module")
def looked_at(browser, trained) -> Iterator[Tab]:
    """Every kind of page in it is opened by the tests of this module."""
    server = serve(trained, "--read-only")
    context = browser.new_context(storage_state=entered(browser, server), viewport={"width": 1280, "height": 900})
    yield Tab(context.new_page(), server.base)
    context.close()
    end(server)


def written(folder: Path) -> dict[Path, tuple[int, int]]:
    """All files and folders, with when they were written and how long they are."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


def test_no_page_can_change_anything_and_none_does(looked_at, trained):
    tab, before = looked_at, written(trained)
    study, run = tab.id_of("study"), tab.id_of("run", "digits-mlp")
    paths = ["/", f"/studies/{study}", f"/runs/{run}", f"/compare?ids={study}", f"/runs/{run}/explain"]
    for path in (*paths, "/start", "/start?recipe=digits/mlp", "/theory/derive", "/data", "/data/digits"):
        page = tab.open(path)
        expect(page.locator("#bar em")).to_have_text("read only")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator(".working")).to_have_count(0)
        shown = [button for button in page.get_by_role("button").all() if CHANGING.match(button.inner_text())]
        assert not shown, path
    tab.check()
    assert written(trained) == before


def test_what_is_asked_in_spite_of_that_is_refused(looked_at, trained):
    tab, before = looked_at, written(trained)
    study, run = tab.id_of("study"), tab.id_of("run", "digits-mlp")
    asked = [f"studies/{study}/{what}" for what in ("stop", "resume", "seeds", "report")]
    for path in (*asked, f"runs/{run}/stop", f"runs/{run}/resume", "start", f"explain/{run}/predict"):
        answer = tab.page.request.post(f"{tab.base}/api/{path}", data={"count": 1}, headers={"Origin": tab.base})
        assert (answer.status, answer.json()["error"]["message"]) == (403, "this page is read-only")
    answer = tab.page.request.delete(f"{tab.base}/api/queue/x", headers={"Origin": tab.base})
    assert answer.status == 403
    answer = tab.page.request.get(f"{tab.base}/api/explain/{run}/weights")  # it would be kept in the folder
    assert "read-only" in answer.json()["error"]["message"]
    assert written(trained) == before
