"""The core of all proofs: what is right stands, what is wrong is refused."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.errors import TheoryError
from paribus.theory.derivations.proof import Claim, Proof, relative_error


def test_relative_errors():
    assert relative_error([1.0, 2.0], [1.0, 2.0]) == 0
    assert relative_error([1.0, 2.0 + 2e-9], [1.0, 2.0]) == pytest.approx(1e-9)
    assert relative_error([0.0], [1e-17]) < 1e-8
    assert relative_error([1.0], [1.0, 1.0]) == relative_error([np.nan], [1.0]) == float("inf")


def test_a_claim_must_hold_at_every_draw():
    proof = Proof([Claim("square", "x * x = x**2", lambda x: (x * x, x**2)), Claim("wrong", "x = 1", lambda x: (x, 1))])
    proof.at(1.0)
    proof.require()
    proof.at(1.0 + 1e-5)
    assert proof.errors == [0, pytest.approx(1e-5, rel=1e-3)]
    with pytest.raises(TheoryError, match=r"the check of 'wrong' failed .* nothing is shown") as error:
        proof.require()
    assert error.value.got == "x = 1"


def test_a_draw_at_which_something_is_not_defined_counts_for_nothing():
    proof = Proof([Claim("", "", lambda x: (x, 2 * x)), Claim("", "", lambda x: (1 / x, 1 / x))])
    with pytest.raises(ZeroDivisionError):
        proof.at(0)
    proof.require()
    assert proof.error == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(value):
    proof = Proof([Claim("", "", lambda x: (x, x))])
    proof.at(value)
    with pytest.raises(TheoryError):
        proof.require()
