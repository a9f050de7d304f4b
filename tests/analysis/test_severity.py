"""Curves of corrupted pictures, arm beside arm: means, paired differences, and what a page says of them."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from paribus.analysis.corruptions import Corruptions
from paribus.analysis.severity import severity
from paribus.errors import DataError
from paribus.evidence.proportion import proportion
from paribus.plots.corruptions import severities
from paribus.reports.corruptions import severity_page

N, STRENGTHS = 400, (0.0, 0.5, 1.0)
PLAIN = {0: (240, 200, 120), 1: (250, 190, 110), 2: (236, 180, 140)}  # hits by seed and strength
STURDY = {0: (244, 230, 200), 1: (246, 236, 206), 2: (240, 216, 204)}


def record(hits):
    curve = tuple(proportion(hit, N, 0.95) for hit in hits)
    kept = sum(hits[1:]) / (len(hits) - 1) / hits[0]
    return Corruptions("val", N, STRENGTHS, {"shuffle": curve}, {"shuffle": kept}, {"shuffle": ()}, 0.95)


def arms(plain=PLAIN, sturdy=STURDY):
    return {name: {seed: record(hits) for seed, hits in runs.items()} for name, runs in
            (("cnn", plain), ("<vit>", sturdy))}  # fmt: skip


def test_differences_are_paired_by_seed():
    found = severity(arms()).kinds["shuffle"]
    base, other = found["cnn"], found["<vit>"]
    assert base.minus == ()
    assert base.minus_kept is None
    for place in range(3):
        mine, theirs = ([runs[seed][place] / N for seed in runs] for runs in (STURDY, PLAIN))
        sure = stats.ttest_rel(mine, theirs).confidence_interval(0.95)
        assert other.curve[place].value == pytest.approx(sum(mine) / 3)
        assert (other.minus[place].low, other.minus[place].high) == pytest.approx((sure.low, sure.high))
    assert other.minus_kept.value == pytest.approx(other.kept.value - base.kept.value)


def test_splits_that_overlap_make_the_intervals_wider():
    narrow, wide = (severity(arms(), overlap).kinds["shuffle"]["<vit>"].minus[2] for overlap in (0.0, 0.25))
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(math.sqrt((1 / 3 + 0.25) * 3))


def test_only_seeds_of_all_arms_count():
    found = severity(arms(sturdy={seed: STURDY[seed] for seed in (2, 0)}))
    assert found.seeds == 2
    assert found.kinds["shuffle"]["cnn"].curve[0].value == pytest.approx((240 + 236) / 2 / N)
    with pytest.raises(DataError, match=r"two seeds or more.*\n.*cnn: 3; <vit>: 1"):
        severity(arms(sturdy={1: STURDY[1]}))


def test_the_page_shows_both_arms_and_says_what_its_intervals_are_about():
    page = severity_page(severity(arms(), 0.25))
    (section,) = page.sections
    levels, minus = section.tables
    assert [row[1] for row in levels.rows] == ["cnn", "<vit>"]
    assert [row[:3] for row in minus.rows] == [("shuffle", "<vit>", minus.rows[0][2])]
    assert minus.rows[0][2].startswith("+0.33 points [")
    assert "for data like these, of 3 seeds" in section.notes[0]
    picture = section.figure.chart.svg()
    assert "&lt;vit&gt;" in picture
    assert "<vit>" not in picture


def test_bands_stay_within_what_an_accuracy_can_be():
    wild = {0: (390, 10, 400), 1: (400, 300, 0), 2: (380, 0, 200)}
    (panel,) = severities(severity(arms(wild, STURDY))).spec["concat"]
    rows = panel["layer"][0]["data"]["values"]
    assert min(row["low"] for row in rows) == 0
    assert max(row["high"] for row in rows) == 100
