"""The printed module of every textbook expression passes its own test."""

from __future__ import annotations

import contextlib
import io

import pytest
from tests.theory.textbook import ROWS

from paribus.theory.derivations.code import as_code
from paribus.theory.derive import derive

STRUCTURED = [
    ("x.T @ S @ x + logdet(S)", "S", {"symmetric": ["S"]}),
    ("logdet(S) + tr(inv(S) @ A)", "S", {"definite": ["S"]}),
    ("norm(A - L @ L.T)**2", "L", {"lower": ["L"]}),
    ("tr(A @ Q)", "Q", {"orthogonal": ["Q"]}),
    ("tr(I) * sum(x)", "x", {}),
    ("sum(heaviside(x, 0) * x**2)", "x", {}),
    ("y.T @ softmax(z, 0)", "z", {}),
]


def run(code):
    space = {"__name__": "derived"}
    exec(compile(code, "derived.py", "exec"), space)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        space["test"]()
    return printed.getvalue()


@pytest.mark.parametrize("place", range(8))
def test_the_code_of_every_textbook_expression_passes_its_own_test(place):
    for _, wrt, _, _, spellings, *more in ROWS[place::8]:
        shapes = dict(word.split("=") for word in (more[0] if more else "").partition(";")[0].split())
        assert "equal to central differences" in run(as_code(derive(spellings[0], wrt, shapes))), spellings[0]


@pytest.mark.parametrize(("text", "wrt", "forms"), STRUCTURED)
def test_the_code_draws_matrices_of_their_structure(text, wrt, forms):
    assert "equal to central differences" in run(as_code(derive(text, wrt, **forms)))
