"""The scripts of the page, read as text: what they may not do, and that they fit together."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import paribus.web

STATIC = Path(paribus.web.__file__).with_name("static")
SCRIPTS = sorted(STATIC.rglob("*.js"))
NAMES = [str(path.relative_to(STATIC)) for path in SCRIPTS]
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\"|"
    r"setAttribute\(\"style\"|\bvar\s|debugger|console\.log|https?://(?!www\.w3\.org/)"
)
IMPORT = re.compile(r"import \{([^}]*)\} from \"([^\"]+)\"")
EXPORT = re.compile(r"^export (?:async )?(?:default )?(?:function|class|const|let) (\w+)", re.MULTILINE)
LONGEST = 120


def imports(path: Path) -> list[tuple[str, Path]]:
    """Name and file of all that a script imports."""
    found = []
    for names, source in IMPORT.findall(path.read_text(encoding="utf-8")):
        assert source.startswith("."), f"{path.name} imports {source}"
        found += [(name.strip(), (path.parent / source).resolve()) for name in names.split(",") if name.strip()]
    return found


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_no_script_does_what_lets_markup_in_or_reaches_out(path):
    assert not UNSAFE.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_a_script_begins_with_what_it_is_for_and_its_lines_are_short(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("// ")
    assert [number for number, line in enumerate(lines, 1) if len(line) > LONGEST] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_what_is_imported_is_exported_and_used(path):
    text = path.read_text(encoding="utf-8")
    for name, source in imports(path):
        assert name in EXPORT.findall(source.read_text(encoding="utf-8")), f"{source.name} has no {name}"
        assert len(re.findall(rf"(?<!\w)(?<!\w\.){name}\b", text)) > 1, f"{path.name} does not use {name}"


def test_what_is_exported_is_used_somewhere():
    wanted = {(name, source) for path in SCRIPTS for name, source in imports(path)}
    tests = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "browser").glob("*.py"))
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"^export (?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE):
            inside = len(re.findall(rf"\b{name}\b", text)) > 1
            assert (name, path.resolve()) in wanted or inside or f'"{name}"' in tests, (
                f"nobody uses {name} of {path.name}"
            )


PARSE = """
import { SourceTextModule } from "node:vm";
import { readFileSync } from "node:fs";
for (const path of process.argv.slice(1))
  try { new SourceTextModule(readFileSync(path, "utf8"), { identifier: path }); }
  catch (error) { console.log(`${path}: ${error}`); }
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_every_script_is_one(tmp_path):
    """Each as a module, as the page loads it."""
    (broken := tmp_path / "broken.js").write_text("export const = 1;")
    command = ["node", "--experimental-vm-modules", "--no-warnings", "--input-type=module", "-e", PARSE, "--"]
    done = subprocess.run([*command, *SCRIPTS, broken], capture_output=True, text=True, timeout=60, check=True)
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [str(broken)], done.stdout


def test_the_page_shares_its_colours_with_the_reports():
    from paribus.plots import theme
    from paribus.web.styles import sheets

    found = sheets()
    assert f"--arm-1: {theme.ACCENT}" in found["page.css"]
    assert f"--arm-1: {theme.NIGHT[theme.ACCENT]}" in found["night.css"]
    used = set(re.findall(r"var\((--[\w-]+)", (STATIC / "style.css").read_text(encoding="utf-8")))
    known = set(
        re.findall(r"(--[\w-]+):", "".join(found.values()) + (STATIC / "style.css").read_text(encoding="utf-8"))
    )
    assert used - known == {"--extra"}  # set by the script
