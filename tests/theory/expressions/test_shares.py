"""Responsibilities of mixtures: named, equal to the answers that they stand in, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from paribus import derive

MIXTURES = (
    ("log(sum(w * exp(-(x - mu)**2 / (2*s**2))))", "mu s w", {}),
    ("log(w @ exp(z))", "z", {}),
    ("log(sum(w / s * exp(-(t - mu)**2 / (2*s**2))))", "s", {"t": ""}),  # the factors are held after multiplying out
    ("log(a * exp(-(x - m)**2 / 2) + b * exp(-(x - k)**2 / 2))", "m k", {}),
    ("log(w * exp(-(t - u)**2 / 2) + (1 - w) * exp(-(t - v)**2 / 2))", "u v", dict.fromkeys("tuvw", "")),
)


@pytest.mark.parametrize(("text", "wrt", "shapes"), MIXTURES)
def test_responsibilities_stand_for_what_they_say(text, wrt, shapes):
    found, rng = derive(text, wrt, shapes), np.random.default_rng(0)
    assert "r" in found.known
    values = {name: rng.uniform(0.2, 0.9, size=3 if shape else ()) for name, shape in found.shapes.items()}
    space = {name: getattr(np, name) for name in ("exp", "sum", "diag")}
    for name, formula in found.lets.items():
        values[name] = eval(formula.text, space, values)
    for name, formula in found.short.items():
        whole = eval(found.answers[name].text, space, values)
        np.testing.assert_allclose(eval(formula.text, space, values), whole, rtol=1e-12)


def test_they_sum_to_one_and_are_said():
    mixture = derive("log(sum(w * exp(-(x - mu)**2 / (2*s**2))))", "mu")
    assert mixture.lets["r"].text == "w * exp(-0.5 * (x - mu)**2 / s**2) / sum(w * exp(-0.5 * (x - mu)**2 / s**2))"
    assert mixture.short["mu"].text == "r * (x - mu) / s**2"
    assert "(responsibilities: the share of each component in the total)" in str(mixture)
    assert r"\text{responsibilities}" in mixture._repr_latex_()


@pytest.mark.parametrize(
    "text", ["log(sum(exp(z)))", "log(1 + exp(z))", "log(exp(2*z) - exp(z))", "log(sum(w * z))", "log(sum(z**2))"]
)
def test_what_is_no_mixture_has_none(text):
    assert not derive(text, "z").known


def test_a_name_that_is_taken_is_not_given_again():
    assert list(derive("log(r @ exp(z))", "z").known) == ["r1"]
