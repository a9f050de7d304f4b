"""The functions of the notation: their names, their options, and how each is built from expressions.

``x -> x`` acts on every entry by itself and broadcasts its arguments; all others have a rule of shapes in ``shapes``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from paribus.theory.expressions import functions, products
from paribus.theory.expressions.tree import BUILD, Expr, constant, number, ones

log, exp, relu, heaviside = BUILD["log"], BUILD["exp"], BUILD["relu"], BUILD["heaviside"]
HALF = number(Fraction(1, 2))


# fmt: off
ENTRYWISE: dict[str, tuple[int, Callable[..., Expr]]] = {  # name: how many arguments, and how it is built
    **{name: (1, BUILD[name]) for name in sorted(products.ELEMENTWISE)},
    "sqrt":       (1, functions.sqrt),
    "square":     (1, lambda x: x**2),
    "reciprocal": (1, lambda x: x**-1),
    "negative":   (1, lambda x: -x),
    "log2":       (1, lambda x: log(x) / log(number(2))),
    "log10":      (1, lambda x: log(x) / log(number(10))),
    "log1p":      (1, lambda x: log(1 + x)),
    "expm1":      (1, lambda x: exp(x) - 1),
    "tan":        (1, lambda x: BUILD["sin"](x) / BUILD["cos"](x)),
    "sec":        (1, lambda x: 1 / BUILD["cos"](x)),
    "csc":        (1, lambda x: 1 / BUILD["sin"](x)),
    "cot":        (1, lambda x: BUILD["cos"](x) / BUILD["sin"](x)),
    "coth":       (1, lambda x: 1 / BUILD["tanh"](x)),
    "sech":       (1, lambda x: 1 / BUILD["cosh"](x)),
    "arccos":     (1, lambda x: HALF * constant("pi") - BUILD["arcsin"](x)),
    "arcsinh":    (1, lambda x: log(x + functions.sqrt(x**2 + 1))),
    "arccosh":    (1, lambda x: log(x + functions.sqrt(x**2 - 1))),
    "arctanh":    (1, lambda x: HALF * (log(1 + x) - log(1 - x))),
    "cbrt":       (1, lambda x: x ** Fraction(1, 3)),
    "logsigmoid": (1, lambda x: -BUILD["softplus"](-x)),
    "silu":       (1, lambda x: x * BUILD["sigmoid"](x)),
    "gelu":       (1, lambda x: HALF * x * (1 + BUILD["erf"](x / functions.sqrt(number(2))))),
    "Phi":        (1, lambda x: HALF * (1 + BUILD["erf"](x / functions.sqrt(number(2))))),
    "maximum":    (2, lambda a, b: functions.larger(a, b)),
    "minimum":    (2, lambda a, b: -functions.larger(-a, -b)),
    "where":      (3, lambda c, a, b: b + c * (a - b)),
    "above":      (2, lambda a, b: heaviside(a - b)),
    "clip":       (3, lambda x, low, high: low + relu(x - low) - relu(x - high)),
    "power":      (2, lambda a, b: a**b),
    "multiply":   (2, lambda a, b: a * b),
    "divide":     (2, lambda a, b: a / b),
    "add":        (2, lambda a, b: a + b),
    "subtract":   (2, lambda a, b: a - b),
    "leaky_relu": (2, lambda x, slope: relu(x) - slope * relu(-x)),
    "ones_like":  (1, lambda x: ones(x.shape)),
    "zeros_like": (1, lambda x: 0 * x),
}
REDUCED = {"sum", "mean", "var", "std", "logsumexp", "max", "min", "norm", "prod"}  # take an axis, or everything
ALONG = {"softmax", "log_softmax", "cumsum"}  # keep the shape, and take an axis
MATRICES = {"tr", "det", "logdet", "inv", "logabsdet"}  # of a square matrix
OTHERS = {"diag": 1, "vec": 1, "dot": 2, "outer": 2, "kron": 2, "inner": 2, "solve": 2, "einsum": 0, "matrix_power": 2,
          "powers": 3,
          "matmul": 2, "column": 1, "row": 1, "transpose": 1, "frac": 2, "u1": 1, "v1": 1, "polar": 1,
          "cosine_similarity": 2, "len": 1, "ravel": 1}
FILLED = {"ones", "zeros", "eye", "K", "tril"}  # functions of sizes
OPTIONS: dict[str, tuple[str, ...]] = {  # what else a function takes, in the order of its places
    **dict.fromkeys(REDUCED | ALONG, ("axis",)),
    "norm": ("ord", "axis"), "heaviside": ("half",), "einsum": (), "diag": ("offset",),
    "var": ("axis", "ddof"), "std": ("axis", "ddof"),
}
ALIASES = {
    "trace": "tr", "Tr": "tr", "absolute": "abs", "fabs": "abs", "inverse": "inv", "ln": "log", "expit": "sigmoid",
    "logistic": "sigmoid", "amax": "max", "amin": "min", "step": "heaviside", "identity": "eye", "mm": "matmul",
    "mv": "matmul", "vdot": "inner", "t": "transpose", "mul": "multiply", "div": "divide", "sub": "subtract",
    "clamp": "clip", "pow": "power", "diagonal": "diag", "swish": "silu",
    "normcdf": "Phi", "average": "mean", "bmm": "matmul", "vector_norm": "norm",
    "cos_sim": "cosine_similarity", "reduce_mean": "mean", "reduce_sum": "sum", "matvec": "matmul",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "matrix_norm": "norm", "reduce_logsumexp": "logsumexp", "flatten": "ravel",
}  # fmt: skip
MODULES = {
    "np", "numpy", "torch", "linalg", "nn", "functional", "F", "special", "scipy", "jnp", "math", "tf", "jax", "sp",
    "sympy",
}  # fmt: skip
EIGENVALUES = "of eigenvalues there are the sum tr(X), the product det(X), and norm(X, 2)"
STEPS = "its derivative is 0 almost everywhere"
BLOCKS = "write the sum of the blocks' products"
UNKNOWN = "its derivative is none of these functions: write a letter for it where it is constant"
INSTEAD = {
    "pinv": "write inv(A.T @ A) @ A.T for full column rank",
    "expm": "a matrix exponential has no closed derivative here",
    "slogdet": "write logdet(X), or log(abs(det(X)))",
    "argmax": "it has no derivative; logsumexp(x) is the smooth maximum",
    "svd": "norm(X, 2) and norm(X, 'nuc') are what singular values give here",
    "eigvals": EIGENVALUES,
    "eig": EIGENVALUES,
    "cholesky": "write the product: L @ L.T with --lower L",
    **dict.fromkeys(["concatenate", "cat", "stack", "hstack", "vstack", "block"], BLOCKS),
    **dict.fromkeys(["sort", "argsort", "median", "quantile", "rank"], "it moves with one entry: e.T @ x"),
    "cross_entropy": "write -sum(y * log(softmax(z))), or logsumexp(z) - y.T @ z",
    **dict.fromkeys(["binary_cross_entropy", "log_loss"], "write -sum(y * log(p) + (1 - y) * log(1 - p))"),
    **dict.fromkeys(["kl_div", "log_divergence", "entropy", "kl"], "write sum(p * log(p / q)), or -sum(p * log(p))"),
    "nll_loss": "write -y.T @ log(softmax(z)), y one-hot",
    "cosine": "write 1 - cosine_similarity(x, y)",
    "diff": "write the differences with a matrix: D @ x",
    "sqrtm": "write B for the root, and A as B @ B",
    "cumprod": "write exp(cumsum(log(x)))",
    **dict.fromkeys(["cross", "gamma", "lgamma", "gammaln", "loggamma", "beta", "betaln"], UNKNOWN),
    **dict.fromkeys(["conv2d", "conv1d", "convolve"], "write the convolution as a matrix times the vector: T @ x"),
    "cdist": "write the squares of all distances: x2[:, None] + x2[None, :] - 2 * X @ X.T",
    **dict.fromkeys(["tile", "repeat", "roll", "flip", "take", "gather"], "write it with a matrix: P @ x"),
    "detach": "write a letter of its own for what is constant",
    "cross_entropy_loss": "write -sum(y * log(softmax(z)))",
    "round": STEPS,
    "floor": STEPS,
}
# fmt: on
EVERY = {*ENTRYWISE, *REDUCED, *ALONG, *MATRICES, *OTHERS, *FILLED}
CONSTANTS = {"pi": constant("pi"), "e": constant("e")}
