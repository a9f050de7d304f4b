"""Text, LaTeX and data of a derivation hold all of it."""

from __future__ import annotations

from paribus.theory.derivations.data import as_dict
from paribus.theory.derivations.latex import as_latex
from paribus.theory.derive import derive


def test_renderings_hold_every_step_and_answer():
    derivation = derive("sum((W @ x - y)**2)", "W")
    data = as_dict(derivation)
    assert data["gradient"] == "2 * outer(W @ x - y, x)"
    assert data["verified"] is True
    assert {"rule", "before", "after", "max_relative_error"} <= set(data["steps"][0])
    assert as_latex(derivation).count("\\begin{align*}") == 2
    assert all(step.rule in str(derivation) for step in derivation.steps)
    assert "verified" in str(derivation)
