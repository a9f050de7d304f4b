"""The rules of the differential: each a line, the differential of a node from those of its operands.

Source: J. Magnus, H. Neudecker, Matrix Differential Calculus with Applications in Statistics and Econometrics,
chapters 8 and 9. ``d`` gives the differential of an operand; that of a constant is zero and takes its terms with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paribus.errors import TheoryError
from paribus.theory.expressions.functions import inner, last, summed, total
from paribus.theory.expressions.functions import sqrt as root
from paribus.theory.expressions.stacks import einsum
from paribus.theory.expressions.sums import add, mul
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import BUILD, Expr, constant, is_zero

inv, tr, outer = BUILD["inv"], BUILD["tr"], BUILD["outer"]
log, sin, cos, softmax = BUILD["log"], BUILD["sin"], BUILD["cos"], BUILD["softmax"]
sign, heaviside = BUILD["sign"], BUILD["heaviside"]
Differential = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Rule:
    """A rule of the differential.

    Args:
        name: as a lecturer calls it.
        apply: (node, d) → its differential.
    """

    name: str
    apply: Callable[[Expr, Differential], Expr]


def each_in_turn(build: Callable[..., Expr]) -> Callable[[Expr, Differential], Expr]:
    """The product rule for any product: each factor varies in turn."""

    def apply(e: Expr, d: Differential) -> Expr:
        turns = [(i, d(arg)) for i, arg in enumerate(e.args)]
        terms = [build(*e.args[:i], dx, *e.args[i + 1 :]) for i, dx in turns if not is_zero(dx)]
        return add(*terms, 0 * e)

    return apply


def power(e: Expr, d: Differential) -> Expr:
    """d(uⁿ) = n uⁿ⁻¹ du, and d(uᵛ) = v uᵛ⁻¹ du + uᵛ log(u) dv."""
    u, v = e.args
    terms = [] if is_zero(d(u)) else [v * u ** (v - 1) * d(u)]
    terms += [] if is_zero(d(v)) else [e * log(u) * d(v)]
    return add(*terms, 0 * e)


def softmax_rule(e: Expr, d: Differential) -> Expr:
    """d(s) = s ∘ (dz - sᵀ dz), for each row of its own."""
    dz = d(e.args[0])
    return e * (dz - (e @ dz if e.rank == 1 else last(summed(e * dz, -1), e.shape)))


def logsumexp_rule(e: Expr, d: Differential) -> Expr:
    """d(log Σ exp z) = sᵀ dz with s = softmax(z), for each row of its own."""
    z, dz = e.args[0], d(e.args[0])
    return softmax(z) @ dz if z.rank == 1 else summed(softmax(z) * dz, -1)


def einsum_rule(e: Expr, d: Differential) -> Expr:
    """The product rule for a sum over indices."""
    return each_in_turn(lambda *args: einsum(e.value, *args))(e, d)


def largest(e: Expr, d: Differential) -> Expr:
    """d(max u) is du where the largest entry stands."""
    u = e.args[0]
    return inner(BUILD["touch"](u - e), d(u))


def spectral(e: Expr, d: Differential) -> Expr:
    """d(σ₁) = u₁ᵀ dX v₁."""
    x = e.args[0]
    return BUILD["u1"](x) @ d(x) @ BUILD["v1"](x)


def never(e: Expr, d: Differential) -> Expr:
    """What has no rule in this notation."""
    raise TheoryError("a second derivative through singular values is not written here", got=text(e))


def gauss(e: Expr, d: Differential) -> Expr:
    """d(erf u) = 2/√π exp(-u²) du."""
    u = e.args[0]
    return 2 / root(constant("pi")) * BUILD["exp"](-(u**2)) * d(u)


def matrix_power(e: Expr, d: Differential) -> Expr:
    """d(Xᵏ) = Σᵣ Xʳ dX Xᵏ⁻¹⁻ʳ."""
    x, k = e.args
    if not is_zero(d(k)):
        raise TheoryError("the exponent of a matrix stands for a whole number, and has no derivative", got=text(e))
    return BUILD["powers"](x, k, d(x))


def powers(e: Expr, d: Differential) -> Expr:
    """Σᵣ Xʳ H Xᵏ⁻¹⁻ʳ, linear in H."""
    x, k, between = e.args
    if not (is_zero(d(k)) and is_zero(d(x))):
        rule = "a second derivative of a matrix raised to a letter is not written here"
        raise TheoryError(rule, got=text(e), hint="write a number for the letter: X^3")
    return BUILD["powers"](x, k, d(between))


def linear(e: Expr, d: Differential) -> Expr:
    """Linear functions: the differential goes inside."""
    return BUILD[e.op](*map(d, e.args))


# fmt: off
RULES: dict[str, Rule] = {
    "add":       Rule("sum rule",                          lambda e, d: add(*map(d, e.args), 0 * e)),
    "mul":       Rule("product rule",                      each_in_turn(mul)),
    "matmul":    Rule("product rule",                      each_in_turn(BUILD["matmul"])),
    "outer":     Rule("product rule",                      each_in_turn(outer)),
    "kron":      Rule("product rule",                      each_in_turn(BUILD["kron"])),
    "pow":       Rule("power rule",                        power),
    "matrix_power": Rule("differential of a matrix power", matrix_power),
    "powers":    Rule("differential of a matrix power",    powers),
    "T":         Rule("differential of a transpose",       linear),
    "tr":        Rule("the trace is linear",               linear),
    "sum":       Rule("the sum is linear",                 linear),
    "diag":      Rule("diag is linear",                    linear),
    "diagonal":  Rule("diag is linear",                    linear),
    "vec":       Rule("vec is linear",                     linear),
    "inv":       Rule("differential of an inverse",        lambda e, d: -e @ d(e.args[0]) @ e),
    "det":       Rule("Jacobi's formula",                  lambda e, d: e * tr(inv(e.args[0]) @ d(e.args[0]))),
    "logdet":    Rule("differential of a log-determinant", lambda e, d: tr(inv(e.args[0]) @ d(e.args[0]))),
    "norm":      Rule("differential of a norm",            lambda e, d: inner(e.args[0], d(e.args[0])) / e),
    "softmax":   Rule("differential of softmax",           softmax_rule),
    "logsumexp": Rule("differential of logsumexp",         logsumexp_rule),
    "einsum":    Rule("product rule",                      einsum_rule),
    "max":       Rule("differential of the largest entry", largest),
    "prod":      Rule("differential of a product",         lambda e, d: e * total(d(e.args[0]) / e.args[0])),
    "spectral":  Rule("differential of the spectral norm", spectral),
    "nuclear":   Rule("differential of the nuclear norm",  lambda e, d: inner(BUILD["polar"](e.args[0]), d(e.args[0]))),
    **dict.fromkeys(["u1", "v1", "polar"], Rule("singular vectors", never)),
    "exp":       Rule("chain rule, elementwise",           lambda e, d: e * d(e.args[0])),
    "log":       Rule("chain rule, elementwise",           lambda e, d: d(e.args[0]) / e.args[0]),
    "tanh":      Rule("chain rule, elementwise",           lambda e, d: (1 - e**2) * d(e.args[0])),
    "sigmoid":   Rule("chain rule, elementwise",           lambda e, d: e * (1 - e) * d(e.args[0])),
    "sin":       Rule("chain rule, elementwise",           lambda e, d: cos(e.args[0]) * d(e.args[0])),
    "cos":       Rule("chain rule, elementwise",           lambda e, d: -sin(e.args[0]) * d(e.args[0])),
    "cosh":      Rule("chain rule, elementwise",           lambda e, d: BUILD["sinh"](e.args[0]) * d(e.args[0])),
    "sinh":      Rule("chain rule, elementwise",           lambda e, d: BUILD["cosh"](e.args[0]) * d(e.args[0])),
    "arctan":    Rule("chain rule, elementwise",           lambda e, d: d(e.args[0]) / (1 + e.args[0] ** 2)),
    "arcsin":    Rule("chain rule, elementwise",           lambda e, d: d(e.args[0]) / root(1 - e.args[0] ** 2)),
    "erf":       Rule("chain rule, elementwise",           gauss),
    "softplus":  Rule("chain rule, elementwise",           lambda e, d: BUILD["sigmoid"](e.args[0]) * d(e.args[0])),
    "touch":     Rule("constant between its jumps",        lambda e, d: 0 * e),
    "relu":      Rule("chain rule, elementwise",           lambda e, d: heaviside(e.args[0]) * d(e.args[0])),
    "abs":       Rule("chain rule, elementwise",           lambda e, d: sign(e.args[0]) * d(e.args[0])),
    "sign":      Rule("constant between its jumps",        lambda e, d: 0 * e),
    "heaviside": Rule("constant between its jumps",        lambda e, d: 0 * e),
}
# fmt: on
