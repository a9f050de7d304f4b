"""The Python blocks of README and documentation run, page by page, and print what they show."""

import importlib.util
import os
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer

from paribus.cli.app import app
from paribus.records.recipe import shipped

DOCS = Path(__file__).parents[1] / "docs"


def load(path: Path) -> Any:
    """A Python file that belongs to no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


snippets = load(DOCS / "check_snippets.py")

SECTIONS = ("scratch", "theory")  # worked examples: every page of them is listed in the section's index


@pytest.fixture(autouse=True)
def environment_comes_back():
    before = dict(os.environ)  # pages show how to set PARIBUS_DATA
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", snippets.pages(), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_page(page: Path) -> None:
    assert snippets.check(page) == []


@pytest.mark.parametrize("page", snippets.pages(), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_recipes_that_pages_name_are_shipped(page: Path) -> None:
    families = {name.partition("/")[0] for name in shipped()}
    named = set(re.findall(r"`([a-z0-9_]+/[a-z0-9_]+)`", page.read_text(encoding="utf-8")))
    assert {name for name in named if name.partition("/")[0] in families} <= {*shipped()}


def test_the_list_of_recipes_is_made_from_the_code() -> None:
    written = load(DOCS / "_ext" / "generated.py").recipes()
    assert [name for name in shipped() if f"| `{name}` |" not in written] == []


def test_the_options_of_commands_are_made_from_the_code() -> None:
    generated = load(DOCS / "_ext" / "generated.py")
    written = generated.commands()
    assert "| `--seed` | `0` | The seed that all streams of chance follow. |" in written["run"]
    assert "| `--data-changed refuse\\|restart` | `refuse` |" in written["study"]
    assert "such as `val/loss`" in written["study"]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        options = {word for one in command.params for word in one.opts if word.startswith("--")}
        assert {word for word in options if f"`{word}" not in written[name]} <= {"--help"}


def test_a_picture_must_be_drawn_and_be_the_one_that_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snippets, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    draw = "```python\nfrom pathlib import Path\nPath('a.svg').write_text('<svg><path d=\"M0,{}L5,9\"/></svg>')\n```\n"
    page.write_text("![a](figures/a.svg)\n")
    assert "no block draws a.svg" in snippets.check(page)[0]
    page.write_text(draw.format("3.2") + page.read_text())
    assert "not what is drawn" in snippets.check(page)[0]
    assert snippets.check(page, refresh=True) == []
    assert snippets.check(page) == []
    for height, told in (("3.9", False), ("8", True), ("3L4,4", True)):  # within a pixel, elsewhere, another shape
        page.write_text(draw.format(height) + "![a](figures/a.svg)\n")
        assert bool(snippets.check(page)) == told


@pytest.mark.parametrize("section", SECTIONS)
def test_every_page_of_a_section_is_in_its_list(section: str) -> None:
    folder = DOCS / section
    index = (folder / "index.md").read_text()
    listed = set(re.findall(r"^[\w-]+$", index, flags=re.MULTILINE))
    assert listed >= {page.stem for page in folder.glob("*.md")} - {"index"}


def formulas(page: Path) -> list[str]:
    """What stands between dollars outside of code."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [a or b for a, b in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, flags=re.DOTALL)]


@pytest.mark.parametrize("page", [page for page in snippets.pages() if formulas(page)], ids=lambda page: page.stem)
def test_every_formula_can_be_set_without_a_script(page: Path) -> None:
    mathml = load(DOCS / "_ext" / "mathml.py")
    for formula in formulas(page):
        assert ElementTree.fromstring(mathml.converted(formula)).tag.endswith("}math")


def test_a_formula_with_an_unknown_command_is_refused() -> None:
    with pytest.raises(ValueError, match="foo"):
        load(DOCS / "_ext" / "mathml.py").converted(r"\foo{x}")


def test_every_how_to_stands_in_the_contents():
    contents = (DOCS / "index.md").read_text().splitlines()
    pages = [f"how-to/{path.stem}" for path in sorted((DOCS / "how-to").glob("*.md"))]
    assert [page for page in pages if page not in contents] == []
