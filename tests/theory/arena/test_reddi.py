"""Reddi's counterexample."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory import arena


@pytest.mark.parametrize("c", [3.0, 10.0])
def test_H13_reddi_defeats_adam_and_not_amsgrad(c: float) -> None:
    walks = {walk.name: walk for walk in arena.reddi(c, 9000).walks}
    assert walks["Adam"].x[-1] == pytest.approx(1.0)
    assert walks["AMSGrad"].x[-1] < -0.98
    # at x = 1 three steps lose 2(C − 2) against x = −1
    assert walks["Adam"].regret[-1] == pytest.approx(2 * (c - 2) / 3, rel=0.02)
    # AMSGrad's regret falls like 1/√T (Reddi et al., corollary 1): four times the steps, half of it
    longer = {walk.name: walk for walk in arena.reddi(c, 36_000).walks}
    assert longer["AMSGrad"].regret[-1] < 0.6 * walks["AMSGrad"].regret[-1]
    assert longer["Adam"].regret[-1] > 0.95 * walks["Adam"].regret[-1]


def test_reddi_mistakes() -> None:
    for words, said in [((2.0,), "above 2"), ((3.0, 1), "3 to"), ((3.0, 10, 0.0), "above 0")]:
        with pytest.raises(TheoryError, match=said):
            arena.reddi(*words)
