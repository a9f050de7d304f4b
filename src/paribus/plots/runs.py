"""The learning curves of a single run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, colours, finish, heading, layer, nothing, number, span
from paribus.records import wording
from paribus.records.run import RunFolder

COLUMNS = 3
ORDER = ("train", "val", "test")


def run_curves(folder: RunFolder) -> Chart:
    """Every figure that a run recorded over its epochs, training and validation in one panel."""
    rows = folder.history
    figures = _figures(rows)
    if not figures:
        return nothing("Learning curves", "No epoch has been recorded yet.")
    best = folder.result.best_epoch if folder.result else None
    splits = [
        split for split in ORDER if any(name.startswith(f"{split}/") for names in figures.values() for name in names)
    ]
    colour = colours([wording.SPLITS[split] for split in splits], theme.ARMS)
    columns = 2 if len(figures) == 4 else min(COLUMNS, len(figures))
    size = {"width": theme.WIDTH / columns - 62, "height": 190}
    panels = [
        {**size, "layer": [*_layers(rows, names, colour, best), heading([_title(figure)])]}
        for figure, names in figures.items()
    ]
    view = {
        "concat": panels,
        "columns": columns,
        "bounds": "flush",
        "spacing": {"row": 84, "column": 62},
        "resolve": {"scale": {"color": "shared"}},
    }
    reading = ["The vertical line is the epoch whose weights were kept."] if best else []
    return finish(view, "Learning curves", *reading)


def _figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Figure → its names in the splits; the learning rate comes last.

    Figures of single classes (``val/iou/car``) are left to the table: a panel for each would bury the others.
    """
    names = dict.fromkeys(name for row in rows for name in row if name.count("/") == 1 or name == "lr")
    figures: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: name == "lr"):
        figures.setdefault(name.rpartition("/")[2], []).append(name)
    return figures


def _title(figure: str) -> str:
    return "learning rate" if figure == "lr" else wording.spoken(figure)


def _layers(rows: Sequence[Mapping[str, Any]], names: Sequence[str], colour: Spec, best: int | None) -> list[Spec]:
    points = [
        {"arm": wording.SPLITS.get(name.partition("/")[0], name), "epoch": row["epoch"], "value": row[name]}
        for row in rows
        for name in names
        if wording.known(row.get(name))
    ]
    x = number("epoch", title="epoch", tickMinStep=1, tickCount=4, grid=False)
    y = number("value", span(point["value"] for point in points), tickCount=4)
    line = {"type": "line", "strokeWidth": 2.2, "point": {"size": 18} if len(rows) < 4 else False}
    rule = {"type": "rule", "color": theme.FAINT, "strokeDash": [3, 3]}
    shade = {"color": {"value": theme.INK}} if names == ["lr"] else {"color": colour}
    return [layer(rule, [{"epoch": best}] if best else [], x=x), layer(line, points, x=x, y=y, **shade)]
