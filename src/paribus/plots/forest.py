"""Effects with their intervals: the main picture of a study."""

from __future__ import annotations

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import nothing
from paribus.plots.rows import Axis, Row, draw, place
from paribus.records import wording
from paribus.records.result import Effect, StudyResult


def forest(result: StudyResult) -> Chart:
    """Every effect with its interval, the line of no effect, and the band of those that do not matter."""
    title = f"Effects on {wording.spoken(result.metric_name)}"
    if not result.effects:
        return nothing(title, "There are no comparisons in this study.")
    factor, _ = wording.unit(result.metric)
    unit = " (percentage points)" if result.metric.percent else ""
    axis = Axis(
        f"difference in {wording.spoken(result.metric_name)}{unit}",
        zero=True,
        band=factor * result.delta if result.delta else None,
        contains=(-factor * result.delta, factor * result.delta) if result.delta else (),
    )
    names, reference = wording.comparisons([(effect.contrast, effect.names) for effect in result.effects])
    rows = [_row(name, effect, result) for name, effect in zip(names, result.effects, strict=True)]
    about = wording.ABOUT[result.claim]
    heads = (f"difference, {wording.interval_head([effect.judged for effect in result.effects])}", f"verdict {about}")
    return draw(rows, axis, heads, title, *_reading(result, reference), tint=True)


def _row(name: str, effect: Effect, result: StudyResult) -> Row:
    factor, _ = wording.unit(result.metric)
    value, interval = place(effect.estimate, factor, wording.tells_difference(effect.estimate))
    other = next((judged.estimate for judged in effect.others.values()), None)
    _, beside = place(other, factor, wording.tells_difference(other)) if other else (None, None)
    return Row(
        name,
        value,
        interval,
        theme.VERDICTS[effect.verdict.word],
        (_words(effect, result), effect.verdicts),
        tuple(factor * dot for dot in effect.estimate.per_seed if wording.known(dot)),
        hollow=effect.verdict.word in ("undecided", "diverged", "failed"),
        beside=beside,
    )


def _words(effect: Effect, result: StudyResult) -> str:
    """The difference with its interval, and below it those of the other claims."""
    among = [judged for one in result.effects for judged in one.claims.values()]
    interval = wording.effect_interval(result.metric, effect.judged, among)
    others = {
        wording.ABOUT[claim]: wording.effect_interval(result.metric, judged, among)
        for claim, judged in effect.others.items()
    }
    said = [f"{about} {text}" for about, text in others.items() if text.startswith("[")]
    return "\n".join((wording.both(wording.difference(result.metric, effect.estimate.value), interval), *said))


def _reading(result: StudyResult, reference: str) -> list[str]:
    good = "right" if result.metric.higher_is_better else "left"
    dots = "Small dots are the differences within single seeds. " if result.design.paired else ""
    text = f"{dots}Better is to the {good}."
    if any(effect.kind == "interaction" for effect in result.effects):
        text += " Interactions are neither better nor worse."
    if result.delta:
        delta = wording.threshold(result.metric, result.delta)
        text += f" Grey band: differences below δ = {delta}."
    others = {wording.ABOUT[claim] for effect in result.effects for claim in effect.others}
    bars = [f"Thick bars: {wording.ABOUT[result.claim]}. Thin bars: {', '.join(others)}."] if others else []
    minus = [f"Each row minus {wording.lines(reference, 100, 1)[0]}."] if reference else []
    return [text, *bars, *minus]
