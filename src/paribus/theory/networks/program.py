"""Programs: formulas as lines that run, and the proof of each line before anybody sees it.

A derivation is written as two short programs in NumPy notation. ``forward`` computes the loss from the inputs,
``backward`` the gradients, and every line of both is one assignment. What is printed is what was run: each backward
line is evaluated at random values and compared with the derivative of the forward program by complex steps, which knows
nothing of any rule of calculus.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.theory.derivations.differences import complex_step, jacobian
from paribus.theory.networks.notation import WORDS

Array = NDArray[Any]
Values = dict[str, Any]
WORLD = {"__builtins__": {}, **WORDS}  # all that a formula can see besides its own names


@dataclass(frozen=True)
class Line:
    """One line of a program: ``name = text``.

    Args:
        name: what is computed; what follows a ``'`` only tells lines of the same name apart, and is not printed.
        text: how, in the words of :mod:`paribus.theory.networks.notation`.
        rule: the rule by which it holds.
        check: what it must equal in a trial; None for a definition.
        note: one more sentence for the reader.
        latex: the right-hand side in print, where it is not just ``text`` transcribed.
        left: the left-hand side in print, where it is not just ``name``.
        shown: whether readers see the line.
    """

    name: str
    text: str
    rule: str = "forward pass"
    check: Check | None = None
    note: str = ""
    latex: str = ""
    left: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Program:
    """A forward and a backward program, and how to put them to the test.

    Args:
        forward: from the inputs to the loss.
        backward: the gradients.
        draw: random inputs, of random sizes where sizes are open.
        reference: the forward pass again by other means; what it returns is compared by name.
        symbols: LaTeX of names that do not simply print as they are.
    """

    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    draw: Callable[[np.random.Generator], Values]
    reference: Callable[[Values], Mapping[str, Any]] = field(default=lambda values: {})
    symbols: Mapping[str, str] = field(default_factory=dict)


class Trial:
    """One draw: the inputs, all lines run on them, and derivatives of the forward pass by complex steps."""

    def __init__(self, program: Program, inputs: Values) -> None:
        self.program = program
        self.inputs = inputs
        self.values = run((*program.forward, *program.backward), inputs)
        self._known: dict[tuple[str, str, str], Array] = {}

    def derivative(self, of: str, output: str = "L", at: str = "") -> Array:
        """∂output/∂of, shape of the output before shape of the variable; the gradient's shape is the variable's.

        Args:
            of: an input, or what a forward line computes.
            output: what a forward line computes.
            at: count only what reaches the output through ``of`` as this line reads it.
        """
        if (of, output, at) not in self._known:
            found = jacobian(lambda value: self._rerun(of, value, at)[output], self.values[of], complex_step)
            self._known[of, output, at] = found
        return self._known[of, output, at]

    def _rerun(self, of: str, value: Any, at: str) -> Values:
        """The forward pass with one value replaced."""
        names = [line.name for line in self.program.forward]
        after = self.program.forward[names.index(of) + 1 if of in names else 0 :]
        if not at:
            return run(after, {**self.values, of: value})
        place = names.index(at)
        read = evaluate(self.program.forward[place].text, {**self.values, of: value})
        return run(self.program.forward[place + 1 :], {**self.values, at: read})


Check = Callable[[Trial], Any]


def gradient(of: str, output: str = "L", at: str = "") -> Check:
    """The line is ∂output/∂of."""
    return lambda trial: trial.derivative(of, output, at)


def updated(of: str) -> Check:
    """The line is the variable after one step of gradient descent."""
    return lambda trial: trial.values[of] - trial.values["eta"] * trial.derivative(of)


def run(lines: tuple[Line, ...], inputs: Values) -> Values:
    """Inputs and everything that the lines compute from them."""
    values = dict(inputs)
    with np.errstate(all="ignore"):  # what overflows is refused where errors are judged
        for line in lines:
            values[line.name] = evaluate(line.text, values)
    return values


def evaluate(text: str, values: Values) -> Any:
    """A formula's value, as if it had been pasted."""
    return eval(_code(text), WORLD, values)


@lru_cache(maxsize=4096)
def _code(text: str) -> CodeType:
    return compile(ast.parse(text, mode="eval"), "<formula>", "eval")
