"""What was typed, in torch: an oracle that uses neither NumPy nor our rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from paribus.theory.calculus.draws import Draw
from paribus.theory.expressions.literal import run
from paribus.theory.expressions.reading import Reading


@cache
def _functions() -> dict[str, Callable[..., Any]]:
    import torch

    return {
        "+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div, "**": torch.pow, "@": torch.matmul,
        "neg": torch.neg, "T": lambda x: x.mT if x.ndim == 2 else x, "dot": torch.dot, "outer": torch.outer,
        "diag": torch.diag, "kron": torch.kron, "vec": lambda x: x.mT.reshape(-1),
        "inv": torch.linalg.inv, "det": torch.linalg.det, "logdet": torch.logdet, "tr": torch.trace,
        "norm": torch.linalg.norm, "sum": torch.sum, "mean": torch.mean,
        "softmax": lambda z: torch.softmax(z, 0), "logsumexp": lambda z: torch.logsumexp(z, 0),
        "heaviside": lambda x: (x > 0).to(x.dtype), "ones_like": torch.ones_like,
        **{name: getattr(torch, name) for name in
           ("exp", "log", "tanh", "sigmoid", "relu", "abs", "sin", "cos", "sign", "sqrt", "square")},
    }  # fmt: skip


def jacobian(reading: Reading, draw: Draw, name: str) -> Any:
    """∂F/∂X, shape of F before shape of X, in float64."""
    import torch

    fixed = {key: torch.as_tensor(np.asarray(value, dtype=float)) for key, value in draw.env.items()}

    def function(value: Any) -> Any:
        return torch_value(reading, draw, {**fixed, name: value})

    return torch.autograd.functional.jacobian(function, fixed[name]).numpy()


def torch_value(reading: Reading, draw: Draw, env: dict[str, Any]) -> Any:
    """Value of what was typed."""
    import torch

    def tensor(value: Any, op: str) -> Any:
        return torch.as_tensor(value, dtype=torch.float64)

    found = run(reading, env, draw.sizes, _functions(), tensor)
    return found if reading.expr.shape else found.reshape(())
