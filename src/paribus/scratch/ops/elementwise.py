"""Operations that act on each number by itself: value on the left, derivative on the right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paribus.scratch.graph import Primitive, array_of, primitive

_erf = np.vectorize(math.erf, otypes=[float])  # NumPy has none; slow, but exact


def _ahead(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, ½ where they meet: a symmetric choice of subgradient."""
    a, b = array_of(a), array_of(b)
    return np.where(a == b, 0.5, a > b).astype(np.result_type(a, b))


def _less_one(p: Any) -> Any:
    """p − 1, but 1 where p = 0: there 0·xᵖ⁻¹ must be 0, also at x = 0."""
    return p - 1 if np.all(array_of(p) != 0) else np.where(array_of(p) == 0, 1, array_of(p) - 1)


def _log_of(a: Any, b: Any) -> Any:
    """log a, but 0 where a = 0 and b ≥ 0: there aᵇ does not change with b, as 0ᵇ = 0; at 0⁰ a choice."""
    still = (array_of(a) == 0) & (array_of(b) >= 0)
    return log(where(still, 1.0, a) if np.any(still) else a)


# fmt: off
add      = primitive("add", np.add,             lambda g, y, a, b: g,      lambda g, y, a, b: g)
subtract = primitive("subtract", np.subtract,   lambda g, y, a, b: g,      lambda g, y, a, b: -g)
multiply = primitive("multiply", np.multiply,   lambda g, y, a, b: g * b,  lambda g, y, a, b: g * a)
divide   = primitive("divide", np.true_divide,  lambda g, y, a, b: g / b,  lambda g, y, a, b: -g * y / b)
power    = primitive("power", np.power,         lambda g, y, a, b: g * b * a ** _less_one(b),
                                                lambda g, y, a, b: g * y * _log_of(a, b))
maximum  = primitive("maximum", np.maximum,     lambda g, y, a, b: g * _ahead(a, b),
                                                lambda g, y, a, b: g * _ahead(b, a))
minimum  = primitive("minimum", np.minimum,     lambda g, y, a, b: g * _ahead(b, a),
                                                lambda g, y, a, b: g * _ahead(a, b))
where: Primitive = primitive("where", np.where, None, lambda g, y, c, a, b: where(c, g, 0.0),
                                                lambda g, y, c, a, b: where(c, 0.0, g))

negative = primitive("negative", np.negative,   lambda g, y, x: -g)
exp      = primitive("exp", np.exp,             lambda g, y, x: g * y)
log: Primitive = primitive("log", np.log,       lambda g, y, x: g / x)
log1p    = primitive("log1p", np.log1p,         lambda g, y, x: g / (1 + x))
sqrt     = primitive("sqrt", np.sqrt,           lambda g, y, x: g / (2 * y))
absolute = primitive("absolute", np.abs,        lambda g, y, x: g * np.sign(array_of(x)))
sin      = primitive("sin", np.sin,             lambda g, y, x: g * cos(x))
cos: Primitive = primitive("cos", np.cos,       lambda g, y, x: -g * sin(x))
tanh     = primitive("tanh", np.tanh,           lambda g, y, x: g * (1 - y * y))
sigmoid  = primitive("sigmoid", lambda x: (np.tanh(x / 2) + 1) / 2,         # 1 / (1 + e⁻ˣ), without overflow
                                                lambda g, y, x: g * y * (1 - y))
softplus = primitive("softplus", lambda x: np.logaddexp(x, 0 * x),          # log(1 + eˣ), without overflow
                                                lambda g, y, x: g * sigmoid(x))
erf      = primitive("erf", lambda x: _erf(x).astype(x.dtype),              # 2/√π ∫₀ˣ e^(−t²) dt
                                                lambda g, y, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x))
relu     = primitive("relu", lambda x: np.maximum(x, 0),                    # at 0 the derivative is 0
                                                lambda g, y, x: g * (y > 0))
clip     = primitive("clip", lambda x, low, high: np.clip(x, low, high),
                                                lambda g, y, x, low, high: g * ((x >= low) & (x <= high)))
leaky    = primitive("leaky relu", lambda x, slope: np.where(x > 0, x, slope * x),
                                                lambda g, y, x, slope: where(x > 0, g, slope * g))
elu      = primitive("elu", lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
                                                lambda g, y, x, alpha: where(x > 0, g, g * (y + alpha)))
# fmt: on
