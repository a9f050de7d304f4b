"""What tells one version of a user's code from another: its text, and that of all it uses of the user's own.

Followed are the names in the text of a class or function: base classes, helpers, constants, modules of one's own, and
what these use in turn. Libraries count by their version, which stands in the record of the environment. The text is
read and nothing is run, so values that a program changes while it runs do not count.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import linecache
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from textwrap import dedent
from types import CodeType, ModuleType
from typing import Any, NamedTuple

PLAIN = (int, float, str, bytes, tuple, list, dict, set, frozenset)  # values that count where there is no text
INSTALLED = {"site-packages", "dist-packages"}  # folders of libraries, whichever environment's they are
UNSTABLE = ("__firstlineno__", "__static_attributes__", "__dict__", "__weakref__", "__doc__")  # of compiled classes


def fingerprint(factory: Callable[..., Any]) -> str:
    """SHA-256 of a user's class or function and all that it uses of the user's own: editing it makes another recipe."""
    walk = _Walk()
    walk.object(factory)
    return hashlib.sha256(repr(sorted(walk.pieces)).encode(errors="backslashreplace")).hexdigest()


def is_own_code(thing: Any) -> bool:
    """Whether something is a class or function of the user's own: of no library, and not of paribus."""
    code = inspect.isclass(thing) or inspect.isfunction(thing)
    return code and _is_own(sys.modules.get(thing.__module__))


class _Walk:
    """The pieces of code that were met. Module names are no part of them: a file may be called as one likes."""

    def __init__(self) -> None:
        self.pieces: set[str] = set()
        self._seen: set[tuple[str, str]] = set()

    def object(self, thing: Any) -> None:
        """A class or function, and what it uses."""
        if not self._is_new(thing.__module__, thing.__qualname__):
            return
        self._captured(thing)
        module = sys.modules.get(thing.__module__)
        try:
            text = inspect.getsource(thing)
        except (OSError, TypeError):  # typed at a prompt or in a notebook: fall back on the compiled code
            self._compiled(thing, module)
            return
        self._piece(text, module)
        if module is not None:
            self._effects(module)

    def _piece(self, text: str, module: ModuleType | None) -> None:
        """Some code of a module, and what it uses."""
        self.pieces.add(text)
        used = _used(text)
        if module is not None:
            for name in used.names:
                self._global(module, name)
            for target in used.imports:
                self._import(module, target)

    def _global(self, module: ModuleType, name: str) -> None:
        """What a global name of a module stands for: the statements that bind it, or its value where there are none."""
        if not self._is_new(module.__name__, name):
            return
        for text in _bindings(_text(module)).get(name, ()):
            self._piece(text, module)
        if name not in _bindings(_text(module)):  # defined at a prompt, or by a star
            self._value(name, vars(module).get(name))

    def _value(self, name: str, value: Any) -> None:
        """What is known by a value alone."""
        if isinstance(value, ModuleType):
            self._module(value)
        elif inspect.isclass(value) or inspect.isfunction(value):
            if _is_own(sys.modules.get(value.__module__)):
                self.object(value)
        elif isinstance(value, PLAIN):
            self.pieces.add(f"{name} = {_essence(value)!r}")

    def _import(self, module: ModuleType, target: _Import) -> None:
        """The module, or the name in one, that an import statement names."""
        package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
        above = ".".join(package.split(".")[: len(package.split(".")) - target.level + 1]) if target.level else ""
        full = ".".join(filter(None, (above, target.module)))
        inner = _own_module(f"{full}.{target.name}") if target.name not in ("", "*") else None
        if inner is not None:
            self._module(inner)
        elif (found := _own_module(full)) is not None:
            if target.name in ("", "*"):
                self._module(found)
            else:
                self._global(found, target.name)
                self._effects(found)

    def _module(self, module: ModuleType) -> None:
        """All of a module of the user's own: which of its names are used is not followed."""
        if _is_own(module) and self._is_new(module.__name__, "*"):
            self.pieces.add(_text(module))
            for target in _used(_text(module)).imports:
                self._import(module, target)

    def _effects(self, module: ModuleType) -> None:
        """What a module does when it is imported beside binding names: patches, settings. A script's work is none."""
        if _is_own(module) and module.__name__ != "__main__" and self._is_new(module.__name__, ""):
            for text in _bindings(_text(module)).get("", ()):
                self._piece(text, module)

    def _captured(self, thing: Any) -> None:
        """Values that functions took along from where they were made."""
        for function in [thing] if inspect.isfunction(thing) else filter(inspect.isfunction, vars(thing).values()):
            for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                with suppress(ValueError):  # not bound yet
                    if cell.cell_contents is not thing:
                        self._value(name, cell.cell_contents)

    def _compiled(self, thing: Any, module: ModuleType | None) -> None:
        """A class or function without a text: its compiled code, base classes, and the globals that it names."""
        entries = {"": thing} if inspect.isfunction(thing) else vars(thing)
        self.pieces.add(repr([(name, _essence(entry)) for name, entry in entries.items() if name not in UNSTABLE]))
        for base in getattr(thing, "__bases__", ()):
            self._value("", base)
        for name in {name for entry in entries.values() for name in _names_of(entry)} if module is not None else ():
            self._global(module, name)  # type: ignore[arg-type]

    def _is_new(self, module: str, name: str) -> bool:
        if (module, name) in self._seen:
            return False
        self._seen.add((module, name))
        return True


