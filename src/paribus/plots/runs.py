"""The learning curves of a single run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.plots import theme
from paribus.plots.bands import Figure
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, colours, epochs, finish, heading, layer, nothing, number, span, within
from paribus.records import wording
from paribus.records.metric import Metric
from paribus.records.run import COUNTERS, RunFolder

COLUMNS = 3
FEW = 4  # epochs of which each is a dot
ORDER = ("train", "val", "test")
RATE = "lr"
SMALL = 2e-5  # learning rates below it are written with an exponent

Row = Mapping[str, Any]


def run_curves(folder: RunFolder) -> Chart:
    """Every figure that a run recorded over its epochs, training and validation in one panel."""
    rows = folder.history
    figures = _figures(rows)
    if not figures:
        return nothing("Learning curves", "No epoch has been recorded yet.")
    result = folder.result
    best = result.best_epoch if result and result.weights_sha256 else None  # others keep their weights elsewhere
    splits = {_split(name) for names in figures.values() for name in names if name != RATE}
    usual = [wording.SPLITS[split] for split in ORDER]
    colour = colours([name for name in usual if name in splits] + sorted(splits - {*usual}), theme.ARMS)
    columns = 2 if len(figures) == 4 else min(COLUMNS, len(figures))
    size = {"width": theme.WIDTH / columns - 62, "height": 190}
    metrics = folder.figures_of_merit()
    panels = [{**size, "layer": _panel(rows, names, metrics, colour, best)} for names in figures.values()]
    view = {
        "concat": panels,
        "columns": columns,
        "bounds": "flush",
        "spacing": {"row": 84, "column": 62},
        "resolve": {"scale": {"color": "shared"}},
    }
    reading = ["The vertical line is the epoch whose weights were kept."] if best else []
    return finish(view, "Learning curves", *reading)


def _figures(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Figure → its names in the splits; the learning rate comes last.

    Figures of single classes (``val/iou/car``) are left to the table: a panel for each would bury the others.
    """
    names = dict.fromkeys(name for row in rows for name in row if name.count("/") <= 1 and name not in COUNTERS)
    figures: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: name == RATE):
        figures.setdefault(name.rpartition("/")[2], []).append(name)
    return figures


def _split(name: str) -> str:
    """Of which split a figure is, as far as its name says."""
    split, slash, _ = name.partition("/")
    return wording.SPLITS.get(split, split) if slash else "run"


def _panel(
    rows: Sequence[Row], names: Sequence[str], metrics: Mapping[str, Metric], colour: Spec, best: int | None
) -> list[Spec]:
    """One figure in all splits, and its title."""
    figure = Figure.read(names[0].rpartition("/")[2], wording.metric_of(names[0], metrics))
    points = [
        {"arm": _split(name), "epoch": row["epoch"], "value": figure.factor * value}
        for row in rows
        for name in names
        if wording.known(value := row.get(name))
    ]
    seen = [row["epoch"] for row in rows]
    x, y = epochs(max(seen), min(seen)), _scale(figure, [point["value"] for point in points])
    line = {"type": "line", "strokeWidth": 2.2, "point": {"size": 24} if len(rows) < FEW else False}
    rule = {"type": "rule", "color": theme.FAINT, "strokeDash": [3, 3]}
    shade = {"color": {"value": theme.INK}} if figure.name == RATE else {"color": colour}
    title = "learning rate" if figure.name == RATE else figure.title
    return [
        layer(rule, [{"epoch": best}] if best else [], x=x),
        layer(line, points, x=x, y=y, **shade),
        heading([title]),
    ]


def _scale(figure: Figure, values: Sequence[float]) -> Spec:
    """The vertical axis; that of the learning rate begins at zero, and writes small numbers short."""
    if figure.name != RATE:
        return number("value", within(span(values), figure.percent), tickCount=5)
    most = max(values, default=0.0) or 1.0
    return number("value", (0.0, 1.08 * most), tickCount=4, format=".1~e" if most < SMALL else "~g")
