"""Examples in the plane, coloured by what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from paribus.analysis.embed import Embedding
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, finish, layer, number, span
from paribus.records import wording

By = Literal["class", "error", "confidence"]

SIDE = 560  # pixels
LEFT, TOP, RIGHT, BOTTOM = 60, 64, 190, 50  # around the square of dots: fixed, so that it is known where a dot is
RIGHTLY, WRONGLY = "right", "wrong"
TITLES: dict[By, str] = {"class": "By class", "error": "By mistake", "confidence": "By confidence"}


def embedding(found: Embedding, by: By | None = None) -> Chart:
    """Every example as a dot; mistakes are crosses."""
    x, y = (
        number(field, span(values, 0.03), axis, tickCount=6, labels=found.method == "pca", grid=found.method == "pca")
        for field, values, axis in zip(("x", "y"), (found.x, found.y), axes(found), strict=True)
    )
    rows, mark = list(_rows(found)), {"type": "point", "filled": True, "size": 26, "opacity": 0.75}
    wrong = [row for row in rows if row["wrong"]]
    cross = {**mark, "shape": "cross", "angle": 45, "size": 60, "opacity": 1}
    colour = _colour(found, by)
    layers = [
        layer(mark, [row for row in rows if not row["wrong"]], x=x, y=y, color=colour),
        *([layer(cross, wrong, x=x, y=y, color=colour)] if wrong else []),
    ]
    view = {
        "width": SIDE,
        "height": SIDE,
        "padding": {"left": LEFT, "top": TOP, "right": RIGHT, "bottom": BOTTOM},
        "autosize": {"type": "none"},
        "layer": layers,
    }
    reading = ["Crosses: taken for another class."] if wrong else []
    return finish(view, TITLES[by] if by else "Where the examples lie", *reading)


def spots(found: Embedding) -> Iterator[tuple[float, float]]:
    """Where each example is within the whole picture, in per cent from its left and from its top."""
    (left, right), (low, high) = span(found.x, 0.03), span(found.y, 0.03)
    for x, y in zip(found.x, found.y, strict=True):
        across, up = (x - left) / (right - left), (y - low) / (high - low)
        yield (
            100 * (LEFT + across * SIDE) / (LEFT + SIDE + RIGHT),
            100 * (TOP + (1 - up) * SIDE) / (TOP + SIDE + BOTTOM),
        )


def axes(found: Embedding) -> tuple[str, str]:
    """What the coordinates are."""
    if found.method != "pca":
        name = {"tsne": "t-SNE", "umap": "UMAP"}[found.method]
        return f"{name} 1", f"{name} 2"
    shares = (*found.explained, 0.0)[:2]
    first, second = (
        f"principal component {i} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares, 1)
    )
    return first, second


def _rows(found: Embedding) -> Iterator[Row]:
    for place, (x, y) in enumerate(zip(found.x, found.y, strict=True)):
        truth = found.truth[place] if found.truth else ""
        wrong = bool(found.truth) and truth != found.said[place]
        yield {
            "x": x,
            "y": y,
            "class": wording.clean(truth),
            "error": WRONGLY if wrong else RIGHTLY,
            "confidence": found.confidence[place] if found.confidence else 0.0,
            "wrong": wrong,
        }


def _colour(found: Embedding, by: By | None) -> Spec:
    legend = {"orient": "right", "symbolType": "circle", "offset": 10}
    if by is None:
        return {"value": theme.ACCENT}
    if by == "confidence":
        scale = {"scheme": "viridis", "domain": [min(found.confidence), 1]}
        return {"field": by, "type": "quantitative", "scale": scale, "legend": {"orient": "right", "offset": 10}}
    if by == "error":
        scale = {"domain": [RIGHTLY, WRONGLY], "range": [theme.ARMS[6], theme.ARMS[2]]}
        return {"field": by, "type": "nominal", "scale": scale, "legend": legend}
    names = sorted(set(map(wording.clean, found.truth)))
    scheme = "tableau10" if len(names) <= 10 else "tableau20"
    legend |= {"columns": 1 + len(names) // 24, "labelLimit": 130}
    return {"field": by, "type": "nominal", "scale": {"domain": names, "scheme": scheme}, "legend": legend}
