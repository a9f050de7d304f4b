"""The list of everything: studies, searches and runs, searched, sorted and cut on the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request

from paribus import __version__
from paribus.web.answers import number, words
from paribus.web.api import listing
from paribus.web.known import Snapshot

MOST = 500  # rows of one answer
FIRST_HINT = (
    "There is nothing here yet. Make the first: paribus study digits/cnn --vary model.norm=none,batch --seeds 5 "
    "--runs {folder}"
)
RECIPES = listing.Recipes()


def home(request: Request) -> Any:
    """Rows that fit, newest first unless another column is asked for."""
    desk = request.app.state.desk
    now: Snapshot = desk.known.now()
    pairs = list(_rows(request, now))
    query = request.query_params.get("query", "").lower().split()
    fitting = [(row, run) for row, run in pairs if all(listing.passes(word, row, RECIPES.of(run)) for word in query)]
    states = Counter(row["state"] for row, _ in fitting)
    if wanted := request.query_params.get("state"):
        fitting = [pair for pair in fitting if pair[0]["state"] in wanted.split(",")]
    chosen = _sorted(fitting, request)
    first, most = number(request, "offset", 0, 10**9), number(request, "limit", 100, MOST)
    shown = [_finished(row, run, words(request, "columns")) for row, run in chosen[first : first + most]]
    if now.groups:
        desk.reading.warm_once()
    return {
        "total": len(chosen),
        "offset": first,
        "rows": shown,
        "columns": listing.columns(list(now.runs.values()), RECIPES),
        "states": dict(states),
        "recipes": sorted({run.recipe for run in now.runs.values() if run.recipe}),
        **me(request),
        "hint": "" if now.groups else FIRST_HINT.format(folder=desk.root),
    }


def me(request: Request) -> dict[str, Any]:
    """Which page this is."""
    desk = request.app.state.desk
    return {"folder": str(desk.known.root), "version": __version__, "read_only": desk.read_only}


def _rows(request: Request, now: Snapshot) -> Iterator[tuple[listing.Row, Any]]:
    """All rows of the kind that is asked for: without one, runs of studies and searches stay within these."""
    desk, kind = request.app.state.desk, request.query_params.get("kind", "")
    known, at_work = desk.known, desk.queue.at_work()
    for group in now.groups.values():
        if group.kind and kind in ("", "all", group.kind):
            yield listing.of_group(group, known, at_work), None
        if kind in ("all", "run") or (not kind and not group.kind):
            for run in group.runs:
                yield listing.of_run(run, known, at_work), run


def _sorted(pairs: list[Any], request: Request) -> list[Any]:
    name = request.query_params.get("sort") or "started"
    falling = request.query_params.get("descending", "1" if name == "started" else "0").lower() in ("1", "true")

    def value(pair: Any) -> Any:
        row, run = pair
        return listing.value_of(name, row, RECIPES.of(run))

    return listing.sort(pairs, value, falling)


def _finished(row: listing.Row, run: Any, columns: list[str]) -> listing.Row:
    """A row as it is shown: with the columns that are asked for."""
    if run is not None:
        fields = RECIPES.fields(run) if columns else {}
        row["columns"] = {name: row["figures"].get(name, fields.get(name)) for name in columns}
    return row


ENDPOINTS = {"/home": home, "/me": me}
