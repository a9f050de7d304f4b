"""Runs and arms side by side: where their recipes differ, their figures, their curves, what they made of examples."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.requests import Request

from paribus.errors import ParibusError
from paribus.records.store import RunSummary
from paribus.records.wording import show
from paribus.web.answers import words
from paribus.web.api import listing, runs
from paribus.web.api.home import RECIPES
from paribus.web.figures import AXES, described, title

MOST = 50  # runs side by side
ABSENT = "not there"


def chosen(request: Request) -> list[str]:
    """Ids of the runs that are asked for; an id of a study stands for all its runs."""
    known = request.app.state.desk.known
    found: dict[str, None] = {}
    for wanted in words(request, "ids"):
        if wanted in known.now().groups:
            found |= dict.fromkeys(known.id(run.path) for run in known.group(wanted).runs)
        else:
            known.summary(wanted)
            found[wanted] = None
    if len(found) > MOST:
        raise ParibusError(f"at most {MOST} runs are compared", got=len(found), hint="choose some of them")
    return list(found)


def compare(request: Request) -> Any:
    """What differs between runs, and what does not."""
    desk, ids = request.app.state.desk, chosen(request)
    summaries = {wanted: desk.known.summary(wanted) for wanted in ids}
    fields = [RECIPES.fields(run) for run in summaries.values()]
    names = list(dict.fromkeys(name for one in fields for name in one))
    said = {name: [show(one[name]) if name in one else ABSENT for one in fields] for name in names}
    differ = {name for name, values in said.items() if len(set(values)) > 1}
    shown = [_run(wanted, run, desk) for wanted, run in summaries.items()]
    metrics = dict.fromkeys(name for one in shown for name in one["figures"])
    recorded: dict[str, None] = {}
    for run in summaries.values():
        recorded |= dict.fromkeys(name for name in desk.rows.of(Path(run.path)).read() if name not in AXES)
    return {
        "runs": shown,
        "arms": _arms(shown),
        "fields": [{"field": name, "values": said[name], "differs": True} for name in names if name in differ],
        "same": [{"field": name, "value": said[name][0]} for name in names if name not in differ],
        "figures": {
            "columns": [{"name": name, "title": title(name)} for name in metrics],
            "rows": [{"id": one["id"], "values": [one["figures"].get(name) for name in metrics]} for one in shown],
        },
        "pictures": _pictures(ids, desk),
        "metrics": list(described(list(recorded), _metrics(summaries.values()))),
    }


def _run(wanted: str, run: RunSummary, desk: Any) -> dict[str, Any]:
    row = listing.of_run(run, desk.known)
    group = desk.known.now().groups[desk.known.now().group_of[wanted]]
    return {
        **{name: row[name] for name in ("id", "name", "seed", "state", "recipe", "figures")},
        "arm": Path(run.path).parent.name,
        "study": {"id": group.id, "name": group.name} if group.kind else None,
        "group": group.name,
    }


def _arms(shown: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs of one arm, which share a colour."""
    found: dict[str, dict[str, Any]] = {}
    for one in shown:
        key = f"{one['group']}/{one['arm']}"
        name = one["arm"] if one["study"] else one["recipe"]
        found.setdefault(key, {"key": key, "name": name, "runs": []})["runs"].append(one["id"])
    return list(found.values())


def _pictures(ids: Iterable[str], desk: Any) -> list[dict[str, Any]]:
    """What all runs made of a few examples, moment by moment."""
    found: dict[str, dict[str, Any]] = {}
    for wanted in ids:
        for one in runs.previews(wanted, desk.known.run(wanted)):
            if one["kind"] == "image":
                moment = {"epoch": one["epoch"], "name": one["name"], "title": one["title"], "urls": {}}
                found.setdefault(one["name"], moment)["urls"][wanted] = one["url"]
    return list(found.values())


def _metrics(summaries: Iterable[RunSummary]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for run in summaries:
        with suppress(ParibusError):
            found |= run.folder.figures_of_merit()
    return found


def curves(request: Request) -> Any:
    """Curves of several runs at once."""
    desk = request.app.state.desk
    found = []
    for wanted in chosen(request):
        folder = desk.known.run(wanted)
        with suppress(ParibusError):  # one that did not record this axis has no curve on it
            drawn = runs.drawn(request, desk.rows.of(folder.path), {}, details=words(request, "metrics"))
            found.append({"id": wanted, **{name: drawn[name] for name in ("metrics", "x", "xs", "rows")}})
    return {"curves": found}


ENDPOINTS = {"/compare": compare, "/compare/curves": curves}
