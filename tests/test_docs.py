"""The Python blocks of README and documentation run, page by page, and print what they show."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "docs" / "check_snippets.py"
SPEC = importlib.util.spec_from_file_location("check_snippets", FILE)
assert SPEC is not None
assert SPEC.loader is not None
snippets = importlib.util.module_from_spec(SPEC)
sys.modules["check_snippets"] = snippets  # dataclasses look their module up
SPEC.loader.exec_module(snippets)

PAGES = [page for page in snippets.pages() if page.parent.name != "scratch"]  # those have a test of their own


@pytest.fixture(autouse=True)
def environment_comes_back():
    before = dict(os.environ)  # pages show how to set PARIBUS_DATA
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path) -> None:
    assert snippets.check(page) == []
