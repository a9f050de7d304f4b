"""What k nearest neighbours know, for every k: accuracy, and bias and variance of their error."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.analysis.neighbours import Curve, Neighbours
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, heading, layer, number, span, within

HEIGHT = 240
GAP = 62  # between panels, for the labels of an axis
OWN = " (training examples)"
PARTS = ("error", "bias", "variance that does harm", "variance that helps")
PALETTE = (theme.INK, theme.ARMS[2], theme.ARMS[1], theme.ARMS[3])


def accuracy(found: Neighbours) -> Chart:
    """Share of right answers by k, with bands over the examples; dashed those of training examples."""
    names = [curve.layer for curve in found.curves]
    rows = [row for curve in found.curves for row in _rows(found, curve)]
    own = [
        {"arm": curve.layer, "k": k, "y": 100 * value}
        for curve in found.curves
        for k, value in zip(found.ks, curve.train, strict=True)
    ]
    ends = within(span([row[it] for row in rows for it in ("low", "high")] + [row["y"] for row in own]), percent=True)
    x, y = _across(found.ks), number("y", ends, "accuracy (%)", tickCount=5)
    shared = {"x": x, "color": colours(names, theme.ARMS[1:])}
    band = {"type": "area", "opacity": 0.15}
    layers = [
        layer(band, rows, **shared, y=number("low", ends, "accuracy (%)", tickCount=5), y2={"field": "high"}),
        layer({"type": "line", "strokeDash": [4, 3], "strokeWidth": 1.5}, own, **shared, y=y),
        layer({"type": "line", "strokeWidth": 2.2, "point": {"size": 24, "filled": True}}, rows, **shared, y=y),
        layer({"type": "rule", "color": theme.MUTED}, [{"y": 100 * found.network.value}], y=y),
    ]
    reading = "Bands: intervals over the examples. Dashed: training examples, their own neighbours. Grey: the network."
    return finish({"width": theme.WIDTH - 80, "height": HEIGHT, "layer": layers}, "Accuracy of k neighbours", reading)


def bias_variance(found: Neighbours) -> Chart:
    """The parts of the error by k, a panel for each space."""
    rows = {curve.layer: [*_parts(found.ks, curve)] for curve in found.curves}
    ends = within(span(row["y"] for some in rows.values() for row in some), percent=True)
    y = number("y", ends, "share of the examples (%)", tickCount=5)
    shared = {"x": _across(found.ks), "y": y, "color": colours(PARTS, PALETTE)}
    line = {"type": "line", "strokeWidth": 2, "point": {"size": 20, "filled": True}}
    size = {"width": (theme.WIDTH - 20) / len(rows) - GAP, "height": HEIGHT}
    panels: list[Spec] = [
        {**size, "layer": [layer(line, some, **shared), heading([name])]} for name, some in rows.items()
    ]
    view = {"concat": panels, "columns": len(panels), "bounds": "flush", "spacing": GAP}
    reading = (
        f"Over {found.draws} training sets drawn anew. Error = bias + variance that does harm − variance that helps."
    )
    return finish(view, "Bias and variance of k neighbours", reading)


def _rows(found: Neighbours, curve: Curve) -> list[Row]:
    return [
        {"arm": curve.layer, "k": k, "y": 100 * one.value, "low": 100 * one.low, "high": 100 * one.high}
        for k, one in zip(found.ks, curve.accuracy, strict=True)
    ]


def _parts(ks: Sequence[int], curve: Curve) -> list[Row]:
    return [
        {"arm": name, "k": k, "y": 100 * value}
        for k, one in zip(ks, curve.errors, strict=True)
        for name, value in zip(PARTS, (one.error, one.bias, one.unbiased, one.biased), strict=True)
    ]


def _across(ks: Sequence[int]) -> Spec:
    x = number("k", (1, ks[-1]), "neighbours k", values=list(ks), grid=False, labelOverlap="greedy", format=",d")
    x["scale"] = {"type": "log", "domain": [1, max(2, ks[-1])], "nice": False}
    return x
