"""Numbers and names as people read them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.evidence import Contrast, Estimate, Interval, Judged, Kind, Verdict
from paribus.records import wording
from paribus.records.metric import MODES, PSNR, Metric

ACCURACY = Metric("accuracy", higher_is_better=True, percent=True)
LOSS = Metric("loss", higher_is_better=False)
SHARES = ("accuracy", "miou", "iou", "macro_f1", "own_share")
METRICS = {name: Metric(name, higher_is_better=True, percent=True) for name in SHARES}


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 5, 0.1, 4, 0.01)


def test_numbers_with_unit_and_typographic_minus() -> None:
    assert wording.level(ACCURACY, 0.93123) == "93.12 %"
    assert wording.level(LOSS, -0.5) == "−0.5"
    assert wording.difference(ACCURACY, -0.019) == "−1.90 points"
    assert wording.difference(ACCURACY, 0.005, signed=False) == "0.50 points"


def test_intervals_without_unit() -> None:
    assert wording.difference_interval(ACCURACY, estimate(0.019, -0.012, 0.026)) == "[−1.20, 2.60]"
    assert wording.level_interval(ACCURACY, estimate(0.93, 0.92, 0.94)) == "[92.00, 94.00]"
    assert wording.difference_interval(LOSS, estimate(0.1, -0.01, 0.25)) == "[−0.01, 0.25]"


@pytest.mark.parametrize("end", [math.nan, math.inf])
def test_what_is_not_known_is_a_dash(end: float) -> None:
    assert wording.difference_interval(ACCURACY, estimate(0.1, -end, end)) == "–"
    assert wording.difference(ACCURACY, end) == "–"
    assert wording.level(ACCURACY, None) == "–"
    assert wording.probability(math.nan) == "–"


def test_p_is_never_a_false_zero() -> None:
    assert wording.probability(0.0) == "< 0.001"
    assert wording.probability(0.0314) == "0.031"


@pytest.mark.parametrize(
    ("p", "level", "said"),
    [
        (0.0502, 0.05, "0.0502"),
        (0.04996, 0.05, "0.04996"),
        (0.0504, 0.05, "0.0504"),
        (0.051, 0.05, "0.051"),
        (0.05, 0.05, "0.050"),
        (0.0101, 0.01, "0.0101"),
        (0.0502, 0.01, "0.050"),
        (0.0006, 0.0005, "0.001"),
        (0.0004, 0.0005, "< 0.0005"),
    ],
)
def test_p_never_rounds_to_the_level_that_it_is_compared_with(p, level, said) -> None:
    assert wording.probability(p, level) == said


@given(st.floats(0, 1), st.sampled_from([0.05, 0.01, 0.1, 0.001, 0.0123]))
def test_a_p_that_is_said_stands_on_its_side_of_the_level(p, level) -> None:
    if abs(p - level) > 1e-6:
        said = wording.probability(p, level)
        assert (float(said.removeprefix("< ")) <= level if said.startswith("<") else float(said) < level) == (p < level)


def test_what_two_seeds_do_not_tell_is_not_said() -> None:
    two = replace(estimate(0.58, -0.84, 1.99), n=2)
    assert wording.level_interval(ACCURACY, two) == "cannot be said with 2 seeds"
    assert wording.difference_interval(ACCURACY, two) == "cannot be said with 2 seeds"
    assert wording.both("+58.00 points", "cannot be said with 2 seeds") == "+58.00 points"
    assert wording.difference_interval(ACCURACY, replace(two, low=0.57, high=0.59)) == "[57.00, 59.00]"
    assert wording.level_interval(ACCURACY, replace(two, n=3)) == "[−84.00, 199.00]"


@pytest.mark.parametrize(
    ("value", "n", "said"),
    [
        (0.73, 10, ("73.0 %", "[10.0, 300.0]")),
        (8.0, 10, ("cannot be said with 10 seeds", "–")),
        (0.73, 3, ("cannot be said with 3 seeds", "–")),
        (math.nan, 1, ("–", "[10.0, 300.0]")),
    ],
)
def test_a_part_of_the_variance_that_few_runs_do_not_tell_is_not_said(value, n, said) -> None:
    assert wording.part_of(Interval(value, 0.1, 3.0), n) == said


def test_what_is_told_in_db_says_so_where_it_is_a_difference_too() -> None:
    assert wording.difference(PSNR, 0.5) == "+0.5 dB"
    assert wording.difference(PSNR, 0.5, signed=False) == "0.5 dB"
    assert wording.level_interval(PSNR, estimate(28.4, 28.0, 28.8)) == "[28, 28.8]"
    assert wording.difference_interval(PSNR, estimate(0.5, 0.25, 0.75)) == "[0.25, 0.75]"


def test_long_names_break_and_end() -> None:
    assert wording.lines("a very long name of an arm", 12, 2) == ["a very long", "name of an …"]
    assert wording.lines("norm: batch − none × lr: 0.1 − 0.01", 20) == ["norm: batch − none ×", "lr: 0.1 − 0.01"]


def test_names_lose_what_could_break_a_file() -> None:
    assert wording.clean("a\x00b\nc\u202ed") == "a b c d"


def test_equal_names_stay_distinct() -> None:
    assert len(set(wording.distinct(["a", "a", "a"]))) == 3


def asked(factor: str, level: object, reference: object) -> tuple[Contrast, tuple[str, ...]]:
    return Contrast("arm", (factor,), (level,), (reference,), (-1.0, 1.0)), (factor.rpartition(".")[2],)


def test_a_comparison_is_named_after_what_differs() -> None:
    assert wording.comparison(*asked("model.norm", "batch", "none")) == "norm: batch − none"
    both = Contrast(
        "interaction", ("model.norm", "optimizer.lr"), ("batch", 0.1), ("none", 1e-2), (1.0, -1.0, -1.0, 1.0)
    )
    assert wording.comparison(both, ("norm", "lr")) == "norm: batch − none × lr: 0.1 − 0.01"
    part = asked("model", {"use": "mlp", "widths": [8]}, {"use": "a\x00b"})
    assert wording.comparison(*part) == "model: mlp(widths=[8]) − a b"


def test_a_shared_reference_is_said_once() -> None:
    long = "x" * 70
    assert wording.comparisons([asked("a", 1, long), asked("a", 2, long)]) == (["a: 1", "a: 2"], long)
    assert wording.comparisons([asked("a", 1, 0), asked("a", 2, 0)]) == (["a: 1 − 0", "a: 2 − 0"], "")
    assert wording.comparisons([asked("a", 1, long), asked("a", 2, 0)])[1] == ""
    assert wording.comparisons([]) == ([], "")


def test_a_reference_with_a_minus_of_its_own_stays_whole() -> None:
    """A name is never read back from a sentence."""
    odd = f"{'x' * 70} − y × z"
    assert wording.comparisons([asked("a", "b − c", odd)]) == (["a: b − c"], odd)


@pytest.mark.parametrize(
    ("verdict", "known", "kind", "text"),
    [
        (Verdict("better", nonzero=True), {}, "arm", "better"),
        (Verdict("interaction", nonzero=True), {}, "interaction", "interaction"),
        (Verdict("no difference", 0.01), {}, "arm", "no difference beyond 1.00 points"),
        (Verdict("no difference", 0.01), {}, "interaction", "no interaction beyond 1.00 points"),
        (
            Verdict("no difference", 0.01, nonzero=True),
            {},
            "main",
            "no difference beyond 1.00 points (but reliably not zero)",
        ),
        (Verdict("undecided", more_seeds=3), {}, "arm", "undecided: 3 more seeds"),
        (Verdict("undecided", more_seeds=1), {}, "arm", "undecided: 1 more seed"),
        (Verdict("undecided", more_seeds=2), {"n": 0}, "arm", "undecided: at least 2 more seeds"),
        (Verdict("undecided", more_seeds=1), {"n": 1}, "arm", "undecided: at least 1 more seed"),
        (Verdict("undecided"), {}, "arm", "undecided: more than 1000 more seeds"),
        (Verdict("undecided", needs_data=True), {}, "arm", "undecided: needs more data, not more seeds"),
        (Verdict("diverged"), {"n": 2, "dropped": 3, "diverged": 1}, "arm", "diverged in 1 of 5 seeds"),
    ],
)
def test_a_verdict_in_words(verdict: Verdict, known: dict[str, int], kind: Kind, text: str) -> None:
    judged = Judged(replace(estimate(0.1, 0.0, 0.2), **known), 0.01, verdict, 0.1)  # type: ignore[arg-type]
    assert wording.conclusion(judged, ACCURACY, kind) == text


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict("better", nonzero=True), "better for these data"),
        (Verdict("undecided", more_seeds=3), "undecided for these data: 3 more seeds"),
        (
            Verdict("no difference", 0.01, nonzero=True),
            "no difference beyond 1.00 points for these data (but reliably not zero)",
        ),
        (Verdict("diverged"), "diverged in 0 of 5 seeds"),  # of runs, whatever the data
        (Verdict("failed", reason="no disk"), "failed: no disk"),
    ],
)
def test_a_verdict_says_what_it_is_about(verdict: Verdict, text: str) -> None:
    judged = Judged(estimate(0.1, 0.0, 0.2), 0.01, verdict, 0.1)
    assert wording.conclusion(judged, ACCURACY, about="for these data") == text


def test_intervals_say_how_sure_they_are_and_that_they_go_together() -> None:
    one = Judged(estimate(0.02, 0.01, 0.03), 0.01, Verdict("better"), 0.1)
    three, look = replace(one, family=3), replace(one, alpha=0.0079)
    assert wording.interval_head([one]) == "95 % interval"
    assert wording.interval_head([one], "for these data") == "95 % interval for these data"
    assert wording.interval_head([three] * 3, "for these data") == "95 % intervals for these data, all 3 together"
    assert wording.interval_head([replace(one, family=2)] * 2) == "95 % intervals, both together"
    assert wording.interval_head([look]) == "99.21 % interval"
    assert wording.interval_head([three, replace(look, family=3)]) == "intervals, all 3 together"
    assert wording.effect_interval(ACCURACY, look, [one, look]) == "[1.00, 3.00] (99.21 %)"
    assert wording.effect_interval(ACCURACY, one, [one]) == "[1.00, 3.00]"


def test_the_other_claim_is_said_as_far_as_numbers_say_it() -> None:
    better = Judged(estimate(0.02, 0.01, 0.03), 0.01, Verdict("better"), 0.1)
    undecided = Judged(estimate(0.02, -0.01, 0.05), 0.2, Verdict("undecided", more_seeds=4), 0.1)
    lost = replace(undecided, verdict=Verdict("diverged"))
    seed = replace(undecided, estimate=replace(undecided.estimate, n=1, low=-math.inf, high=math.inf))
    said = [wording.beside(one, better, ACCURACY, "arm", "for these data") for one in (better, undecided, lost, seed)]
    assert said == ["for these data [1.00, 3.00]", "undecided for these data [−1.00, 5.00]", "", ""]


def test_a_confidence_is_never_a_false_100_percent() -> None:
    assert [wording.percent(share) for share in (0.95, 0.9661, 0.999998)] == ["95 %", "96.61 %", "> 99.99 %"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("val/accuracy", 0.9865, "98.65 %"),
        ("accuracy", 0.5, "50.00 %"),
        ("val/miou", 0.3953, "39.53 %"),
        ("val/iou/road", 0.9, "90.00 %"),
        ("val/iou/loss", 0.9, "90.00 %"),  # a class of an unlucky name
        ("val/psnr", 28.416, "28.42"),  # of no metric that is known here
        ("val/own", 0.25, "0.25"),
        ("val/own_share", 0.25, "25.00 %"),
        ("test/macro_f1", None, "–"),
        ("train/loss", 0.214357, "0.2144"),
        ("val/loss", None, "–"),
    ],
)
def test_figures_are_read_as_their_metric_is(name, value, text):
    assert wording.format_figure(name, value, METRICS) == text


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        (Metric("accuracy", True, percent=True), 0.9312, "93.12 %"),
        (Metric("loss", False), 0.21436, "0.2144"),
        (PSNR, 28.416, "28.42 dB"),
        (MODES, 7.0, "7"),  # modes of modes
        (Metric("loss", False), None, "–"),
        (Metric("loss", False), float("nan"), "–"),
    ],
)
def test_levels_read_as_people_write_them(metric, value, text):
    assert wording.level(metric, value) == text


@pytest.mark.parametrize(
    ("percent", "value", "signed", "text"),
    [
        (True, 0.019, True, "+1.90 points"),
        (True, -0.019, True, "−1.90 points"),
        (True, -0.019, False, "1.90 points"),
        (False, -0.012, True, "−0.012"),
        (False, 1e-5, True, "+1e−05"),
        (False, 1e-5, False, "1e−05"),
    ],
)
def test_differences_read_as_people_write_them(percent, value, signed, text):
    assert wording.difference(Metric("m", True, percent=percent), value, signed) == text


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["model.norm", "optimizer.lr"], ["norm", "lr"]),
        (["model.use", "optimizer.use"], ["model", "optimizer"]),
        (["model.dropout", "augment.cutout.dropout"], ["model.dropout", "augment.cutout.dropout"]),
        (["optimizer", "optimizer.lr"], ["optimizer", "lr"]),
        (["model.use", "a.model"], ["model", "a.model"]),
    ],
)
def test_names_are_short_and_differ(paths, names):
    assert list(wording.short_names(paths).values()) == names


VALUES = {
    "true": True, "false": False, "null": None, "0.1": 0.1, "1e-05": 1e-5, "0.1234567": 0.1234567, "1": 1.0, "3": 3,
    "[16, 32]": [16, 32], "{a: 1, b: [x]}": {"a": 1, "b": ["x"]}, "text": "text",
    "sgd(lr=0.1)": {"use": "sgd", "lr": 0.1},
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_values_read_as_people_write_them(text, value):
    assert wording.show(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99.4, "99 s"), (100, "1:40 min"), (3599, "59:59 min"), (4800, "1:20 h"), (90000, "25:00 h")],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert wording.clock(seconds) == text


@given(st.floats(), st.floats())
def test_two_numbers_never_read_the_same(one, other):
    assert (wording.show(one) == wording.show(other)) == (repr(one) == repr(other) or one == other)
