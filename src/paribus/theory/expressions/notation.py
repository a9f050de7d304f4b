"""The functions of the notation: their names, how many arguments they take, and what shapes they ask for and give.

In a signature "v" is a vector of some size, "w" another one, "s" a square matrix, "m" any matrix, "x" anything,
"1" a scalar; equal letters mean equal shapes.
"""

from __future__ import annotations

from collections.abc import Callable

from paribus.theory.expressions import functions, products
from paribus.theory.expressions.tree import BUILD, Expr, ones

# name: (what it takes and gives, how it is built)
FUNCTIONS: dict[str, tuple[str, Callable[..., Expr]]] = {
    "tr": ("s -> 1", functions.tr),
    "det": ("s -> 1", functions.det),
    "logdet": ("s -> 1", functions.logdet),
    "inv": ("s -> s", products.inv),
    "norm": ("x -> 1", functions.norm),
    "sum": ("x -> 1", functions.total),
    "mean": ("x -> 1", functions.mean),
    "sqrt": ("x -> x", functions.sqrt),
    "square": ("x -> x", lambda x: x**2),
    "softmax": ("v -> v", functions.softmax),
    "logsumexp": ("v -> 1", functions.logsumexp),
    "dot": ("v, v -> 1", products.matmul),
    "outer": ("v, w -> vw", products.outer),
    "diag": ("own rule", products.diag),
    "kron": ("own rule", products.kron),
    "vec": ("own rule", products.vec),
    "ones_like": ("x -> x", lambda x: ones(x.shape)),
    **{name: ("x -> x", BUILD[name]) for name in sorted(products.ELEMENTWISE)},
}
FILLED = {"ones", "zeros", "eye", "K"}  # functions of sizes
ALIASES = {"trace": "tr", "absolute": "abs", "inverse": "inv"}
MODULES = {"np", "numpy", "torch", "linalg", "nn", "functional", "F"}  # np.linalg.inv is inv
