"""The simulations of looks and winners themselves."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.evidence import at_every_look, mean_interval, rates
from paribus.evidence.sequential import alpha_at


def test_rejections_are_those_of_the_intervals():
    drawn = np.random.default_rng(0).normal(0.6, 1, (30, 12)).round(1)
    by_hand = [
        any(
            not found.low <= 0 <= found.high for n in range(2, 13) if (found := at_every_look(mean_interval(study[:n])))
        )
        for study in drawn
    ]
    assert rates.ever_rejected(drawn, [12]) == [pytest.approx(np.mean(by_hand))]
    assert 0 < sum(by_hand) < 30


def test_widths_are_those_of_the_intervals():
    values = np.random.default_rng(1).normal(size=10)
    found = mean_interval(values)
    half = [(wide.high - wide.low) / 2 / found.sd for wide in (found, at_every_look(found))]
    level = alpha_at(rates.PLANNED, 20)[2]
    looked = found.at(1 - level)
    known = rates.widths()
    assert [known["planned end"][2], known["every look"][2]] == pytest.approx(half)
    assert known["planned looks"][2] == pytest.approx((looked.high - looked.low) / 2 / found.sd)


def test_seeds_of_one_study_share_a_shift():
    rng = np.random.default_rng(2)
    drawn = rates.shared(rng.normal(size=(4000, 5)), 0.5, rng)
    correlation = np.corrcoef(drawn.T)[0, 1]
    assert correlation == pytest.approx(0.5 / 1.5, abs=0.05)


def test_every_table_is_printed(capsys):
    rates.main(studies=40)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith(("true mean", "ridge", "half width", "truth"))] != []
    assert sum(line.startswith(("equal", "spread")) for line in lines) == 27
