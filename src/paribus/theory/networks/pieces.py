"""Activations and losses of fully connected nets: each with its derivative, as text in terms of z and h.

With h = φ(z), ŷ the output, y the target and n outputs:
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from paribus.errors import TheoryError, nearest


@dataclass(frozen=True)
class Activation:
    """φ and φ′, where ``{z}`` is what goes in and ``{h}`` what comes out; an empty slope is 1."""

    value: str
    slope: str


@dataclass(frozen=True)
class Loss:
    """L of all outputs, ∂L/∂ŷᵢ of one; ``{p}``, ``{y}`` prediction and target, ``{n}`` the number of outputs.

    ``times`` is ŷᵢ ∂L/∂ŷᵢ where the product cancels: what sigmoid and softmax, whose slopes have a factor ŷ, need.
    """

    value: str
    slope: str
    times: str = ""


# fmt: off
ACTIVATIONS = {
    "identity": Activation("{z}",            ""),
    "tanh":     Activation("tanh({z})",      "(1 - {h}**2)"),
    "sigmoid":  Activation("sigmoid({z})",   "{h} * (1 - {h})"),
    "relu":     Activation("relu({z})",      "({z} > 0)"),
    "softplus": Activation("softplus({z})",  "sigmoid({z})"),
    "leaky-relu": Activation("leaky({z})",   "(0.01 + 0.99 * ({z} > 0))"),
    "elu":      Activation("elu({z})",       "(({z} > 0) + ({z} <= 0) * ({h} + 1))"),
    "silu":     Activation("{z} * sigmoid({z})", "(sigmoid({z}) + {h} * (1 - sigmoid({z})))"),
    "gelu":     Activation("{z} * Phi({z})", "(Phi({z}) + {z} * normal({z}))"),
    "sin":      Activation("sin({z})",       "cos({z})"),
}
SOFTMAX = Activation("softmax({z})", "diag({h}) - outer({h}, {h})")  # outputs only: each depends on every z
LOSSES = {
    "mse":           Loss("sum(({p} - {y})**2) / {n}",      "2 / {n} * ({p} - {y})"),
    "half-mse":      Loss("sum(({p} - {y})**2) / 2",        "({p} - {y})"),
    "bce":           Loss("-sum({y} * log({p}) + (1 - {y}) * log(1 - {p})) / {n}",
                          "({p} - {y}) / ({p} * (1 - {p})) / {n}", "({p} - {y}) / (1 - {p}) / {n}"),
    "cross-entropy": Loss("-sum({y} * log({p}))",           "-{y} / {p}", "-{y}"),
}
# fmt: on
MOST = 2000  # parameters: every one of them is varied in the proof
LOGARITHMIC = ("bce", "cross-entropy")
PROBABILITIES = ("sigmoid", "softmax")


@dataclass(frozen=True)
class Net:
    """A fully connected net: widths from input to output, activations, loss, biases or not."""

    widths: tuple[int, ...]
    hidden: str
    output: str
    loss: str
    bias: bool

    @property
    def depth(self) -> int:
        """Number of weight matrices."""
        return len(self.widths) - 1

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(b * (a + self.bias) for a, b in pairwise(self.widths))

    def activation(self, layer: int) -> str:
        """The activation's name of a layer, counted from 1."""
        return self.output if layer == self.depth else self.hidden


def parse_net(text: str, hidden: str, output: str, loss: str, bias: bool) -> Net:
    """``"2-2-1"`` with its activations and its loss.

    Raises:
        TheoryError: no such net, activation or loss, or a loss that does not fit the output.
    """
    _known("activation", hidden, ACTIVATIONS, "--hidden")
    _known("output activation", output, {**ACTIVATIONS, "softmax": SOFTMAX}, "--output")
    _known("loss", loss, LOSSES, "--loss")
    if loss in LOGARITHMIC and output not in PROBABILITIES:
        rule = f"{loss} takes the logarithm of the outputs, which must lie between 0 and 1"
        raise TheoryError(rule, got=f"--output {output}", hint="use --output sigmoid or softmax, or --loss mse")
    net = Net(_widths(text), hidden, output, loss, bias)
    if output == "softmax" and net.widths[-1] == 1:
        raise TheoryError("softmax of one output is always 1", got=text, hint="use --output sigmoid, or two outputs")
    if net.parameters > MOST:
        raise TheoryError(f"by hand a network has at most {MOST} parameters", got=f"{text}: {net.parameters}")
    return net


def activation(name: str) -> Activation:
    """An activation of hidden units by its name.

    Raises:
        TheoryError: no such activation.
    """
    _known("activation", name, ACTIVATIONS, "--hidden")
    return ACTIVATIONS[name]


def _known(what: str, name: str, table: dict[str, Activation] | dict[str, Loss], option: str) -> None:
    if name not in table:
        raise TheoryError(f"there is no such {what}", got=name, hint=f"{option}: {nearest(name, table)}")


def _widths(text: str) -> tuple[int, ...]:
    try:
        widths = tuple(int(word) for word in text.split("-"))
    except ValueError:
        widths = ()
    if len(widths) < 2 or min(widths) < 1:
        rule = "a network is written as its widths, from the inputs to the outputs, at least 1 each"
        raise TheoryError(rule, got=text, hint='for example "2-2-1": two inputs, two hidden units, one output')
    return widths
