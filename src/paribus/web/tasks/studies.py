"""What studies and searches say, as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def study(path: str) -> dict[str, Any]:
    """The evidence of a study as it stands, by the rule that holds for a look at it."""
    from paribus.records.store import MARKERS
    from paribus.reports.study import study_page
    from paribus.study import Study
    from paribus.web.pages import plain

    folder = Path(path)
    opened = Study.open(folder)
    result = opened.result
    looks, design = result.looks, result.design
    unplanned = looks.rule == "anytime" and design.looking == "planned" and not looks.whole
    return {
        "page": plain(study_page(result)),
        "metric": result.metric_name,
        "looks": {
            "rule": looks.rule,
            "sentence": looks.sentence,
            "over": looks.over,
            "runs": looks.runs,
            "whole": looks.whole,
            "extended": list(design.extended),
        },
        "unplanned": unplanned,
        "unplanned_text": UNPLANNED if unplanned else "",
        "arms": [arm.name for arm in design.arms()],
        "slugs": {arm.slug: arm.name for arm in design.arms()},
        "seeds": list(design.seeds),
        "complete": result.complete,
        "command": result.command,
        "question": result.question,
        "foreign": design.foreign,
        "is_study": (folder / MARKERS["study"]).exists(),
    }


UNPLANNED = (
    "This is an unplanned look: no look was planned before the end, so the intervals shown are wider and hold at every "
    "look. If seeds are added after it, the study records that one looked."
)


def search(path: str) -> dict[str, Any]:
    """What a search found so far."""
    from paribus.reports.search import search_page
    from paribus.search import Tune
    from paribus.web.pages import plain

    opened = Tune.open(Path(path))
    result = opened.result
    return {
        "page": plain(search_page(result)),
        "metric": result.metric_name,
        "complete": result.complete,
        "command": result.design.command,
        "question": result.design.question,
        "trials": [
            {"number": trial.number, "state": trial.state, "value": trial.value, "values": dict(trial.settings)}
            for trial in result.trials
        ],
    }


def study_report(path: str) -> str:
    """Write the report of a study."""
    from paribus.study import Study

    return str(Study.open(Path(path)).report())


def search_report(path: str) -> str:
    """Write the report of a search."""
    from paribus.search import Tune

    return str(Tune.open(Path(path)).report())
