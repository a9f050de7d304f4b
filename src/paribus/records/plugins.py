"""Parts of the user's own that come in files."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from paribus.errors import RecipeError
from paribus.files import read_regular
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
    if (beside := str(path.absolute().parent)) not in sys.path:
        sys.path.append(beside)  # modules of one's own beside it, for workers too; behind all others, to hide none
    try:
        spec.loader.exec_module(module)
        _register_networks(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]  # who sends all plug-ins to other processes must not send this one
        if isinstance(error, RecipeError):
            raise
        raise RecipeError(f"the plug-in fails with {type(error).__name__}: {error}", got=str(path)) from error


def _register_networks(module: ModuleType) -> None:
    torch = sys.modules.get("torch")
    known = {id(factory) for parts in registered().values() for factory in parts.values()}
    for label, value in vars(module).items():
        own = inspect.isclass(value) and value.__module__ == module.__name__ and not label.startswith("_")
        if own and torch is not None and issubclass(value, torch.nn.Module) and id(value) not in known:
            register("model", value)


def found_in(files: Iterable[str | Path], name: str) -> Any:
    """What plug-in files that were loaded call by this name; None if nothing."""
    modules = [sys.modules.get(f"{PREFIX}{Path(file).stem}") for file in files]
    return next(
        (getattr(module, name) for module in modules if module and name.isidentifier() and hasattr(module, name)), None
    )
