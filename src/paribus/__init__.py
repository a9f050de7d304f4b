"""paribus: does this change help, by how much, and why? Controlled experiments in deep learning.

>>> import paribus as pb
>>> recipe = pb.Recipe.load("digits/cnn", {"model.norm": "batch"})
>>> study = pb.Study("digits/cnn", vary={"model.norm": ["none", "batch"]}, seeds=5)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus.analysis.kept import analyse
    from paribus.errors import ParibusError
    from paribus.inference.held_out import test as open_test
    from paribus.inference.predict import predict
    from paribus.inference.sample import sample
    from paribus.inference.trained import Trained, load
    from paribus.records.parts import Part, register
    from paribus.records.plugins import load_plugin
    from paribus.records.recipe import Recipe
    from paribus.records.result import StudyResult
    from paribus.records.run import RunFolder, RunResult
    from paribus.studies.study import Study
    from paribus.theory.derive import derive
    from paribus.training.run import Run

__version__ = "0.1.0"

__all__ = [
    "ParibusError",
    "Part",
    "Recipe",
    "Run",
    "RunFolder",
    "RunResult",
    "Study",
    "StudyResult",
    "Trained",
    "analyse",
    "derive",
    "load",
    "load_plugin",
    "open_test",
    "predict",
    "register",
    "sample",
]

_HOMES = {
    "ParibusError": "errors",
    "Part": "records.parts",
    "Recipe": "records.recipe",
    "Run": "training.run",
    "RunFolder": "records.run",
    "RunResult": "records.run",
    "Study": "studies.study",
    "StudyResult": "records.result",
    "Trained": "inference.trained",
    "analyse": "analysis.kept",
    "derive": "theory.derive",
    "load": "inference.trained",
    "load_plugin": "records.plugins",
    "open_test": "inference.held_out:test",
    "predict": "inference.predict",
    "register": "records.parts",
    "sample": "inference.sample",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: ``import paribus`` costs nothing, and no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'paribus' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(f"paribus.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def _teach_notebook() -> None:
    """Inside IPython, let records show themselves as tables and pictures."""
    import sys

    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        from paribus.notebook import install

        install(shell)


_teach_notebook()
