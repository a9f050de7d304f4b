"""The repository keeps its own rules: who imports whom, what is documented, what ships."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest
import typer

import paribus
from paribus.cli.app import app
from paribus.cli.words import parse_overrides, parse_vary
from paribus.errors import ParibusError
from paribus.records import kinds, options, parts
from paribus.records.recipe import Recipe, shipped

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "paribus"

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


@cache
def layers() -> list[set[str]]:
    """The floors that CONTRIBUTING.md shows, the lowest first: a room may import the rooms below its own floor."""
    block = re.search(r"## The rooms, .*?```text\n(.*?)```", CONTRIBUTING, flags=re.DOTALL)[1]
    names = [line.split("  ")[0] for line in block.splitlines()]
    return [set(floor.split(", ")) for floor in reversed(names) if floor]


def islands() -> dict[str, set[str]]:
    """Rooms that know less than they might: which they do know."""
    rule = re.search(r"^Some rooms know less.*?\n\n", CONTRIBUTING, flags=re.DOTALL | re.MULTILINE)[0]
    return {room: set(re.findall(r"`(\w+)`", known)) for room, known in re.findall(r"`(\w+)`: ([^;.]+)", rule)}


HEAVY = ("torch", "numpy", "scipy", "pydantic", "docstring_parser")


@cache
def imports_of(file: Path) -> list[ast.Import | ast.ImportFrom]:
    """All imports of a file, wherever in it they stand."""
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]


def rooms_imported(file: Path) -> set[str]:
    found = set()
    for node in imports_of(file):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            assert not node.level, f"{file} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {room_of(name.removeprefix("paribus.")) for name in names if name.startswith("paribus.")}
    return found - {"__version__"}


def room_of(module: str) -> str:
    """The room of a module below paribus: ``diagnosis.grading`` is one of its own, above that in whose folder it is."""
    inner = ".".join(module.split(".")[:2])
    return inner if any(inner in layer for layer in layers()) else module.split(".")[0]


def rooms() -> dict[str, list[Path]]:
    """The files of each room."""
    found: dict[str, list[Path]] = {}
    for file in SOURCE.rglob("*.py"):
        room = room_of(".".join(file.relative_to(SOURCE).with_suffix("").parts))
        if room != "__init__":
            found.setdefault(room, []).append(file)
    return found


@pytest.mark.parametrize(("room", "files"), sorted(rooms().items()), ids=sorted(rooms()))
def test_imports_point_downwards(room, files):
    imported = {other for file in files for other in rooms_imported(file)} - {room}
    below: set[str] = set()
    for layer in layers():
        if room in layer:
            break
        below |= layer
    else:
        pytest.fail(f"{room} has no place among the rooms of CONTRIBUTING.md")
    known = islands().get(room, below)
    assert known <= below
    assert imported <= known, f"{room} must not know {imported - known}"


def test_the_rooms_that_contributing_shows_are_there():
    shown = [room for layer in layers() for room in layer]
    assert sorted(shown) == sorted(rooms())
    assert {*islands()} <= {*shown}


def module(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files_imported(file: Path, modules: Iterable[str]) -> set[str]:
    """The files that one imports, wherever in it that stands, for types only included."""
    named = set()
    for node in imports_of(file):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        else:
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            named |= {name if name in modules else str(node.module) for name in within}
    return (named & {*modules}) - {module(file)}


def circles(imports: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """Groups of files of which each imports each other, directly or not."""
    reached = {}
    for start in imports:
        found, todo = set(), [start]
        while todo:
            fresh = imports[todo.pop()] - found
            found |= fresh
            todo += fresh
        reached[start] = found
    return {
        frozenset(other for other in found if one in reached[other]) for one, found in reached.items() if one in found
    }


def test_no_files_import_each_other():
    modules = {module(file): file for file in SOURCE.rglob("*.py")}
    found = circles({name: files_imported(file, modules) for name, file in modules.items()})
    assert not [", ".join(sorted(circle)) for circle in found]


def test_circles_are_seen(tmp_path, monkeypatch):
    package = tmp_path / "paribus"
    package.mkdir()
    monkeypatch.setitem(globals(), "SOURCE", package)
    imports = {
        "one": "from paribus import two",
        "two": "def f():\n    import paribus.three",
        "three": "if TYPE_CHECKING:\n    from paribus.one import x",
        "four": "from paribus.one import y",
    }
    for name, text in imports.items():
        (package / f"{name}.py").write_text(text)
    modules = {module(file): file for file in package.glob("*.py")}
    found = circles({name: files_imported(file, modules) for name, file in modules.items()})
    assert found == {frozenset({"paribus.one", "paribus.two", "paribus.three"})}


def test_imports_are_seen_wherever_they_stand(tmp_path):
    file = tmp_path / "some.py"
    file.write_text(
        "import paribus.cli.app\ndef f():\n    from paribus import studies\n    from paribus.data import cache\n"
    )
    assert rooms_imported(file) == {"cli", "studies", "data"}


def test_front_door_opens_to_everything_in_it():
    assert sorted(paribus.__all__) == sorted(paribus._HOMES)
    assert all(getattr(paribus, name).__name__.rpartition(".")[2] == attribute(name) for name in paribus.__all__)
    assert set(dir(paribus)) == {*paribus.__all__, "__version__"}
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = paribus.nothing_of_this_name


def attribute(name: str) -> str:
    return paribus._HOMES[name].partition(":")[2] or name


def imported_after(code: str) -> set[str]:
    report = "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import paribus", HEAVY),
        ("from paribus.errors import ParibusError; from paribus.chance import Seeds", HEAVY),
        ("import paribus; paribus.Recipe.load('digits/mlp').plain(); paribus.RunFolder", ("torch", "scipy")),
        ("import paribus.evidence", ("torch",)),
    ],
)
def test_nothing_is_imported_before_it_is_needed(code, absent):
    assert not imported_after(code).intersection(absent)


HELP = (
    "import sys; sys.argv = ['paribus', '--help']\nfrom paribus.cli import main\ntry: main()\nexcept SystemExit: pass"
)


def test_R33_help_imports_nothing_heavy():
    assert not imported_after(HELP).intersection(HEAVY)


def test_R33_help_is_there_at_once():
    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", HELP], capture_output=True, check=True)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 1.0  # 0.2 s on an idle machine


COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_documented(name):
    command = COMMANDS[name]
    assert "Examples:" in command.help
    assert f"`paribus {name} " in command.help or f"`paribus {name}`" in command.help
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    section = re.split(rf"^## {name}$", page, maxsplit=1, flags=re.MULTILINE)[1].split("\n## ")[0]
    assert f"paribus {name}" in section
    assert f"{{include}} generated/options-{name}.md" in section  # as tests/test_docs.py compares with the code


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_parameter_has_a_help_text(name):
    helped = [parameter for parameter in COMMANDS[name].params if parameter.name != "help"]
    assert all(parameter.help for parameter in helped)
    written = re.sub(r"`[^`]*`", "", " ".join(str(parameter.help) for parameter in helped))
    assert "**" not in written  # help is Markdown, which takes it for bold and shows x2 for x**2


EVERY_PART = [(kind, name) for kind in kinds.KINDS for name in parts.table(kind)]


@pytest.mark.parametrize(("kind", "name"), EVERY_PART)
def test_every_part_says_what_it_is_and_what_its_options_mean(kind, name):
    factory = parts.find(kind, name)
    summary, _ = options.describe(factory)
    assert summary.endswith(".")
    assert [option.name for option in options.options(kind, factory) if not option.text] == []


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_recipe_is_whole(name):
    recipe = Recipe.load(name)
    assert recipe.name == name
    assert recipe.about.endswith(".")
    recipe.resolved()


def commands_in(text: str) -> list[list[str]]:
    """The words of all ``paribus …`` lines in the shell blocks of Markdown, up to a pipe or the like."""
    blocks = re.findall(r"^```(?:bash|sh|shell|console)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    commands = [re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*paribus (.*)", line) for line in lines]
    typed = [found[1] for found in commands if found and "[options]" not in found[1]]  # that would be a synopsis
    return [shlex.split(re.split(r" (?:\d?>|[|&;<])", line)[0], comments=True) for line in typed]


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_commands_in_the_documentation_exist(page):
    text = page.read_text()
    for name, *words in filter(None, commands_in(text)):
        if not name.startswith("-"):
            given = COMMANDS[name].make_context(name, list(words)).params  # raises for what does not exist
            try:
                check_recipes(given)
            except ParibusError as error:
                assert f"error: {error.rule}" in text  # noqa: PT017  (a page that shows mistakes shows the real message)


def check_recipes(given: dict) -> None:
    theirs = given.get("plugin") or given.get("command") or Path(given.get("recipe") or "").suffix  # of the reader
    if "recipe" in given and not theirs:
        recipe = Recipe.load(given["recipe"], parse_overrides(given["overrides"]))
        varied = parse_vary(given.get("vary")).items()
        for change in [{}, *({field: value} for field, values in varied for value in values)]:
            recipe.override(change).resolved()


def test_readme_shows_something_to_run():
    assert commands_in((ROOT / "README.md").read_text())


def repository_files() -> list[Path]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        run = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [path for name in run.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_is_large():
    assert [path for path in repository_files() if path.stat().st_size > 1_000_000] == []


def test_no_file_names_somebodys_machine():
    machine = re.compile(rb"(?<![\w.])/(?:home|Users|root|work)/[\w.-]+/|[A-Z]:\\Users\\")
    found = {path.relative_to(ROOT): machine.search(path.read_bytes()) for path in repository_files()}
    assert {path: match for path, match in found.items() if match and path.name != "test_repository.py"} == {}


def test_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == paribus.__version__
