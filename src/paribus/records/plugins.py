"""Parts of the user's own: the files they come from, and what tells one version from another."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import CodeType
from typing import Any

from paribus.errors import RecipeError
from paribus.files import read_regular
from paribus.records.options import Factory
from paribus.records.parts import register, registered

MAX_BYTES = 10_000_000
PREFIX = "paribus_plugin_"  # of the modules that plug-in files become


def load_plugin(path: str | Path) -> None:
    """Run a Python file of the user's and register what it defines.

    Its ``register`` calls count; every public ``torch.nn.Module`` of the file becomes a model under its own name.
    """
    path = Path(path)
    if not path.is_file():
        raise RecipeError("a plug-in is a Python file", got=str(path), hint="check the path given to --plugin")
    read_regular(path, MAX_BYTES, RecipeError)
    name = f"{PREFIX}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RecipeError("a plug-in is a Python file", got=str(path), hint="its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise RecipeError(f"the plug-in fails with {type(error).__name__}: {error}", got=str(path)) from error
    torch = sys.modules.get("torch")
    known = {id(factory) for parts in registered().values() for factory in parts.values()}
    for label, value in vars(module).items():
        own = inspect.isclass(value) and value.__module__ == name and not label.startswith("_")
        if own and torch is not None and issubclass(value, torch.nn.Module) and id(value) not in known:
            register("model", value)


def fingerprint(factory: Factory) -> str:
    """SHA-256 of the source of a user's part: editing it makes another recipe."""
    try:
        source = inspect.getsource(factory)
    except (OSError, TypeError):  # typed at a prompt or in a notebook: fall back on the compiled code
        entries = {"": factory} if inspect.isfunction(factory) else vars(factory)
        source = repr([(label, _essence(entry)) for label, entry in entries.items() if label != "__firstlineno__"])
    return hashlib.sha256(source.encode()).hexdigest()


def _essence(value: Any) -> Any:
    """What a function does, and what a constant is, but not where it stood: the same in every process."""
    value = getattr(value, "__func__", getattr(value, "fget", value))
    if inspect.isfunction(value):
        return _essence(value.__code__)
    if isinstance(value, CodeType):
        return value.co_code, value.co_names, [_essence(constant) for constant in value.co_consts]
    if isinstance(value, frozenset):  # which has no order of its own
        return sorted(map(repr, value))
    return repr(value) if isinstance(value, (int, float, str, bytes, tuple)) else type(value).__name__
