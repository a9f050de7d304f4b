"""Answers are held against three oracles that know nothing of each other."""

from __future__ import annotations

import pytest

from paribus.theory.derive import derive


@pytest.mark.parametrize("oracle", ["complex", "fd", "torch"])
def test_H1_the_oracles_agree(oracle):
    derivation = derive(
        "logdet(eye(n) + A.T @ diag(exp(y)) @ A) + norm(x - A @ softmax(z))", ["A", "y", "z"], oracle=oracle
    )
    limit = 1e-8 if oracle == "fd" else 1e-12  # differences lose digits to cancellation, the others do not
    assert derivation.max_relative_error < limit
