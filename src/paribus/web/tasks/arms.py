"""What is asked of all seeds of an arm, or of arms against each other: the analyses that belong to a study."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError, RecipeError, RunError
from paribus.records.run import RunFolder

FLIPS = "flips"  # `paribus compare STUDY`, which is no line of the table of analyses


def about(path: str) -> dict[str, Any]:
    """What can be asked of a study."""
    from paribus.records.study import StudyDesign

    design = StudyDesign.open(Path(path))
    names = [arm.name for arm in design.arms()]
    try:
        found = [*_of_arm(design, Path(path)), *_flips(design, names)]
    except ParibusError as error:
        return {"title": design.name, "analyses": [], "predict": None, "why": error.rule}
    return {"title": design.name, "analyses": found, "predict": None, "why": "" if found else NOTHING}


NOTHING = "Nothing is asked of a study of this kind: see Explain on the pages of its runs."


def _of_arm(design: Any, folder: Path) -> list[dict[str, Any]]:
    """The analyses of an arm that apply, where one has two finished seeds."""
    from paribus.analysis.table import analyses
    from paribus.web.tasks.explain import options_of

    able = _able(design, folder)
    arms = list(able)
    return [
        {
            "what": name,
            "title": name.replace("-", " "),
            "about": analysis.about,
            "ready": False,
            "options": [_arm(arms, arms[0]), *options_of(analysis)],
        }
        for name, analysis in analyses().items()
        if analysis.of == "arm" and able and analysis.needs.met(able[arms[0]])
    ]


def _able(design: Any, folder: Path) -> dict[str, RunFolder]:
    """The arms that have at least two finished seeds, each with the folder of one."""
    from paribus.inference.ensemble import finished

    found = {}
    for arm in () if design.foreign else design.arms():
        with suppress(RunError):  # no seed of it has finished
            if len(runs := finished(design, folder, arm)) > 1:
                found[arm.name] = runs[0]
    return found


def _flips(design: Any, names: list[str]) -> list[dict[str, Any]]:
    if design.foreign or len(names) < 2:
        return []
    about = "Which examples arms answer differently, beyond what their seeds do."
    return [{"what": FLIPS, "title": FLIPS, "about": about, "ready": False, "options": [_arm(names[1:], "")]}]


def _arm(names: list[str], usual: str) -> dict[str, Any]:
    """The choice of an arm; without a usual one, all of them are asked where none is chosen."""
    about = {"path": "arm", "title": "arm", "about": "which arm is asked", "must": bool(usual)}
    return {**about, "kind": "choice", "choices": names, "default": usual}


def ask(path: str, what: str, options: Mapping[str, str]) -> dict[str, Any]:
    """The answer as a page; nothing is kept.

    Raises:
        RecipeError: where the held-out test would be opened.
    """
    from paribus.analysis.table import find, resolve
    from paribus.records.yaml import parse_value
    from paribus.studies.ensemble import analyse_arm
    from paribus.web.pages import plain
    from paribus.web.tasks.explain import refuse_test

    arm = options.get("arm") or None
    settings = {name: parse_value(value) for name, value in options.items() if name != "arm"}
    refuse_test(settings)
    if what == FLIPS:
        from paribus.reports.compare import page_of
        from paribus.studies.compare import compare

        if settings:
            raise RecipeError("there is no such option", got=", ".join(settings), hint="arm")
        return plain(page_of(compare(path, arm=arm)))
    record = analyse_arm(Path(path), what, arm or _first(Path(path)), **settings)
    return plain(resolve(find(what).page)(record))


def _first(folder: Path) -> str:
    """The arm that is asked where none is named: the first with two finished seeds, or else the first."""
    from paribus.records.study import StudyDesign

    design = StudyDesign.open(folder)
    return next(iter(_able(design, folder)), design.arms()[0].name)
