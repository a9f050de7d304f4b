"""paribus: does this change help, by how much, and why? Controlled experiments in deep learning.

>>> import paribus as pb
>>> recipe = pb.Recipe.load("digits/cnn", {"model.norm": "batch"})
>>> study = pb.Study("digits/cnn", vary={"model.norm": ["none", "batch"]}, seeds=5)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from paribus import threads

if TYPE_CHECKING:
    from paribus.analysis.explain import Explanation as Explanation
    from paribus.analysis.explain import explain as explain
    from paribus.analysis.kept import analyse as analyse
    from paribus.commands.command import Command as Command
    from paribus.data.arrays import Data as Data
    from paribus.diagnosis.lint.lint import lint as lint
    from paribus.doctor import diagnose as diagnose
    from paribus.errors import ParibusError as ParibusError
    from paribus.inference.export.export import export as export
    from paribus.inference.predict import predict as predict
    from paribus.inference.sample import sample as sample
    from paribus.inference.trained import Trained as Trained
    from paribus.inference.trained import load as load
    from paribus.numbers import evidence as evidence
    from paribus.records.parts import Part as Part
    from paribus.records.parts import register as register
    from paribus.records.plugins import load_plugin as load_plugin
    from paribus.records.recipe import Recipe as Recipe
    from paribus.records.result import StudyResult as StudyResult
    from paribus.records.run import RunFolder as RunFolder
    from paribus.records.run import RunResult as RunResult
    from paribus.records.search import SearchResult as SearchResult
    from paribus.reports.summary import summary as summary
    from paribus.search import Tune as Tune
    from paribus.search import tune as tune
    from paribus.studies.compare import compare as compare
    from paribus.studies.held_out import test_run
    from paribus.studies.log import log as log
    from paribus.study import Study as Study
    from paribus.theory.derive import derive as derive
    from paribus.training.finder import lr_find as lr_find
    from paribus.web.frame import ui as ui

    open_test = test_run

__version__ = "0.1.0"

_HOMES = {  # name → module below paribus, and what it is called there
    "Command": "commands.command",
    "Data": "data.arrays",
    "Explanation": "analysis.explain",
    "ParibusError": "errors",
    "Part": "records.parts",
    "Recipe": "records.recipe",
    "Run": "run",
    "RunFolder": "records.run",
    "RunResult": "records.run",
    "SearchResult": "records.search",
    "Study": "study",
    "StudyResult": "records.result",
    "Trained": "inference.trained",
    "Tune": "search",
    "analyse": "analysis.kept",
    "compare": "studies.compare",
    "derive": "theory.derive",
    "diagnose": "doctor",
    "evidence": "numbers",
    "explain": "analysis.explain",
    "export": "inference.export.export",
    "lint": "diagnosis.lint.lint",
    "load": "inference.trained",
    "load_plugin": "records.plugins",
    "log": "studies.log",
    "lr_find": "training.finder",
    "open_test": "studies.held_out:test_run",
    "predict": "inference.predict",
    "register": "records.parts",
    "sample": "inference.sample",
    "summary": "reports.summary",
    "tune": "search",
    "ui": "web.frame",
}
__all__ = list(_HOMES)


threads.wait_briefly()


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
