"""Studies and searches: what they ask, what they found, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from paribus.files import read_regular
from paribus.records.store import RunSummary
from paribus.web.answers import NotThere
from paribus.web.api import listing
from paribus.web.known import Group

BOXED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # for reports, which hold no script


def study(request: Request) -> Any:
    """A study; every look at one that is not finished is judged by intervals that hold at every look."""
    desk, group = request.app.state.desk, _group(request, "study")
    found = desk.known.once(
        ("study", group.id), group.mark, lambda: desk.reading.ask("studies:study", path=str(group.path))
    )
    at_work = desk.queue.at_work()
    return {
        **_about(group, desk, at_work),
        **found,
        "runs": _planned(group, desk, found),
        "actions": _actions(group, desk, found, at_work),
    }


def search(request: Request) -> Any:
    """A search and its trials."""
    desk, group = request.app.state.desk, _group(request, "search")
    found = desk.known.once(
        ("search", group.id), group.mark, lambda: desk.reading.ask("studies:search", path=str(group.path))
    )
    confirmed = next((one for one in desk.known.now().groups.values() if one.name == f"{group.name}--confirmed"), None)
    found = {**found, "runs": [_run(run, desk, {}) for run in group.runs]}
    at_work = desk.queue.at_work()
    return {
        **_about(group, desk, at_work),
        **found,
        "confirmed": {"id": confirmed.id, "name": confirmed.name} if confirmed else None,
        "actions": {**_actions(group, desk, found, at_work), "seeds": False},
    }


def _group(request: Request, kind: str) -> Group:
    desk, wanted = request.app.state.desk, request.path_params["id"]
    group: Group = desk.known.group(wanted, kind)
    desk.known.folder(wanted)
    return group


def _about(group: Group, desk: Any, at_work: Mapping[str, str]) -> dict[str, Any]:
    row = listing.of_group(group, desk.known, at_work)
    report = group.path / "report.html"
    there = report.is_file() and not report.is_symlink()
    return {
        **{name: row[name] for name in ("id", "kind", "name", "recipe", "state", "started", "seconds", "verdict")},
        "progress": {
            **row["progress"],
            "running": [desk.known.id(run.path) for run in group.runs if run.state == "running"],
        },
        "at_work": at_work.get(group.name, ""),
        "folder": str(group.path),
        "report": f"/api/{'studies' if group.kind == 'study' else 'searches'}/{group.id}/report" if there else None,
    }


def _planned(group: Group, desk: Any, found: dict[str, Any]) -> list[dict[str, Any]]:
    """All runs in the order of the design; those that have not begun have no id."""
    there = {(Path(run.path).parent.name, run.seed): run for run in group.runs}
    return [
        _run(there[slug, seed], desk, found["slugs"])
        if (slug, seed) in there
        else {"id": None, "arm": arm, "seed": seed, "state": "waiting", "problem": "", "progress": None, "figures": {}}
        for slug, arm in found["slugs"].items()
        for seed in found["seeds"]
    ]


def _run(run: RunSummary, desk: Any, arms: dict[str, str]) -> dict[str, Any]:
    row = listing.of_run(run, desk.known)
    slug = Path(run.path).parent.name
    wanted = ("id", "name", "seed", "state", "problem", "started", "seconds", "progress", "figures")
    return {"arm": arms.get(slug, slug), **{name: row[name] for name in wanted}}


def _actions(group: Group, desk: Any, found: dict[str, Any], at_work: Mapping[str, str]) -> dict[str, bool]:
    running = any(run.state == "running" for run in group.runs) or group.name in at_work
    may = not desk.read_only and not found.get("foreign")
    return {
        "stop": running and not desk.read_only,
        "resume": may and not running and not found["complete"],
        "seeds": may and not running,
        "report": not desk.read_only,
    }


def report(request: Request) -> Any:
    """The report as it was written, in a box of its own: nothing in it can reach the page."""
    desk, wanted = request.app.state.desk, request.path_params["id"]
    path = desk.known.folder(wanted) / "report.html"
    if not path.is_file() or path.is_symlink():
        raise NotThere("no report has been written yet", got=path.parent.name, hint="write it: paribus report")
    content = read_regular(path, 1 << 28, links=False)
    return Response(content, media_type="text/html", headers={"content-security-policy": BOXED})


ENDPOINTS = {
    "/studies/{id}": study,
    "/searches/{id}": search,
    "/studies/{id}/report": report,
    "/searches/{id}/report": report,
}
