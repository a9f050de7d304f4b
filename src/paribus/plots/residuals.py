"""What is said against what is true."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import finish, layer, nothing, number, span
from paribus.records import wording

SIDE = 420  # pixels


def residuals(name: str, truth: Sequence[float], said: Sequence[float]) -> Chart:
    """Every example as a dot, what it is to the right and what is said of it upwards; on the line both are equal."""
    title = f"{wording.clean(name)}: predicted against true"
    if not truth:
        return nothing(title, "There are no examples.")
    ends = span((*truth, *said), 0.03)
    x, y = (number(field, ends, axis, tickCount=6) for field, axis in (("x", "true"), ("y", "predicted")))
    dots = [{"x": true, "y": ours} for true, ours in zip(truth, said, strict=True)]
    line = layer(
        {"type": "line", "color": theme.MUTED, "strokeDash": [4, 3]}, [{"x": e, "y": e} for e in ends], x=x, y=y
    )
    mark = {"type": "point", "filled": True, "size": 22, "opacity": 0.6, "color": theme.ACCENT}
    view = {"width": SIDE, "height": SIDE, "layer": [line, layer(mark, dots, x=x, y=y)]}
    return finish(view, title, "Each dot is an example; on the line both are equal.")
