"""What the package shows, and what it may know: NumPy and itself."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import paribus.scratch
from paribus.scratch import memory, nn, optim

FILES = sorted(Path(paribus.scratch.__file__).parent.rglob("*.py"))


def test_everything_promised_is_there() -> None:
    for module in (paribus.scratch, nn, optim, memory):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_it_imports_numpy_and_nothing_else() -> None:
    allowed = {"numpy", *sys.stdlib_module_names}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.startswith("paribus.scratch") or name.split(".")[0] in allowed, (path.name, name)


def test_pages_stay_short() -> None:
    assert {path.name: lines for path in FILES if (lines := len(path.read_text().splitlines())) > 230} == {}
