"""Curves of single examples over their positions: the past, the truth, what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, colours, finish, heading, layer, nothing, number, span
from paribus.records import wording

COLUMNS = 2
Curves = Mapping[str, Sequence[float | None]]


def examples(curves: Sequence[Curves], title: str = "Some examples", most: int = 6, heads: Sequence[str] = ()) -> Chart:
    """A panel for each example with all its curves.

    Args:
        curves: for each example, name → values by position; ``None`` where a curve has none.
        title: of the picture.
        most: panels that are drawn.
        heads: what stands above each; its number by default.
    """
    shown = [{name: list(values) for name, values in example.items()} for example in curves[:most]]
    names = list(dict.fromkeys(name for example in shown for name in example))
    if not names:
        return nothing(title, "There is nothing to draw.")
    colour = colours([wording.clean(name) for name in names], theme.ARMS)
    columns = min(COLUMNS, len(shown))
    size = {"width": theme.WIDTH / columns - 62, "height": 180}
    panels = [
        {**size, "layer": [_lines(example, colour), heading([heads[place] if heads else f"example {place + 1}"])]}
        for place, example in enumerate(shown)
    ]
    view = {
        "concat": panels,
        "columns": columns,
        "bounds": "flush",
        "spacing": {"row": 70, "column": 62},
        "resolve": {"scale": {"color": "shared"}},
    }
    return finish(view, title)


def _lines(example: Curves, colour: Spec) -> Spec:
    points = [
        {"arm": wording.clean(name), "position": position, "value": value}
        for name, values in example.items()
        for position, value in enumerate(values)
        if wording.known(value)
    ]
    y = number("value", span(point["value"] for point in points), tickCount=4)  # type: ignore[misc]
    x = number("position", title="position", tickCount=6, tickMinStep=1, grid=False)
    return layer({"type": "line", "strokeWidth": 1.8}, points, x=x, y=y, color=colour)
