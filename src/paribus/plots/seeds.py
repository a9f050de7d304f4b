"""What seeds show: the smallest difference that is found, against their number."""

from __future__ import annotations

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, layer, nothing, number
from paribus.records import wording
from paribus.records.plan import Plan
from paribus.records.wording import ABOUT

HEIGHT = 300
TICKS = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


def seeds(plan: Plan) -> Chart:
    """The smallest difference that is found with the power asked for, by the number of seeds, for each claim."""
    title = f"What seeds show of {wording.spoken(plan.metric_name)}"
    rows = _rows(plan)
    if not rows:
        return nothing(title, "Nothing is known of the spread between seeds.")
    factor, _ = wording.unit(plan.metric)
    floor = max((one.needs["like-these"].floor for one in plan.comparisons if "like-these" in one.needs), default=0.0)
    levels = [row["difference"] for row in rows] + [factor * level for level in (plan.delta, floor) if level]
    x, y = _axes(plan, [row["seeds"] for row in rows], levels)
    names = [ABOUT[claim] for claim in ABOUT if claim in plan.sizes[0].detectable]
    colour = colours(names, theme.ARMS[1:])
    at = {"x": x, "y": y, "color": colour}
    marks = [
        *_level(
            plan, factor * floor, "no number of seeds shows less, for data like these", theme.ARMS[2], x, y, below=True
        ),
        *_level(
            plan, factor * (plan.delta or 0.0), f"δ = {wording.threshold(plan.metric, plan.delta)}", theme.INK, x, y
        ),
        layer({"type": "line", "strokeWidth": 2.2}, rows, **at),
        layer({"type": "point", "filled": True, "size": 110, "opacity": 1}, _needed(plan), **at),
        layer(
            {"type": "text", "align": "right", "baseline": "top", "dx": -7, "dy": 5, "fontWeight": "bold"},
            _needed(plan),
            **at,
            text={"field": "text"},
        ),
    ]
    reading = f"Found with a probability of {wording.percent(plan.power)}; dots: the seeds that it takes to find δ."
    return finish({"width": theme.WIDTH - 90, "height": HEIGHT, "layer": marks}, title, reading)


def _rows(plan: Plan) -> list[Row]:
    factor, _ = wording.unit(plan.metric)
    return [
        {"arm": ABOUT[claim], "seeds": size.seeds, "difference": factor * size.detectable[claim]}
        for size in plan.sizes
        for claim in ABOUT
        if claim in size.detectable and wording.known(size.detectable[claim]) and size.seeds > 2
    ]


def _needed(plan: Plan) -> list[Row]:
    """Where the curves have come down to δ."""
    needed = {ABOUT[claim]: plan.seeds(claim) for claim in ABOUT if claim in plan.sizes[0].detectable}
    return [{**row, "text": str(row["seeds"])} for row in _rows(plan) if needed[row["arm"]] == row["seeds"]]


def _level(plan: Plan, level: float, name: str, colour: str, x: Spec, y: Spec, below: bool = False) -> list[Spec]:
    """A level across the picture, with its name at its right end."""
    if not level:
        return []
    last = max(size.seeds for size in plan.sizes)
    row = {"seeds": last, "difference": level, "name": name}
    line = {"type": "rule", "strokeDash": [5, 4], "color": colour, "strokeWidth": 1.3}
    place = {"baseline": "top", "dy": 6} if below else {"baseline": "bottom", "dy": -4}
    text = {"type": "text", "align": "right", "color": colour, **place}
    return [layer(line, [row], y=y), layer(text, [row], x=x, y=y, text={"field": "name"})]


def _axes(plan: Plan, seeds: list[int], levels: list[float]) -> tuple[Spec, Spec]:
    """Both by ratios: the error of a mean falls along a straight line then."""
    unit = " (percentage points)" if plan.metric.percent else wording.unit(plan.metric)[1]
    last = max(seeds)
    x = number("seeds", (min(seeds), last), "seeds in every arm", values=[t for t in TICKS if t <= last], grid=False)
    y = number("difference", (0.8 * min(levels), 1.15 * max(levels)), f"smallest difference that is found{unit}")
    x["scale"]["type"] = y["scale"]["type"] = "log"
    y["axis"] |= {"tickCount": 6, "format": "~g"}
    return x, y
