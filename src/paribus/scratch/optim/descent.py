"""``descend``: follow a rule over a surface and keep every point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from paribus.scratch.backward import grad
from paribus.scratch.graph import Array
from paribus.scratch.optim.rules import Rule
from paribus.scratch.tensor import Tensor


class Path(NamedTuple):
    """Where a rule went: ``steps + 1`` points and the values there, and the rule's last state."""

    points: Array
    values: Array
    state: tuple[Any, ...]


def descend(function: Callable[[Tensor], Tensor], start: Array, rule: Rule, steps: int = 100) -> Path:
    """Minimise a scalar function of one vector from ``start``, gradients by autograd."""
    x = np.array(start, float)
    state, points, values = rule.init(x), [], []
    for left in reversed(range(steps + 1)):
        point = Tensor(x, requires_grad=True)
        y = function(point)
        points.append(x)
        values.append(y.item())
        if left:
            x, state = rule.update(grad(y, [point])[0], state, x)
    return Path(np.stack(points), np.array(values), state)
