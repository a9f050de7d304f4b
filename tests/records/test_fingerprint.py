"""Code of one's own is followed to all that it uses; libraries and places do not count."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from paribus.records.fingerprint import fingerprint

FILES = {
    "nets.py": """
        import sys
        from helpers import block as made, WIDTH
        import layers
        from package.sizes import size

        SCALE = 2
        unused = 7

        class Base:
            depth = 1

        def choose(number):
            from local import inside
            return number + inside()

        @staticmethod
        def decorated(): pass

        class Net(Base):
            width = WIDTH
            def __init__(self, num_classes: int) -> None:
                self.layers = made(choose(num_classes) * SCALE), layers.thing(), size

        class Other: pass

        def maker(n):
            class Inner(Base):
                def size(self): return n
            return Inner
        Made = maker(3)
        """,
    "helpers.py": """
        from deeper import value
        WIDTH = 8
        def block(number): return number + value
        def untouched(): return 1
        """,
    "deeper.py": "value = 1\n",
    "local.py": "def inside(): return 1\n",
    "layers.py": "def thing(): return 1\n",
    "package/__init__.py": "",
    "package/sizes.py": "from .numbers import size\n",
    "package/numbers.py": "size = 4\n",
}  # fmt: skip


def lay(folder: Path, edits: dict[str, tuple[str, str]]) -> Path:
    for name, text in FILES.items():
        before, after = edits.get(name, ("", ""))
        assert before in text
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text.replace(before, after, 1) if before else text))
    return folder


@contextmanager
def imported(folder: Path) -> Iterator[ModuleType]:
    """The module ``nets`` of a folder, as a new process would see it."""
    names = {name.partition("/")[0].removesuffix(".py") for name in FILES}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("nets")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in names]:
            del sys.modules[name]


def fingerprints(folder: Path) -> list[str]:
    """Of Net, and of a class that a function made."""
    with imported(folder) as nets:
        return [fingerprint(nets.Net), fingerprint(nets.Made)]


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> list[str]:
    return fingerprints(lay(tmp_path_factory.mktemp("before"), {}))


@pytest.mark.parametrize(
    ("edits", "net", "made"),
    [
        ({"nets.py": ("depth = 1", "depth = 2")}, True, True),  # the base class
        ({"nets.py": ("number + inside()", "number - inside()")}, True, False),  # a helper
        ({"nets.py": ("SCALE = 2", "SCALE = 3")}, True, False),  # a constant
        ({"nets.py": ("maker(3)", "maker(4)")}, False, True),  # what a function took along
        ({"helpers.py": ("WIDTH = 8", "WIDTH = 9")}, True, False),  # a constant of another file
        ({"deeper.py": ("1", "2")}, True, False),  # at the second remove
        ({"local.py": ("1", "2")}, True, False),  # a module that is imported within a function, not yet
        ({"layers.py": ("1", "2")}, True, False),  # a module as a whole
        ({"package/numbers.py": ("4", "5")}, True, False),  # by a relative import
        (
            {"nets.py": ("unused = 7", "sys.setswitchinterval(0.005)")},
            True,
            True,
        ),  # what a module does when it is imported
        ({"nets.py": ("unused = 7", "unused = 8")}, False, False),
        ({"nets.py": ("class Other: pass", "class Other: more = 1")}, False, False),
        ({"helpers.py": ("return 1", "return 2")}, False, False),
    ],
)
def test_what_a_class_uses_counts_and_nothing_else(tmp_path, before, edits, net, made):
    now = fingerprints(lay(tmp_path, edits))
    assert [old != new for old, new in zip(before, now, strict=True)] == [net, made]


def test_a_fingerprint_is_the_same_in_every_process_and_place(tmp_path, before):
    lay(tmp_path, {})
    code = "import nets; from paribus.records.fingerprint import fingerprint as f; print(f(nets.Net), f(nets.Made))"
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, timeout=120)
    assert done.stdout.decode().split() == before


def test_it_does_not_change_while_a_program_runs(tmp_path):
    with imported(lay(tmp_path, {})) as nets:
        first = fingerprint(nets.Net)
        nets.SCALE, nets.unused = 5, [1]
        importlib.import_module("local")
        assert fingerprint(nets.Net) == first


def test_libraries_of_another_environment_on_the_path_are_no_code_of_ones_own(tmp_path, monkeypatch):
    own, installed = lay(tmp_path / "own", {}), tmp_path / "lib" / "site-packages"
    (own / "helpers.py").unlink()
    installed.mkdir(parents=True)
    monkeypatch.syspath_prepend(installed)
    seen = set()
    for number in (1, 22):
        (installed / "helpers.py").write_text(dedent(FILES["helpers.py"]).replace("return 1", f"return {number}"))
        with imported(own) as nets:
            seen.add(fingerprint(nets.Net))
    assert len(seen) == 1