class _Import(NamedTuple):
    """``from ..module import name``: two levels up; without ``from`` there is no name."""

    module: str
    level: int
    name: str


class _Used(NamedTuple):
    """What some code mentions."""

    names: frozenset[str]
    imports: tuple[_Import, ...]


@cache
def _used(text: str) -> _Used:
    try:
        nodes = list(ast.walk(ast.parse(dedent(text))))
    except SyntaxError:  # part of a statement, such as a lambda within a call
        return _Used(frozenset(), ())
    imports = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            imports += [_Import(node.module or "", node.level, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            imports += [_Import(alias.name, 0, "") for alias in node.names]
    return _Used(frozenset(node.id for node in nodes if isinstance(node, ast.Name)), tuple(imports))


@cache
def _bindings(text: str) -> dict[str, list[str]]:
    """The statements that bind each global name of a module; under ``""`` those that bind none."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return {}
    found: dict[str, list[str]] = {}
    lines = text.splitlines(keepends=True)
    for statement in body:
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
        piece = "".join(lines[first - 1 : statement.end_lineno])
        names = set(_bound(statement))
        for name in names or ({""} if _acts(statement) else ()):
            found.setdefault(name, []).append(piece)
    return found


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The global names that a statement binds; an ``if`` or ``try`` those of the statements in it."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, (ast.stmt, ast.excepthandler)):
            yield from _bound(node)  # type: ignore[arg-type]
        else:
            yield from (it.id for it in ast.walk(node) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store))


def _acts(statement: ast.stmt) -> bool:
    """Whether a statement that binds nothing may still change something: no docstring, no registering, no script."""
    if isinstance(statement, ast.If):
        return not any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test))
    value = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
    called = value.func if isinstance(value, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    return not isinstance(value, ast.Constant) and name != "register" and not isinstance(statement, ast.Pass)


def _text(module: ModuleType) -> str:
    """The text of a module of the user's own; nothing of a library."""
    return "".join(linecache.getlines(module.__file__ or "")) if _is_own(module) and _file(module) else ""


def _file(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or ""


def _own_module(name: str) -> ModuleType | None:
    """A module of the user's own by its name, imported or not; ``None`` for libraries."""
    if name in sys.modules:
        return sys.modules[name] if _is_own(sys.modules[name]) else None
    top, _, rest = name.partition(".")
    if not top or (rest and _own_module(top) is None):
        return None
    with suppress(ImportError, ValueError, AttributeError):
        if (spec := importlib.util.find_spec(name)) is not None:
            found = importlib.util.module_from_spec(spec)  # which runs nothing
            return found if _is_own(found) else None
    return None


def _is_own(module: ModuleType | None) -> bool:
    """Whether a module is the user's own code: no library, not paribus."""
    if module is None or not (file := _file(module)):  # a prompt or a notebook; or built into Python
        return module is not None and module.__name__ == "__main__"
    return file.endswith(".py") and not _is_library(file)


@cache
def _is_library(file: str) -> bool:
    """Whether a file is installed, in this environment or in another one that is on the path."""
    path = Path(file).resolve()
    installed = INSTALLED & {*path.parts}
    return bool(installed) or any(path.is_relative_to(folder) for folder in _libraries())


@cache
def _libraries() -> tuple[Path, ...]:
    """Folders of code that is not the user's own."""
    names = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders = [*names, *site.getsitepackages(), site.getusersitepackages(), str(Path(__file__).parents[1])]
    return tuple(Path(folder).resolve() for folder in folders if folder)


def _names_of(value: Any) -> set[str]:
    """Global names in compiled code."""
    value = getattr(value, "__func__", getattr(value, "fget", value))
    code = getattr(value, "__code__", value)
    if not isinstance(code, CodeType):
        return set()
    return {*code.co_names, *(name for constant in code.co_consts for name in _names_of(constant))}


def _essence(value: Any) -> Any:
    """What a function does, and what a constant is, but not where it stood: the same in every process."""
    value = getattr(value, "__func__", getattr(value, "fget", value))
    if inspect.isfunction(value):
        return _essence(value.__code__)
    if isinstance(value, CodeType):
        return value.co_code, value.co_names, [_essence(constant) for constant in value.co_consts]
    if isinstance(value, (set, frozenset)):  # which have no order of their own
        return sorted(map(repr, value))
    if isinstance(value, (tuple, list)):
        return [_essence(entry) for entry in value]
    if isinstance(value, dict):
        return [(_essence(name), _essence(entry)) for name, entry in value.items()]
    return repr(value) if isinstance(value, (int, float, str, bytes)) else type(value).__name__
