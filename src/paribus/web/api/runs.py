"""A run: what is known of it, its curves, its log, what it made of a few examples."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from paribus import files
from paribus.errors import ParibusError, nearest
from paribus.records.metric import Metric, is_detail
from paribus.records.run import RunFolder
from paribus.web.answers import NotThere, number, real, words
from paribus.web.api import listing
from paribus.web.api.home import RECIPES
from paribus.web.api.places import place_of
from paribus.web.figures import AXES, PACE, groups, plain, title
from paribus.web.rows import Rows
from paribus.web.thinning import thin

if TYPE_CHECKING:
    from paribus.web.rows import Column

POINTS, MOST_POINTS = 600, 4000
MOST_LOG = 1 << 18  # bytes of a log that are sent at once
MOST_FILE = 1 << 30
SHOWN = {".png": "image/png", ".txt": "text/plain; charset=utf-8", ".json": "application/json"}


def run(request: Request) -> Any:
    """What is known of a run."""
    desk, wanted = request.app.state.desk, request.path_params["id"]
    folder, summary = desk.known.run(wanted), desk.known.summary(wanted)
    mark = (tuple(summary[4:7]), summary.error, summary.figures is not None, _stamp(folder.path))
    about = desk.known.once(("run", wanted), mark, lambda: desk.reading.ask("runs:about", path=str(folder.path)))
    at_work = desk.queue.at_work()
    row = listing.of_run(summary, desk.known, at_work)
    group = desk.known.now().groups[desk.known.now().group_of[wanted]]
    return {
        **{name: row[name] for name in ("id", "name", "recipe", "seed", "state", "started", "seconds", "progress")},
        **about,
        "problem": about["problem"] or summary.error,
        "folder": str(folder.path),
        "study": _study(group, summary.path) if group.kind else None,
        "place": place.id if (place := place_of(RECIPES.fields(summary), group.name)) else None,
        "previews": previews(wanted, folder),
        "files": [
            {"name": name, "size": size, "url": f"/api/runs/{wanted}/files/{name}"}
            for name, (_, size) in sorted(_files(folder.path).items())
        ],
        "at_work": at_work.get(row["name"], ""),
        "actions": {
            "stop": summary.state == "running" and not desk.read_only,
            "resume": row["state"] in listing.RESUMED and about["resumable"] and not desk.read_only,
        },
    }


def _study(group: Any, path: str) -> dict[str, str]:
    return {"id": group.id, "name": group.name, "kind": group.kind, "arm": Path(path).parent.name}


def _stamp(folder: Path) -> tuple[int, ...]:
    """When things came to a run folder, or to its analyses."""
    return tuple(place.stat().st_mtime_ns for place in (folder, folder / "analyses") if place.is_dir())


def _files(folder: Path) -> dict[str, tuple[Path, int]]:
    """Regular files right in a folder, by name; no links."""
    found = {}
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith((files.TEMPORARY, "lock")):
                found[entry.name] = (Path(entry.path), entry.stat().st_size)
    return found


def previews(wanted: str, folder: RunFolder) -> list[dict[str, Any]]:
    """What the network made of a few examples, in the order of the training."""
    kinds = {".png": "image", ".txt": "text", ".json": "chart"}
    found = []
    if folder.previews.is_symlink():
        return []
    for name in sorted(_files(folder.previews)):
        stem, _, suffix = name.rpartition(".")
        if f".{suffix}" in kinds and (stem == "final" or stem.isdigit()):
            found.append(
                {
                    "epoch": None if stem == "final" else int(stem),
                    "step": None,
                    "name": name,
                    "title": "at the end" if stem == "final" else f"after epoch {int(stem)}",
                    "kind": kinds[f".{suffix}"],
                    "url": f"/api/runs/{wanted}/previews/{name}",
                }
            )
    return found


def preview(request: Request) -> Any:
    """A picture, a text, or a chart of forecasts."""
    desk = request.app.state.desk
    folder, name = desk.known.run(request.path_params["id"]), request.path_params["name"]
    there = {} if folder.previews.is_symlink() else _files(folder.previews)
    if name not in there or Path(name).suffix not in SHOWN:
        raise NotThere("this run has no such preview", got=name)
    path = there[name][0]
    if path.suffix == ".json":
        return desk.reading.ask("runs:forecast", path=str(path))
    return Response(files.read_regular(path, 64 << 20, links=False), media_type=SHOWN[path.suffix])


def file(request: Request) -> Any:
    """A file of the run folder, to be saved."""
    folder, name = request.app.state.desk.known.run(request.path_params["id"]), request.path_params["name"]
    there = _files(folder.path)
    if name not in there:
        raise NotThere("this run has no such file", got=name)
    content = files.read_regular(there[name][0], MOST_FILE, links=False)
    plain = re.sub(r"[^\w.-]", "_", name)
    headers = {"content-disposition": f'attachment; filename="{plain}"', "content-security-policy": "sandbox"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def log(request: Request) -> Any:
    """What the training printed, from a place on; ``next`` is where to go on."""
    folder = request.app.state.desk.known.run(request.path_params["id"])
    path = _files(folder.path).get("log.txt", (None, 0))[0]
    if path is None:
        return {"text": "", "next": 0, "size": 0, "earlier": False}
    with files.open_regular(path, error=ParibusError, links=False) as opened:
        size = os.fstat(opened.fileno()).st_size
        after = request.query_params.get("after")
        first = number(request, "after", 0, size) if after else max(0, size - MOST_LOG)
        opened.seek(first)
        text = opened.read(MOST_LOG)
    return {"text": text.decode("utf-8", "replace"), "next": first + len(text), "size": size, "earlier": first > 0}


def curves(request: Request) -> Any:
    """The figures of a run over epochs, steps or seconds: thinned where they are many, exact where few are left."""
    desk, wanted = request.app.state.desk, request.path_params["id"]
    folder = desk.known.run(wanted)
    rows = desk.rows.of(folder.path)
    metrics = figures_of_merit(folder)
    glance = rows.glance(lambda: desk.live.tell({"kind": "changed", "ids": [wanted], "all": False}))
    found = drawn(request, rows, metrics, words(request, "metrics"), glance)
    result = None
    with suppress(ParibusError):
        result = folder.result
    at = best(rows, result.best_epoch, found["x"]["name"]) if result and glance is None else None
    return {**found, "best": at, "whole": glance is None}


def figures_of_merit(folder: RunFolder) -> Mapping[str, Metric]:
    """How its figures are read; nothing where that cannot be read."""
    with suppress(ParibusError):
        return folder.figures_of_merit()
    return {}


def best(rows: Rows, epoch: int, axis: str) -> dict[str, Any] | None:
    """Where the weights that were kept stand."""
    columns = rows.read()
    if "epoch" not in columns or axis not in columns:
        return None
    places = (columns["epoch"] == epoch).nonzero()[0]
    return {"epoch": epoch, "x": plain(columns[axis][places[0]])} if len(places) else None


def drawn(
    request: Request,
    rows: Rows,
    metrics: Mapping[str, Metric],
    details: Sequence[str] = (),
    glance: Mapping[str, Column] | None = None,
) -> dict[str, Any]:
    """Curves of one run for a request.

    Args:
        request: says which axis, range and number of points.
        rows: those of the run.
        metrics: how its figures are read.
        details: the figures that are asked for; by default all but those of single classes.
        glance: some rows to draw for now, where reading them all takes long.
    """
    columns = dict(glance if glance is not None else rows.read())
    xs = [name for name in AXES if name in columns]
    axis = request.query_params.get("x") or (xs[0] if xs else "epoch")
    if xs and axis not in xs:
        raise ParibusError("this run did not record that axis", got=axis, hint=nearest(axis, xs))
    if pace := _pace(columns):
        columns[PACE] = pace[0]
    names = [name for name in columns if name not in AXES]
    wanted = [name for name in names if name in details] if details else [name for name in names if not is_detail(name)]
    points = max(3, number(request, "points", POINTS, MOST_POINTS))
    low, high = real(request, "from"), real(request, "to")
    found = {name: _curve(columns[axis], columns[name], low, high, points) for name in wanted}
    for name, one in found.items():
        one |= {"title": title(name), "exact": one["exact"] and glance is None}
    return {
        "metrics": found,
        "x": {"name": axis, "title": axis},
        "xs": xs,
        "groups": groups(names, metrics),
        "rows": rows.count,
    }


def _pace(columns: Mapping[str, Column]) -> list[Column]:
    """Seconds a step, from row to row."""
    import numpy as np

    if "seconds" not in columns or "step" not in columns:
        return []
    seconds, steps = np.diff(columns["seconds"], prepend=0.0), np.diff(columns["step"], prepend=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = seconds / steps
    pace[~np.isfinite(pace) | (pace < 0)] = np.nan
    return [pace]


def _curve(x: Column, y: Column, low: float | None, high: float | None, points: int) -> dict[str, Any]:
    import numpy as np

    if low is not None or high is not None:
        first = max(0, int(np.searchsorted(x, -np.inf if low is None else low)) - 1)  # lines go on beyond the edge
        last = int(np.searchsorted(x, np.inf if high is None else high, side="right")) + 1
        x, y = x[first:last], y[first:last]
    found = thin(x, y, points)
    exact = found.exact
    said: dict[str, Any] = {"x": shortly(found.x, exact), "y": shortly(found.y, exact), "exact": exact}
    if found.low is not None and found.high is not None:
        said |= {"low": shortly(found.low, False), "high": shortly(found.high, False)}
    return said


def shortly(values: Column, exact: bool) -> list[Any]:
    """Numbers for a picture, with six digits where they are thinned; gaps are ``None``."""
    if exact:
        return [plain(value) for value in values.tolist()]
    return [plain(float(f"{value:.6g}") if abs(value) < 1e6 else value) for value in values.tolist()]


ENDPOINTS = {
    "/runs/{id}": run,
    "/runs/{id}/curves": curves,
    "/runs/{id}/log": log,
    "/runs/{id}/previews/{name}": preview,
    "/runs/{id}/files/{name}": file,
}
