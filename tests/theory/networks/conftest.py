"""Derivations are tested as a reader would: what is printed is pasted and run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paribus.theory.derivations.derivation import Derivation


def paste(derivation: Derivation, values: dict[str, Any]) -> dict[str, Any]:
    """Run the printed steps on the values; the answers stand under the names of the gradients: dW for W."""
    names: dict[str, Any] = {}
    exec("from paribus.theory.networks.notation import *", names)
    names.update(values)
    for step in derivation.steps:
        if step.rule != "update rule":  # it would change the weights under the next steps
            exec(f"{step.before.text} = {step.after.text}", names)
    for key, formula in derivation.answers.items():
        names[f"d{key}"] = eval(formula.text, names)
    return names


@pytest.fixture
def pasted() -> Callable[[Derivation, dict[str, Any]], dict[str, Any]]:
    return paste


@pytest.fixture(autouse=True)
def all_verified(monkeypatch):
    """Every derivation that a test makes must have been verified, far below the tolerance: all is done in float64."""
    made = Derivation.__init__

    def checked(self, *arguments, **settings):
        made(self, *arguments, **settings)
        assert self.verified
        assert self.max_relative_error < 1e-9

    monkeypatch.setattr(Derivation, "__init__", checked)
