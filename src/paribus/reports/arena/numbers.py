"""Numbers, points and formulas of the arena as they are written."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from paribus.theory.arena import Check

GREEK = {
    "beta1": "β₁",
    "beta2": "β₂",
    "alpha": "α",
    "eps": "ε",
    "mu": "μ",
    "nu": "μ′",
    "psi": "ψ",
    "decay": "λ",
    "m_hat": "m̂",
    "v_hat": "v̂",
    "w_hat": "ŵ",
}


def proof(checked: Check) -> str:
    """What was verified, in one line."""
    where = f" with a value (in {checked.empty:.0%} of the domain there is none)" if checked.empty else ""
    return (
        f"verified at {checked.points} random points{where}: gradient = autograd to {error(checked.autograd)}, "
        f"= differences to {error(checked.differences)}; Hessian = differences to {error(checked.hessian)}"
    )


def error(value: float) -> str:
    """A relative error."""
    return f"{value:.0e}".replace("-", "−") if value else "the last bit"


def pretty(text: str) -> str:
    """A formula with the letters of the field."""
    for name in sorted(GREEK, key=len, reverse=True):
        text = text.replace(name, GREEK[name])
    text = re.sub(r"sqrt\((\w+\u0302?)\)", r"√\1", text)
    return text.replace("**2", "²").replace("**", "^").replace("*", "·").replace("sqrt(", "√(").replace("-", "−")


def number(value: float | None) -> str:
    """A value in six digits at most."""
    if value is None or math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value + 0.0:.6g}".replace("-", "−")


def point(x: Sequence[float], digits: int = 5) -> str:
    """A point as it is written."""
    shown = ", ".join(f"{v + 0.0:.{digits}g}" for v in list(x)[:6])
    return f"({shown}{', …' if len(x) > 6 else ''})".replace("-", "−")


def listed(values: Sequence[float], digits: int = 6) -> str:
    """Up to nine numbers with commas between."""
    shown = ", ".join(f"{value + 0.0:.{digits}g}" for value in list(values)[:9])
    return (shown + (", …" if len(values) > 9 else "")).replace("-", "−")
