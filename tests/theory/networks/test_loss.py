"""Softmax and cross-entropy against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import softmax_cross_entropy


def test_printed_formulas_equal_torch(pasted):
    found, rng = softmax_cross_entropy(), np.random.default_rng(0)
    for classes in range(2, 12):
        z, y = rng.normal(size=classes) * 3, rng.dirichlet(np.ones(classes))
        leaf = torch.tensor(z, requires_grad=True)
        torch.nn.functional.cross_entropy(leaf, torch.tensor(y)).backward()
        names = pasted(found, {"z": z, "y": y})
        assert names["dz"] == pytest.approx(leaf.grad.numpy(), rel=1e-10, abs=1e-13)
        assert names["J"] == pytest.approx(np.diag(names["p"]) - np.outer(names["p"], names["p"]))


def test_a_class_by_its_number():
    by_number = softmax_cross_entropy([1, 2, 3], target=1)
    assert by_number.tables == softmax_cross_entropy([1, 2, 3], target=[0, 1, 0]).tables


@pytest.mark.parametrize(
    ("scores", "target", "message"),
    [
        ([1.0], 0, "at least two"),
        ([1.0, 2.0], 2, "from 0 to 1"),
        ([1.0, 2.0], 0.5, "from 0 to 1"),
        ([1.0, 2.0], [0.5, 0.6], "sum to 1"),
        ([1.0, 2.0], [1, 0, 0], "2 probabilities"),
        ([1.0, "a"], 0, "numbers"),
    ],
)
def test_targets_that_do_not_fit(scores, target, message):
    with pytest.raises(TheoryError, match=message):
        softmax_cross_entropy(scores, target=target)
