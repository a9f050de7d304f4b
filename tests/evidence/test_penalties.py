"""N13: ridge and lasso on the same data are told apart by their zeros, and what cannot be said is left undecided."""

from __future__ import annotations

import csv
import io
from collections import Counter

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from paribus.errors import ParibusError
from paribus.evidence.penalties import penalties_of, penalty_of


def fits(weights: int, sparse: bool, seed: int) -> dict[str, np.ndarray]:
    """Both penalties on the same data: correlated inputs, true weights that are mostly 0 or not at all."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(3 * weights, weights)) @ (np.eye(weights) + 0.3 * random.normal(size=(weights, weights)))
    true = random.normal(size=weights) * (random.random(weights) < (0.3 if sparse else 1))
    y = x @ true + random.normal(size=3 * weights)
    return {"L2": Ridge(10).fit(x, y).coef_, "L1": Lasso(0.3, max_iter=20_000).fit(x, y).coef_}


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("weights", [8, 40])
def test_n13_known_fits(weights, sparse):
    """100 fits of each: ridge is never taken for L1; with 40 weights nearly all are decided, with 8 few of ridge's."""
    found = {"L1": Counter(), "L2": Counter()}
    for seed in range(100):
        for penalty, fitted in fits(weights, sparse, seed).items():
            found[penalty][penalty_of(list(fitted)).word] += 1
    assert found["L2"]["L1"] == 0
    assert found["L1"]["L2"] == 0
    assert found["L1"]["L1"] >= 80
    if weights == 40:
        assert found["L2"]["L2"] >= 80


def test_n13_rows_of_a_file_with_two_decimals():
    """A 0.00 among numbers of two decimals may be rounding; many of them cannot."""
    table = """0.00,0.00,3.10,0.00,0.00,-1.70,0.00,0.40
0.62,-0.48,0.55,0.31,-0.70,0.44,-0.38,0.59
0.02,0.01,3.05,-0.04,0.03,-1.60,0.05,0.35
0.00,0.01,1.00,0.01,-0.02,0.02,0.01,-0.01"""
    said = penalties_of(list(csv.reader(io.StringIO(table))))
    assert [one.word for one in said] == ["L1", "undecided", "L2", "undecided"]
    assert said[1].leaning == ""  # nothing is near 0, so neither would show there
    assert (said[0].zeros, said[3].zeros, said[3].leaning) == (5, 1, "L2")
    assert "5 of 8 weights are 0" in str(said[0])


def test_size_and_order_do_not_matter():
    weights = [0.0, 0.0, 1.5, -0.2, 0.0, 0.7, 2.0]
    words = {penalty_of([scale * it for it in weights][::way]).smooth for scale in (1, 1e-3) for way in (1, -1)}
    assert len({round(np.log10(it), 6) for it in words}) == 1


def test_mistakes_are_explained():
    assert penalty_of([0.0, 0.0, 0.0]).word == "undecided"
    for given in ([1.0], [1.0, float("nan")]):
        with pytest.raises(ParibusError, match="two weights or more"):
            penalty_of(given)
