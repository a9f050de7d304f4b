"""How well a network's probabilities rank and how far they can be believed."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.analysis.errors.calibration import Calibration
from paribus.evidence.detection import Detection
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, heading, layer, nothing, number

CLASSES = 10  # curves that can be told apart
ENDS = (0.0, 1.0)
SIDE = theme.WIDTH / 2 - 90  # pixels of a square panel


def ranks(names: Sequence[str], found: Sequence[Detection]) -> Chart:
    """ROC curves to the left, precision over recall to the right; of many classes the ten that rank worst."""
    title = "Each class against the rest, at all cuts"
    known = {name: one for name, one in zip(names, found, strict=True) if one.roc}
    if not known:
        return nothing(title, "No class has examples, and others beside it.")
    worst = sorted(known, key=lambda name: one.value if (one := known[name].auroc) else 1.0)[:CLASSES]
    shown = {name: known[name] for name in known if name in worst}
    roc = [{"x": x, "y": y, "class": name} for name, one in shown.items() for x, y in one.roc]
    pr = [{"x": x, "y": y, "class": name} for name, one in shown.items() for x, y in one.pr]
    panels = [
        panel(roc, "ROC", "false positive rate", "true positive rate", list(shown), diagonal=True),
        panel(pr, "Precision–recall", "recall", "precision", list(shown)),
    ]
    reading = "Dashed: a network that knows nothing."
    if len(shown) < len(known):
        reading += f" Of {len(known)} classes the {len(shown)} with the lowest AUROC."
    view = {"concat": panels, "columns": 2, "bounds": "flush", "spacing": 80, "resolve": {"scale": {"color": "shared"}}}
    return finish(view, title, reading)


def panel(rows: list[Spec], title: str, across: str, up: str, names: Sequence[str], diagonal: bool = False) -> Spec:
    """Curves in the unit square, one for each name, in the order of their rows; on request the diagonal of chance."""
    x, y = number("x", ENDS, across, tickCount=5), number("y", ENDS, up, tickCount=5)
    line = {"type": "line", "strokeWidth": 1.8, "clip": True}
    colour = {
        "field": "class",
        "type": "nominal",
        "scale": {"domain": list(names), "scheme": "tableau10"},
        "legend": {"columns": 5, "symbolType": "stroke", "labelLimit": 130},
    }
    blind = [{"x": end, "y": end} for end in ENDS] if diagonal else []
    dashed = {"type": "line", "color": theme.MUTED, "strokeDash": [4, 3]}
    order = {"field": "at", "type": "quantitative"}  # not that of x: a curve may rise at one place
    placed = [{**row, "at": place} for place, row in enumerate(rows)]
    curves = layer(line, placed, x=x, y=y, color=colour, order=order)
    return {"width": SIDE, "height": SIDE, "layer": [layer(dashed, blind, x=x, y=y), curves, heading([title])]}


def reliability(found: Calibration) -> Chart:
    """Share of right answers over the probability of the answer; on the line probabilities are true."""
    title = "Can its probabilities be believed?"
    rows = [
        {"x": one.confidence, "y": one.hits, "low": one.low, "high": one.high, "n": one.examples} for one in found.bins
    ]
    x, y = (
        number("x", ENDS, "probability of the answer", tickCount=6),
        number("y", ENDS, "share of right answers", tickCount=6),
    )
    line = layer(
        {"type": "line", "color": theme.MUTED, "strokeDash": [4, 3]}, [{"x": e, "y": e} for e in ENDS], x=x, y=y
    )
    bars = layer({"type": "rule", "color": theme.ACCENT}, rows, x=x, y={**y, "field": "low"})
    bars["encoding"]["y2"] = {"field": "high"}
    size = {"field": "n", "type": "quantitative", "scale": {"range": [20, 260], "zero": True}, "legend": None}
    dots = layer({"type": "point", "filled": True, "opacity": 1, "color": theme.ACCENT}, rows, x=x, y=y, size=size)
    reading = "A dot is a bin of examples, larger where there are more; below the line the network is too sure."
    return finish({"width": SIDE + 40, "height": SIDE + 40, "layer": [line, bars, dots]}, title, reading)
