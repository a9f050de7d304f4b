"""The learning-rate range test: the loss over a rate that grows with every step."""

from __future__ import annotations

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, layer, nothing, number, span
from paribus.training.finder import RateRange, Sweep

HEIGHT = 300


def rates(found: RateRange) -> Chart:
    """The smoothed loss of each seed, single batches as dots; the range as an area, the recipe's own rate as a line."""
    title = f"{found.recipe}: loss over learning rate"
    tests = [one for one in found.sweeps if one.losses]
    if not tests:
        return nothing(title, "The loss is not a finite number at any rate.")
    names = [f"seed {one.seed}" for one in tests]
    low, high = _domain(tests)
    x = number("rate", _ends(found), "learning rate", grid=False, format="~e", tickCount=8)
    x["scale"]["type"] = "log"
    y = number("loss", (low, high), "training loss", tickCount=5)
    dots = [row for name, one in zip(names, tests, strict=True) for row in _rows(name, one, one.losses, low, high)]
    lines = [row for name, one in zip(names, tests, strict=True) for row in _rows(name, one, one.smooth, low, high)]
    colour = colours(names, theme.ARMS)
    layers = [
        *_range(found, x),
        layer({"type": "point", "filled": True, "size": 12, "opacity": 0.35}, dots, x=x, y=y, color=colour),
        layer({"type": "line", "strokeWidth": 2.2, "clip": True}, lines, x=x, y=y, color=colour),
        *_marks(found, x),
    ]
    reading = "Dots are batches, lines smooth them. Shaded: from where the loss begins to fall to where it ceases to."
    return finish({"width": theme.WIDTH - 90, "height": HEIGHT, "layer": layers}, title, reading)


def _domain(tests: list[Sweep]) -> tuple[float, float]:
    """Losses that are shown: up to half the fall above the start, for beyond it they run away."""
    start, least = max(one.smooth[0] for one in tests), min(min(one.smooth) for one in tests)
    return span((least, start + 0.5 * max(start - least, 0.1 * abs(start))))


def _ends(found: RateRange) -> tuple[float, float]:
    """Rates that are shown: those that were tried, and those that are marked."""
    shown = [rate for one in found.sweeps for rate in (one.rates[:1] + one.rates[-1:])]
    shown += [found.rate, _limit(found) or found.rate]
    return min(shown), 1.3 * max(shown)


def _rows(name: str, one: Sweep, losses: tuple[float, ...], low: float, high: float) -> list[Row]:
    """The steps whose losses lie in the picture, and the first one beyond, where the line leaves it."""
    rows: list[Row] = [{"arm": name, "rate": rate, "loss": loss} for rate, loss in zip(one.rates, losses, strict=True)]
    if losses is one.smooth:
        beyond = next((place for place, loss in enumerate(losses) if loss > high), len(rows))
        return rows[: beyond + 1]
    return [row for row in rows if low <= row["loss"] <= high]


def _range(found: RateRange, x: Spec) -> list[Spec]:
    if found.low is None or found.high is None:
        return []
    area = {"type": "rect", "color": theme.VERDICTS["better"], "opacity": 0.1}
    return [layer(area, [{"rate": found.low, "end": found.high}], x=x, x2={"field": "end"})]


def _marks(found: RateRange, x: Spec) -> list[Spec]:
    """The recipe's own rate, and the limit of gradient descent where that is what the recipe does."""
    marks = {f"the recipe's {found.rate:g}": found.rate}
    if (limit := _limit(found)) is not None:
        marks[f"limit by λmax {limit:.2g}"] = limit
    rule = {"type": "rule", "color": theme.INK, "strokeDash": [4, 3]}
    words = {"type": "text", "align": "right", "dx": -4, "color": theme.INK}
    return [
        one
        for place, (text, rate) in enumerate(marks.items())
        for one in (
            layer(rule, [{"rate": rate}], x=x),
            layer(words, [{"rate": rate, "text": text}], x=x, y={"value": 12 + 16 * place}, text={"field": "text"}),
        )
    ]


def _limit(found: RateRange) -> float | None:
    """The limit of gradient descent, where that is what the recipe does and it lies near the rates that are tried."""
    near = (
        found.applies
        and found.limit is not None
        and found.limit < 10 * max(rate for one in found.sweeps for rate in one.rates)
    )
    return found.limit if near else None
