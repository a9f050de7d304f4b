"""Each seed through all arms: pairing by seed as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paribus.plots import theme
from paribus.plots.arms import colours
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, finish, hidden, layer, nothing, number, span, within
from paribus.records import wording
from paribus.records.result import StudyResult

UPRIGHT = 6  # arms whose names fit side by side; more of them are listed from top to bottom
LINE, CHARACTER = 14, 6.4  # height of a line of a name, and mean width of a letter, in pixels


@dataclass(frozen=True)
class Frame:
    """Where the arms stand, side by side or one below the other: ``length`` × ``depth`` pixels."""

    upright: bool
    names: list[list[str]]
    length: float
    depth: float

    @property
    def middles(self) -> list[float]:
        """The middle of each arm, in pixels."""
        step = self.length / len(self.names)
        return [step * (place + 0.5) for place in range(len(self.names))]


def paired(result: StudyResult) -> Chart:
    """One line per seed from arm to arm: where lines are parallel, the effect of a seed cancels."""
    title = "Seeds across arms"
    if len(result.arms) < 2:
        return nothing(title, "There is one arm, so there is nothing to pair.")
    frame = _frame([arm.name for arm in result.arms])
    points = _points(result, frame)
    if not points:
        return nothing(title, "No run has a result, so there is nothing to draw.")
    width, height = (frame.length, frame.depth) if frame.upright else (frame.depth, frame.length)
    reach = within(span(row["value"] for row in points), result.metric.percent)
    unit = wording.unit(result.metric)[1]
    value = number("value", reach, wording.spoken(result.metric_name) + unit, tickCount=5)
    layers = [*_layers(result, points, frame, value), _names(frame), _seeds(points, frame, value)]
    return finish({"width": width, "height": height, "layer": layers}, title, *_reading(result))


def _seeds(points: Sequence[Row], frame: Frame, value: Spec) -> Spec:
    """The seeds behind the ends of their lines, each moved on until it stands clear of the one before it."""
    low, high = value["scale"]["domain"]
    last = sorted({row["seed"]: row for row in points}.values(), key=lambda row: (row["at"], row["value"]))
    letters = max((len(row["seed"]) for row in last), default=0)
    room = (high - low) / frame.depth * (12 if frame.upright else 8 + CHARACTER * letters)
    placed: list[Row] = []
    for row in last:
        clear = placed[-1]["value"] + room if placed and placed[-1]["at"] == row["at"] else low
        placed.append({"at": row["at"], "value": max(row["value"], clear), "seed": row["seed"]})
    if any(name["value"] > high for name in placed):  # there are too many of them
        placed = []
    at = hidden("at", frame.length)
    text = {"type": "text", "color": theme.MUTED, "clip": False}
    if frame.upright:
        mark = {**text, "align": "left", "baseline": "middle", "dx": 14}
        return layer(mark, placed, x=at, y=value, text={"field": "seed"})
    mark = {**text, "align": "center", "baseline": "top", "dy": 7}
    return layer(mark, placed, y=at, x=value, text={"field": "seed"})


def _frame(names: Sequence[str]) -> Frame:
    if len(names) <= UPRIGHT:
        length = min(theme.WIDTH - 70, 260 * len(names))
        return Frame(
            True, [wording.lines(name, int(length / len(names) / CHARACTER), 4) for name in names], length, 280
        )
    broken = [wording.lines(name, wording.width_for(names)) for name in names]
    return Frame(False, broken, len(names) * (LINE * max(map(len, broken)) + 12), 480)


def _points(result: StudyResult, frame: Frame) -> list[Row]:
    """One row for each run with a result."""
    factor, _ = wording.unit(result.metric)
    rows = []
    for at, arm in zip(frame.middles, result.arms, strict=True):
        for seed, value in arm.values.items():
            if wording.known(value):
                colour = theme.VERDICTS.get(_change(result, seed), theme.FAINT)
                rows.append({"at": at, "seed": str(seed), "value": factor * value, "colour": colour})
    return rows


def _change(result: StudyResult, seed: int) -> str:
    """Of two arms, whether the second one is better for this seed; nothing for more arms."""
    before, after = (arm.values.get(seed) for arm in (result.arms[0], result.arms[-1]))
    if len(result.arms) != 2 or not wording.known(before) or not wording.known(after) or before == after:
        return ""
    return "better" if (after > before) == result.metric.higher_is_better else "worse"


def _layers(result: StudyResult, points: list[Row], frame: Frame, value: Spec) -> list[Spec]:
    """The same layers either way: only the axes change places."""
    factor, _ = wording.unit(result.metric)
    along, across = ("x", "y") if frame.upright else ("y", "x")
    at = {along: hidden("at", frame.length)}
    place = {**at, across: value}
    means = [
        {"at": at, "value": factor * arm.level.value, "colour": colour}
        for at, arm, colour in zip(frame.middles, result.arms, colours(len(result.arms)), strict=True)
        if wording.known(arm.level.value)
    ]
    line, dot = {"type": "line", "strokeWidth": 1.5, "opacity": 0.7}, {"type": "point", "filled": True}
    return [
        layer({"type": "rule", "color": theme.GRID}, [{"at": middle} for middle in frame.middles], **at),
        layer(line, points, **place, color="colour", detail={"field": "seed"}, order={"field": "at"}),
        layer({**dot, "size": 36, "opacity": 0.9}, points, **place, color="colour"),
        layer({**dot, "shape": "diamond", "size": 160, "opacity": 1}, means, **place, color="colour"),
    ]


def _names(frame: Frame) -> Spec:
    text = {"field": "name"}
    named = list(zip(frame.middles, frame.names, strict=True))
    if frame.upright:
        mark = {"type": "text", "align": "center", "baseline": "top", "lineHeight": LINE}
        rows = [{"at": at, "name": name} for at, name in named]
        return layer(mark, rows, x=hidden("at", frame.length), y={"value": frame.depth + 12}, text=text)
    rows = [{"at": at - LINE * (len(name) - 1) / 2, "name": name} for at, name in named]  # centred on the arm
    mark = {"type": "text", "align": "right", "baseline": "middle", "lineHeight": LINE}
    return layer(mark, rows, y=hidden("at", frame.length), x={"value": -14}, text=text)


def _reading(result: StudyResult) -> list[str]:
    text = ["One line per seed, whose number stands at its end; diamonds are means."]
    if len(result.arms) == 2:
        changes = [_change(result, seed) for seed in result.arms[0].values]
        said = f"Green: better with {wording.lines(result.arms[1].name, 40, 1)[0]} ({changes.count('better')})"
        text.append(f"{said}, orange: worse ({changes.count('worse')}).")
    return text
