"""The worked examples run, print what they show, and draw the pictures they refer to."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "scratch"
PAGES = sorted(FOLDER.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL))
    test = doctest.DocTestParser().get_doctest(code, {"__name__": "__main__"}, page.name, str(page), 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
    shown = set(re.findall(r"\]\(figures/(.*?)\)", text))
    assert shown == {path.name for path in tmp_path.glob("*.svg")}
    assert all((FOLDER / "figures" / name).is_file() for name in shown)


def test_every_page_is_listed() -> None:
    listed = re.findall(r"^[\w-]+$", (FOLDER / "index.md").read_text(), flags=re.MULTILINE)
    assert set(listed) >= {page.stem for page in PAGES} - {"index"}
