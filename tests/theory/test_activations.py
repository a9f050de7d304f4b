"""Activation sheets: torch, formulas evaluated as they are printed, saturation in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import erf, expit

from paribus.errors import TheoryError
from paribus.theory.activations import ACTIVATIONS, activation, overview, sheet, sheets, through_depth

F = torch.nn.functional
THEIRS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": lambda x: F.softplus(x, threshold=1e9),  # torch's cuts off at 20 by default
    "softsign": F.softsign,
    "hardtanh": F.hardtanh,
    "mish": lambda x: x * torch.tanh(F.softplus(x, threshold=1e9)),
    "identity": lambda x: x * 1,
}
X = np.concatenate([np.linspace(-12, 12, 2_401) + 1e-4, [-700.0, -50.0, -1.0, 0.0, 1.0, 50.0, 700.0]])


def test_every_activation_has_a_twin():
    assert set(THEIRS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", THEIRS)
def test_H19_values_and_derivatives_are_those_of_torch(name):
    x = torch.tensor(X, requires_grad=True)
    y = THEIRS[name](x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    ours = ACTIVATIONS[name]
    np.testing.assert_allclose(ours.value(X), y.detach().numpy(), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(ours.slope(X), slope.numpy(), rtol=1e-7, atol=1e-12)  # torch: 1 − tanh² loses digits


NAMES = {
    **{name: getattr(np, name) for name in ["exp", "log", "tanh", "sqrt", "abs", "where", "maximum", "clip", "pi"]},
    "erf": erf,
    "sigmoid": expit,
    "softplus": lambda x: np.logaddexp(0, x),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_H19_printed_formulas_can_be_pasted(name):
    f, x = ACTIVATIONS[name], np.linspace(-4, 4, 400)  # no kink among these
    y = eval(f.formula.text, {}, {**NAMES, "x": x})
    slope = eval(f.derivative.text, {}, {**NAMES, "x": x, "y": y})
    np.testing.assert_allclose(y, f.value(x), rtol=1e-4, atol=1e-12)  # selu's constants are printed with 5 digits
    np.testing.assert_allclose(slope + 0 * x, f.slope(x), rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_H19_sheets_are_verified(name):
    found = sheet(name)
    assert found.verified
    x, y = (np.array([row[i] for row in found.values.rows]) for i in (0, 1))
    np.testing.assert_allclose(y, THEIRS[name](torch.tensor(x)).numpy(), rtol=1e-12, atol=1e-15)


def test_a_wrong_claim_is_not_shown(monkeypatch):
    from dataclasses import replace

    for wrong in ({"lipschitz": 0.3}, {"high": 0.9}, {"slope": lambda x: np.exp(-x * x) / 4}):
        monkeypatch.setitem(ACTIVATIONS, "sigmoid", replace(activation("sigmoid"), **wrong))
        with pytest.raises(TheoryError, match="verified"):
            sheet("sigmoid")
        monkeypatch.undo()


# where |f′| = 0.01, solved by hand
FLAT = {
    "sigmoid": [(-math.inf, -2 * math.atanh(math.sqrt(0.96))), (2 * math.atanh(math.sqrt(0.96)), math.inf)],
    "tanh": [(-math.inf, -math.atanh(math.sqrt(0.99))), (math.atanh(math.sqrt(0.99)), math.inf)],
    "relu": [(-math.inf, 0.0)],
    "leaky relu": [],
    "elu": [(-math.inf, math.log(0.01))],
    "selu": [(-math.inf, math.log(0.01 / (1.0507009873554805 * 1.6732632423543772)))],
    "softplus": [(-math.inf, math.log(0.01 / 0.99))],
    "softsign": [(-math.inf, -9.0), (9.0, math.inf)],
    "hardtanh": [(-math.inf, -1.0), (1.0, math.inf)],
    "identity": [],
}


@pytest.mark.parametrize("name", FLAT)
def test_H19_saturation_is_where_the_closed_form_says(name):
    np.testing.assert_allclose(
        np.array(sheet(name).saturation).reshape(-1, 2), np.array(FLAT[name]).reshape(-1, 2), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("name", ["gelu", "silu", "mish"])
def test_H19_those_with_a_dip_are_flat_around_it_too(name):
    f, found = ACTIVATIONS[name], sheet(name).saturation
    assert len(found) == 2
    (start, end) = found[1]
    inside, outside = np.linspace(start, end, 50)[1:-1], np.array([start - 1e-6, end + 1e-6])
    assert (np.abs(f.slope(inside)) < 0.01).all()
    assert (np.abs(f.slope(outside)) > 0.01).all()
    assert f.value(inside).min() == pytest.approx(f.low, abs=1e-6)


def test_H19_lipschitz_constants_in_closed_form():
    root = math.sqrt(2)  # gelu″ = φ(x)(2 − x²)
    bell = math.exp(-1) / math.sqrt(2 * math.pi)
    assert activation("gelu").lipschitz == pytest.approx((1 + math.erf(1)) / 2 + root * bell, rel=1e-11)
    assert activation("sigmoid").lipschitz == 0.25


def test_H19_zero_centred_are_the_odd_ones_and_selu():
    assert {s.activation.name for s in sheets() if s.centred} == {
        "tanh", "softsign", "hardtanh", "identity", "selu"
    }  # fmt: skip
    assert sheet("relu").mean == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-6)  # error h² at the kink
    assert sheet("sigmoid").mean == pytest.approx(0.5)


def test_names_and_aliases():
    assert activation("swish") is activation("SiLU")
    assert activation("leaky_relu").name == "leaky relu"
    with pytest.raises(TheoryError, match="'relu'"):
        activation("rleu")


def test_overview_has_a_row_for_each():
    assert [row[0] for row in overview(sheets()).rows] == list(ACTIVATIONS)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "gelu"])
def test_H19_gradients_through_depth_are_those_of_torch(name):
    """The same random net in torch, its gradients by autograd."""
    depth, width, seed = 6, 16, 3
    found = through_depth(name, depth, width, gain=1.3, seed=seed)
    rng = np.random.default_rng(seed)
    weights = [torch.tensor(rng.normal(size=(width, width)) * 1.3 / width**0.5) for _ in range(depth)]
    h = [torch.tensor(rng.normal(size=(64, width)), requires_grad=True)]
    for W in weights:
        h.append(THEIRS[name](h[-1] @ W))
    g = torch.tensor(rng.normal(size=(64, width)))
    gradients = torch.autograd.grad(h[-1], h[:-1], g)
    np.testing.assert_allclose(found.gradient, [float(x.norm() / g.norm()) for x in gradients[::-1]], rtol=1e-9)
    assert all(a <= b * (1 + 1e-12) for a, b in zip(found.gradient, found.bound, strict=True))


def test_H19_sigmoid_vanishes_where_relu_does_not():
    sigmoid, relu = through_depth("sigmoid"), through_depth("relu")
    assert sigmoid.gradient[-1] < 0.25**30 * 10  # its slope is at most ¼
    assert 0.1 < relu.gradient[-1] < 10
    assert sigmoid.product[-1] <= 0.25**30
    assert [row[0] for row in relu.table(every=10).rows] == [1, 10, 20, 30]
    last = relu.table(every=10).rows[-1][1:]
    assert last == tuple(f"{x[-1]:.1e}" for x in (relu.product, relu.gradient, relu.bound))
    with pytest.raises(TheoryError, match="at least one layer"):
        through_depth("relu", depth=0)
