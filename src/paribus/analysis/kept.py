"""Analyses of a run, kept in its folder: ``analyses/NAME.json``, computed again only where something has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json, to_jsonable_python

from paribus import files
from paribus.analysis.table import Analysis, analyses, find, resolve
from paribus.errors import ParibusError, RecipeError, RunError
from paribus.records.given import run_folder
from paribus.records.run import RunFolder


def analyse(run: Any, name: str, /, *, again: bool = False, **options: Any) -> Any:
    """The record of an analysis of a run: reread if it is kept for the same options and weights, else computed.

    Args:
        run: it, its folder, a part of its name, or ``last``.
        name: of the analysis, or another name that it has.
        again: compute it even if it is kept.
        options: of the analysis, those that differ from their defaults.

    Raises:
        RecipeError: if there is no such analysis of runs, or no such option.
        DataError: if the analysis does not apply to this run.
        RunError: if the run has not finished.
    """
    from paribus.inference.held_out import test as open_test
    from paribus.inference.trained import load

    folder, analysis = run_folder(run), find(name)
    name = analysis.name
    if analysis.of != "run":
        hint = f'ask the study: paribus analyse {name} STUDY --arm ARM (in Python: study.ensemble("ARM"))'
        raise RecipeError(f"the analysis {name} is about all seeds of an arm", got=str(folder.path), hint=hint)
    settings = analysis.settings(options)
    asked = {**_state(analysis, folder), "options": to_jsonable_python(settings), "files": _stamps(settings)}
    content = {} if again else _read(folder, name)
    if {key: content.get(key) for key in asked} == asked:
        with suppress(ValidationError, KeyError):  # of another make: computed again
            return _record(analysis, content)
    subject = load(folder) if analysis.needs.weights else folder
    analysis.check(folder)
    if settings.get("split") == "test":
        # who looks at test examples has opened the test, and that is written down
        open_test(folder, f"the analysis {name} looked at the test split")
    record = resolve(analysis.compute)(subject, **settings)
    content = {**asked, "record": json.loads(to_json(record, inf_nan_mode="strings"))}  # NaN comes back as NaN
    files.write_json(_path(folder, name), content)
    return record


def kept(folder: RunFolder) -> Iterator[tuple[Analysis, Any]]:
    """The analyses of a run that are kept and still hold, with their records; nothing is computed."""
    for name, analysis in analyses().items():
        with suppress(ParibusError, ValidationError, KeyError):  # what cannot be read is not shown
            content = _read(folder, name)
            if content and _state(analysis, folder).items() <= content.items():
                yield analysis, _record(analysis, content)


def _state(analysis: Analysis, folder: RunFolder) -> dict[str, Any]:
    """What decides a record besides its options."""
    result = folder.result
    weights = result.weights_sha256 if result else ""
    return {"version": analysis.version, "weights": weights, "epochs": len(folder.history)}


def _stamps(settings: Mapping[str, Any]) -> dict[str, list[int]]:
    """Size and time of all files that options name, so that other pictures in the same folder are noticed."""
    paths = [value for value in settings.values() if isinstance(value, Path)]
    found = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    return {str(file): [file.stat().st_size, file.stat().st_mtime_ns] for file in found if file.is_file()}


def _read(folder: RunFolder, name: str) -> dict[str, Any]:
    """What is kept; nothing where it is damaged, for it can be computed again."""
    path = _path(folder, name)
    content = None
    with suppress(RunError):
        content = files.read_json(path) if path.exists() else None
    return content if isinstance(content, dict) else {}


def _record(analysis: Analysis, content: Mapping[str, Any]) -> Any:
    return TypeAdapter(resolve(analysis.record)).validate_python(content["record"])


def _path(folder: RunFolder, name: str) -> Path:
    return folder.path / "analyses" / f"{name}.json"
