"""The expression in torch: an oracle that uses neither NumPy nor our rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, reduce
from typing import Any

import numpy as np

from paribus.theory.calculus.draws import Draw
from paribus.theory.expressions.evaluate import evaluate
from paribus.theory.expressions.reading import Reading
from paribus.theory.expressions.tree import Expr


@cache
def _functions() -> dict[str, Callable[..., Any]]:
    import torch

    def number(x: Any) -> Any:
        return torch.as_tensor(x, dtype=torch.float64)

    return {
        "add": lambda *terms: reduce(torch.add, terms), "mul": lambda *factors: reduce(torch.mul, factors),
        "matmul": lambda *factors: reduce(torch.matmul, factors), "pow": lambda x, n: torch.pow(number(x), n),
        "matrix_power": lambda x, n: torch.linalg.matrix_power(x, int(n)),
        "T": lambda x: x.mT, "outer": torch.outer, "diag": torch.diag, "diagonal": torch.diag, "kron": torch.kron,
        "vec": lambda x: x.mT.reshape(-1), "inv": torch.linalg.inv, "det": torch.linalg.det, "logdet": torch.logdet,
        "tr": torch.trace, "norm": torch.linalg.norm, "sum": torch.sum, "max": torch.max, "prod": torch.prod,
        "softmax": lambda z: torch.softmax(z, -1), "logsumexp": lambda z: torch.logsumexp(z, -1),
        "heaviside": lambda x: (x > 0).to(torch.float64), "touch": lambda x: (x >= 0).to(torch.float64),
        "spectral": lambda x: torch.linalg.norm(x, 2), "nuclear": lambda x: torch.linalg.norm(x, "nuc"),
        "softplus": lambda x: torch.log1p(torch.exp(x)),
        **{name: (lambda f: lambda x: f(number(x)))(getattr(torch, name)) for name in
           ("exp", "log", "tanh", "sigmoid", "relu", "abs", "sin", "cos", "sign", "cosh", "sinh", "arctan", "arcsin",
            "erf")},
    }  # fmt: skip


def jacobian(reading: Reading, draw: Draw, name: str) -> Any:
    """∂F/∂X, shape of F before shape of X, in float64."""
    import torch

    fixed = {key: torch.as_tensor(np.asarray(value, dtype=float)) for key, value in draw.env.items()}

    def function(value: Any) -> Any:
        return _value(reading.expr, draw, {**fixed, name: value})

    return torch.autograd.functional.jacobian(function, fixed[name]).numpy()


def _value(expr: Expr, draw: Draw, env: dict[str, Any]) -> Any:
    """Value of an expression, whose parts that hold no variable are NumPy's."""
    import torch

    if expr.op == "name":
        return env[expr.value]
    if not expr.names:
        return torch.as_tensor(np.asarray(evaluate(expr, {}, draw.sizes)), dtype=torch.float64)
    args = [_value(arg, draw, env) for arg in expr.args]
    if expr.op == "einsum":
        return torch.einsum(f"{','.join(expr.value[0])}->{expr.value[1]}", *args)
    return _functions()[expr.op](*args)
