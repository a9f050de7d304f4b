"""All plots of all kinds of studies draw, and show the numbers of the record."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from tests import made

from paribus import plots
from paribus.plots import Chart, bands, theme
from paribus.plots.grammar import colours, dashes, epochs
from paribus.plots.levels import numeric as levels_of
from paribus.records import wording
from paribus.records.result import StudyResult

STUDIES = {
    "two arms": made.two_arms(),
    "two arms, two seeds": made.two_arms(seeds=2),
    "split fixed": made.split_fixed(),
    "two claims apart": made.apart(),
    "factorial": made.factorial(),
    "many arms": made.many_arms(),
    "hostile": made.hostile(),
    "diverged": made.diverged(),
    "failed": made.failed(),
    "one seed": made.two_arms(seeds=1),
    "one arm": made.one_arm(),
    "nothing yet": made.nothing_yet(),
    "noise": made.noise(),
    "over n": made.over_n(),
}
PLOTS = (plots.forest, plots.arms, plots.levels, plots.paired, plots.curves, plots.costs, plots.noise)


@pytest.fixture(params=STUDIES)
def result(request: pytest.FixtureRequest) -> StudyResult:
    return STUDIES[request.param]


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_draws_every_study(plot: Any, result: StudyResult) -> None:
    chart = plot(result)
    json.loads(chart.json(), parse_constant=pytest.fail)  # no NaN, no infinity
    root = ElementTree.fromstring(chart.svg())
    assert float(root.get("width", 0)) < 1000
    assert float(root.get("height", 0)) < 2500
    assert chart.title in texts(chart)


@pytest.mark.parametrize("plot", PLOTS)
def test_hostile_names_stay_text(plot: Any) -> None:
    svg = plot(STUDIES["hostile"]).svg()
    assert "<script" not in svg
    assert "href=" not in svg


def test_forest_says_what_the_record_says() -> None:
    result = made.two_arms()
    (effect,) = result.effects
    metric = result.metric
    shown = " ".join(texts(plots.forest(result)))
    assert wording.difference(metric, effect.estimate.value) in shown
    assert wording.difference(metric, effect.estimate.high).removeprefix("+").removesuffix(" points") in shown
    assert effect.verdict.word in shown
    assert "verdict for data like these" in shown
    assert f"for these data {wording.difference_interval(metric, effect.claims['these'].estimate)}" in shown


def test_forest_draws_the_interval_of_the_verdict_thick_and_the_other_thin() -> None:
    (effect,) = made.two_arms().effects
    rules = {
        layer["mark"]["strokeWidth"]: [(row["x"], row["to"]) for row in layer["data"]["values"]]
        for layer in layers(plots.forest(made.two_arms()))
        if layer["mark"]["type"] == "rule" and "x2" in layer["encoding"]
    }
    for width, claim in ((2.5, "like-these"), (1, "these")):
        estimate = effect.claims[claim].estimate
        assert rules[width] == [(pytest.approx(100 * estimate.low), pytest.approx(100 * estimate.high))]
    alone = plots.forest(made.split_fixed())
    assert "Thin bars" not in " ".join(texts(alone))
    assert len(bars(alone)) == 1


def test_bands_of_learning_curves_are_about_the_claim_of_the_verdict_and_end_where_the_metric_does() -> None:
    wide, narrow = (made.two_arms(claim=claim).arms[1].means["val/accuracy"] for claim in ("like-these", "these"))
    assert all(one.low < other.low for one, other in zip(wide, narrow, strict=True))
    near = made.two_arms(seeds=3, gain=0.055)
    ends = [mean for arm in near.arms for mean in arm.means["val/accuracy"]]
    assert max(mean.high for mean in ends) == 1.0
    assert min(mean.low for mean in ends) >= 0.0
    assert near.arms[1].level.high == 1.0
    assert "bands their 95 % intervals for data like these." in " ".join(texts(plots.curves(near)))


def test_forest_puts_the_difference_where_it_is() -> None:
    result = made.two_arms()
    rows = [row for row in values(plots.forest(result)) if row.get("fill")]
    assert [row["x"] for row in rows] == [pytest.approx(100 * result.effects[0].estimate.value)]


def test_intervals_that_dwarf_the_others_are_cut_with_an_arrow() -> None:
    result = made.factorial()
    first, *rest = result.effects
    wide = made.estimated(first, low=-40.0, high=40.0)
    chart = plots.forest(replace(result, effects=(wide, *rest)))
    bars = [row for row in values(chart) if "to" in row and "y" in row]
    assert max(row["to"] for row in bars) < 100
    assert (
        sum("triangle" in json.dumps(layer["mark"]) and bool(layer["data"]["values"]) for layer in layers(chart)) == 2
    )


def test_a_lower_metric_is_better_to_the_left() -> None:
    result = made.two_arms()
    lower = replace(result, metric=replace(result.metric, higher_is_better=False))
    assert "Better is to the left." in " ".join(texts(plots.forest(lower)))


def test_curves_stop_where_the_shortest_run_stops_but_keep_the_diverged_ones() -> None:
    rows = values(plots.curves(made.diverged(), "val/loss"))
    means = [row for row in rows if "run" not in row and row.get("arm") == "lr=0.5"]
    lost = [row for row in rows if row.get("lost") and row["arm"] == "lr=0.5"]
    assert max(row["epoch"] for row in means) == made.EPOCHS
    assert {row["run"] for row in lost} == {"lr=0.5 1", "lr=0.5 3"}
    assert max(row["epoch"] for row in lost) == 4


def test_curves_of_single_seeds_on_request() -> None:
    result = made.two_arms()
    thin = [row for row in values(plots.curves(result, "val/loss", seeds=True)) if "run" in row]
    assert len(thin) == 2 * 5 * made.EPOCHS
    assert not [row for row in values(plots.curves(result, "val/loss")) if "run" in row]


def test_curves_of_an_unknown_figure_say_so() -> None:
    assert "No epoch" in " ".join(texts(plots.curves(made.two_arms(), "val/unheard_of")))


def test_many_arms_get_a_panel_each() -> None:
    assert len(plots.curves(made.many_arms()).spec["concat"]) == 23


def test_names_that_read_the_same_stay_two_arms() -> None:
    result = made.two_arms()
    same = replace(result, arms=tuple(replace(arm, name="x") for arm in result.arms))
    domain = plots.curves(same).spec["concat"][0]["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert len(set(domain)) == 2


def test_noise_shows_the_shares() -> None:
    result = made.noise()
    assert result.noise
    shown = " ".join(texts(plots.noise(result)))
    for part in result.noise.components:
        assert f"{100 * part.share.value:.1f} %" in shown


def test_costs_by_parameters() -> None:
    rows = [row for row in values(plots.costs(made.two_arms(), "parameters")) if "name" in row]
    assert {row["cost"] for row in rows} == {38_000, 44_400}


def layers(chart: Chart) -> list[dict[str, Any]]:
    """All layers with data, however deep."""
    found, waiting = [], [chart.spec]
    while waiting:
        view = waiting.pop()
        waiting += view.get("layer", []) + view.get("concat", [])
        found += [view] if "data" in view else []
    return found


def values(chart: Chart) -> list[dict[str, Any]]:
    return [row for layer in layers(chart) for row in layer["data"]["values"]]


def texts(chart: Chart) -> list[str]:
    return [
        node.text or ""
        for node in ElementTree.fromstring(re.sub(' xmlns="[^"]+"', "", chart.svg())).iter()
        if node.text
    ]


def test_a_loss_that_explodes_for_an_epoch_does_not_flatten_the_rest() -> None:
    result = made.two_arms()
    first, *others = result.arms
    curve, *rest = first.curves["val/loss"]
    wild = replace(first, curves={"val/loss": ((1e30, *curve[1:]), *rest)})
    chart = plots.curves(replace(result, arms=(wild, *others)), "val/loss")
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in layers(chart)
        if "domain" in str(layer["encoding"].get("y"))
    ]
    assert max(high for _, high in domains) < 1000


def test_forest_says_the_confidence_of_its_intervals() -> None:
    result = made.two_arms()
    (effect,) = result.effects
    looked = made.judged(effect, alpha=0.034)
    assert "difference, 96.6 % interval" in texts(plots.forest(replace(result, effects=(looked,))))
    assert {"difference, 95 % intervals,", "all 5 together"} <= {*texts(plots.forest(made.factorial()))}


def axes(chart: Chart, channel: str) -> list[dict[str, Any]]:
    """The encodings of a channel over all layers."""
    return [layer["encoding"][channel] for layer in layers(chart) if channel in layer["encoding"]]


def test_training_stands_beside_validation_on_one_scale() -> None:
    panels = plots.curves(STUDIES["two arms"]).spec["concat"]
    domains = [next(one["encoding"]["y"]["scale"]["domain"] for one in panel["layer"]) for panel in panels]
    assert len(panels) == 4
    assert domains[0] == domains[1]
    assert domains[2] == domains[3]
    assert 0 <= domains[3][0] < domains[3][1] <= 100


def test_shares_stay_within_a_hundred_per_cent() -> None:
    result = made.two_arms(seeds=2, gain=0.055)  # two seeds near 100 %, whose interval goes far beyond
    for plot in (plots.arms, plots.costs, plots.paired, plots.curves):
        ends = [end for axis in axes(plot(result), "x") + axes(plot(result), "y") for end in _domain(axis)]
        assert max(ends, default=0) <= 100, plot


def _domain(axis: dict[str, Any]) -> list[float]:
    return axis["scale"]["domain"] if axis.get("axis") and "accuracy" in str(axis.get("title")) else []


@pytest.mark.parametrize("last", [1, 2, 3, 7, 12, 100, 12_345])
def test_epochs_are_whole_numbers(last: int) -> None:
    axis = epochs(last)["axis"]
    assert all(isinstance(tick, int) and 1 <= tick <= last for tick in axis["values"])
    assert 1 <= len(axis["values"]) <= 6


def test_two_seeds_are_points_and_no_band() -> None:
    few, many = plots.curves(STUDIES["two arms, two seeds"]), plots.curves(STUDIES["two arms"])
    for chart, kind, other in ((few, "point", "area"), (many, "area", "point")):
        drawn = [layer["mark"]["type"] for layer in layers(chart) if layer["data"]["values"]]
        assert kind in drawn
        assert other not in drawn
    assert "points are single seeds" in " ".join(texts(few))


def bars(chart) -> list[dict]:
    return [row for row in values(chart) if {"x", "to", "y"} <= set(row)]


@pytest.mark.parametrize("plot", [plots.arms, plots.forest])
def test_an_interval_that_the_text_does_not_say_is_not_drawn(plot) -> None:
    few, many = made.two_arms(seeds=2, gain=0.001), made.two_arms(gain=0.001)
    assert bars(plot(many))
    assert not bars(plot(few))


def test_a_share_of_the_noise_that_the_text_does_not_say_is_not_drawn() -> None:
    result = made.noise()
    first, *others = result.noise.components
    huge = replace(first, share=replace(first.share, value=8.0, low=1.0, high=60.0))
    chart = plots.noise(replace(result, noise=replace(result.noise, components=(huge, *others))))
    assert len(bars(chart)) == len(bars(plots.noise(result))) - 1
    assert max(row["to"] for row in bars(chart)) < 6000
    assert "cannot be said with 10 seeds" in " ".join(" ".join(texts(chart)).split())


def test_every_seed_is_named_at_the_end_of_its_line() -> None:
    names = [row["seed"] for row in values(plots.paired(STUDIES["two arms"])) if set(row) == {"at", "value", "seed"}]
    assert sorted(names) == ["0", "1", "2", "3", "4"]


def test_time_begins_at_zero() -> None:
    domain = next(axis["scale"]["domain"] for axis in axes(plots.costs(STUDIES["factorial"]), "x") if axis.get("title"))
    assert domain[0] == 0


def test_negative_losses_are_drawn() -> None:
    result = made.two_arms()
    shifted = tuple(
        replace(arm, curves={"val/loss": tuple(tuple(y - 50 for y in curve) for curve in arm.curves["val/loss"])})
        for arm in result.arms
    )
    *domain, logarithmic = bands.limits([bands.Figure("val/loss", 1.0, "")], shifted)
    assert not logarithmic
    assert domain[0] < -49
    assert domain[1] > -49


def test_an_interval_of_two_seeds_is_no_bar() -> None:
    for plot in (plots.arms, plots.costs):
        few, many = (
            [layer["mark"]["type"] for layer in layers(plot(STUDIES[name])) if layer["data"]["values"]]
            for name in ("two arms, two seeds", "two arms")
        )
        assert many.count("rule") == 1, plot
        assert "rule" not in few, plot
    assert "Bars" not in " ".join(texts(plots.costs(STUDIES["two arms, two seeds"])))
    unclear = made.two_arms(seeds=2, gain=0.0)
    bars = [layer for layer in layers(plots.forest(unclear)) if "x2" in layer["encoding"]]
    assert [row for layer in bars if layer["mark"]["type"] == "rule" for row in layer["data"]["values"]] == []


def test_curves_without_an_epoch_say_so() -> None:
    assert "No epoch" in " ".join(texts(plots.curves(STUDIES["nothing yet"])))


def test_colours_stand_out_by_day_and_by_night() -> None:
    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for colour in {theme.INK, theme.MUTED, *theme.ARMS, *theme.VERDICTS.values()}:
        for shown, paper in ((colour, theme.PAPER), (theme.NIGHT.get(colour, colour), theme.NIGHT[theme.PAPER])):
            lower, higher = sorted((light(shown), light(paper)))
            least = 4.5 if paper != theme.PAPER else 2.0  # pale orange is told by its name as well
            assert (higher + 0.05) / (lower + 0.05) > least, colour


def test_levels_are_drawn_where_their_numbers_are() -> None:
    result = made.over_n()
    assert levels_of(result) == ("split.limit",)
    drawn = plots.levels(result).spec["layer"]
    area, dots, line = (one["data"]["values"] for one in drawn)
    means = {(arm.settings["model.norm"], arm.settings["split.limit"]): 100 * arm.level.value for arm in result.arms}
    assert {(row["arm"].removeprefix("norm="), row["x"]): row["y"] for row in line} == pytest.approx(means)
    assert len(dots) == 5 * len(result.arms)
    assert all(row["low"] < 100 * 1 and row["low"] <= row["high"] for row in area)
    x = drawn[2]["encoding"]["x"]
    assert x["scale"]["type"] == "log"
    assert x["axis"]["values"] == [100, 300, 1000, 3000]


def test_levels_are_written_as_they_are() -> None:
    """Not as 1e+2, 3e+2 and 5e+2, which is how a linear axis rounds them by itself."""
    drawn = plots.levels(made.study({"split.limit": (130, 260, 530)}, 3, [0.0, 0.03, 0.05])).svg()
    assert all(f">{number}<" in drawn for number in (130, 260, 530))


def test_levels_of_few_or_of_no_numbers_are_not_drawn() -> None:
    assert levels_of(made.two_arms()) == levels_of(made.many_arms()) == levels_of(made.noise()) == ()
    assert "No factor" in "".join(texts(plots.levels(made.two_arms())))


def test_no_two_of_nine_lines_look_the_same() -> None:
    names = [f"arm {number}" for number in range(9)]
    colour = colours(names, theme.ARMS)
    shades = [colour["scale"]["range"][place % len(theme.ARMS)] for place in range(len(names))]  # as Vega repeats them
    dash = dashes(colour)["scale"]
    assert dash["domain"] == names
    assert len({(shade, *style) for shade, style in zip(shades, dash["range"], strict=True)}) == len(names)
