"""How a classifier ends: what stands before the function that makes its probabilities, and what that forbids.

A network whose last numbers cannot be negative says with a sigmoid "yes" to every class, whatever it sees; numbers that
stay between two bounds give with a softmax no class more than some probability. Both train without an error.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from math import exp, inf, log
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from paribus.errors import RecipeError
from paribus.tasks.classification import Classification, final_activation

logger = logging.getLogger(__name__)

RANGES: Mapping[str, tuple[float, float]] = {  # of functions that people put last
    "relu": (0, inf),
    "relu6": (0, 6),
    "softplus": (0, inf),
    "sigmoid": (0, 1),
    "hardsigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    "hardtanh": (-1, 1),
}
WRITTEN = {"relu": "ReLU(z)", "relu6": "ReLU6(z)", "sigmoid": "σ(z)"}  # others as they are called
SAME = frozenset({"dropout", "flatten", "float", "reshape", "squeeze", "to", "view"})  # numbers as they were


def check_ending(task: Any, network: nn.Module, inputs: Any) -> None:
    """Name what a classifier can never learn because of the functions it ends in.

    Args:
        task: of the run; others than classification pass.
        network: a copy that may be run.
        inputs: of an example or more.

    Raises:
        RecipeError: if it can only ever say yes to every class.
    """
    if not isinstance(task, Classification):
        return
    final = final_activation(network)
    functions = last_functions(network.eval(), inputs)
    if final != "none" and functions[:1] == [final]:
        functions = functions[1:]  # what makes the probabilities
    if functions and functions[0] in RANGES:
        judge(functions[0], "sigmoid" if final == "sigmoid" else "softmax", task.num_outputs)


def judge(function: str, normaliser: str, classes: int) -> None:
    """Refuse or name a function right before the one that makes probabilities.

    Args:
        function: one of :data:`RANGES`.
        normaliser: ``softmax``, of the model or within the loss, or ``sigmoid``.
        classes: how many.

    Raises:
        RecipeError: for a sigmoid of what is never negative.
    """
    low, high = RANGES[function]
    inner = WRITTEN.get(function, f"{function}(z)")
    if normaliser == "sigmoid" and low >= 0:
        raise RecipeError(
            f"σ({inner}) is never below ½, since {inner} is never negative: it can only ever say class 1",
            got=f"{function} right before the sigmoid of the output",
            hint=f"leave out the {function}, so that the sigmoid sees numbers of both signs",
        )
    if high < inf:
        most = 1 / (1 + exp(-high)) if normaliser == "sigmoid" else 1 / (1 + (classes - 1) * exp(low - high))
        least = -log(most) * (classes if normaliser == "sigmoid" else 1)
        logger.warning(
            "a %s makes probabilities of %s, which stays within %g and %g: none is above %.3f, and no example's loss "
            "falls below %.2f; give it the numbers before the %s, or call that `final` in the model if it makes them",
            *(normaliser, inner, low, high, most, least, function),
        )
    elif low == 0:
        logger.warning(
            "a softmax makes probabilities of %s, which is never negative: a class whose z is negative gets no "
            "gradient, and is never learned where that holds for all examples; final_activation=none avoids that",
            inner,
        )


def last_functions(network: nn.Module, inputs: Any) -> list[str]:
    """What a network's output went through last, the last function first; nothing where that cannot be followed."""
    heard = _Heard()
    try:
        with torch.no_grad(), heard:
            output = network(inputs)
    except Exception:  # what it cannot do with one example, another check says
        return []
    return heard.behind.get(id(output), [])


class _Heard(TorchFunctionMode):
    """Writes down the functions that a tensor went through, the last one first."""

    def __init__(self) -> None:
        super().__init__()
        self.behind: dict[int, list[str]] = {}  # identity of a tensor → names
        self.kept: list[Tensor] = []  # so that no identity is used twice

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        if isinstance(out, Tensor) and args and isinstance(args[0], Tensor):
            name = getattr(function, "__name__", "").strip("_")  # relu_ changes its input in place
            before = self.behind.get(id(args[0]), [])
            self.behind[id(out)] = before if name in SAME else [name, *before[:2]]
            self.kept.append(out)
        return out
