"""Products ``@`` in normal form: transposes pushed in, scalars pulled out, identities and inverses cancelled."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from paribus.theory.expressions.sums import mul, scalars
from paribus.theory.expressions.tree import BUILD, ONE, Expr, Size, eye, is_zero, ones, rebuild, times, zeros

ELEMENTWISE = {
    "exp", "log", "tanh", "sigmoid", "relu", "abs", "sin", "cos", "sign", "heaviside", "cosh", "sinh", "arctan",
    "arcsin", "erf", "softplus", "touch",
}  # fmt: skip


def transpose(expr: Expr) -> Expr:
    """The transpose of a matrix; scalars and vectors are their own."""
    if expr.rank < 2:
        return expr
    rule = TRANSPOSES.get(expr.op)
    return rule(expr) if rule else Expr("T", (expr,), expr.shape[::-1])


def matmul(*factors: Expr) -> Expr:
    """The product of matrices and vectors, from left to right as in NumPy."""
    return reduce(_times, factors)


def outer(a: Expr, b: Expr) -> Expr:
    """a bᵀ of two vectors."""
    (s, a), (t, b) = scalars(a), scalars(b)
    shape = (a.shape[0], b.shape[0])
    if is_zero(a) or is_zero(b):
        return zeros(shape)
    if a.op == b.op == "ones":
        return mul(s, t, ones(shape))
    return mul(s, t, Expr("outer", (a, b), shape))


def inv(expr: Expr) -> Expr:
    """The inverse of a square matrix."""
    scale, matrix = scalars(expr)
    if scale != ONE:
        return scale**-1 * inv(matrix)
    if matrix.op in ("inv", "eye"):
        return matrix.args[0] if matrix.args else matrix
    if matrix.op == "T":
        return transpose(inv(matrix.args[0]))
    if matrix.op == "diag":
        return diag(matrix.args[0] ** -1)
    return Expr("inv", (matrix,), matrix.shape)


def diag(expr: Expr) -> Expr:
    """As in NumPy: the diagonal matrix of a vector, the diagonal of a square matrix."""
    scale, inside = scalars(expr)
    if expr.rank == 1:
        if inside.op == "ones":
            return scale * eye(inside.shape[0])
        return scale * Expr("diag", (inside,), inside.shape * 2)
    if inside.op in ("diag", "T"):
        return scale * (inside.args[0] if inside.op == "diag" else diag(inside.args[0]))
    if inside.op in ("eye", "ones", "zeros"):
        return scale * (zeros if inside.op == "zeros" else ones)(inside.shape[:1])
    if inside.op == "outer":
        return scale * inside.args[0] * inside.args[1]
    return scale * Expr("diagonal", (inside,), inside.shape[:1])


def kron(a: Expr, b: Expr) -> Expr:
    """The Kronecker product; as in NumPy a vector counts as a row."""
    (s, a), (t, b) = scalars(a), scalars(b)
    rows: Size = b.shape[0] if a.rank == 1 else times(a.shape[0], b.shape[0])
    if is_zero(a) or is_zero(b):
        return zeros((rows, times(a.shape[-1], b.shape[1])))
    return s * t * Expr("kron", (a, b), (rows, times(a.shape[-1], b.shape[1])))


def vec(expr: Expr) -> Expr:
    """The columns of a matrix, one below the other."""
    scale, inside = scalars(expr)
    size = times(inside.shape[1], inside.shape[0])
    if inside.op in ("ones", "zeros"):
        return scale * (ones((size,)) if inside.op == "ones" else zeros((size,)))
    return scale * Expr("vec", (inside,), (size,))


def commutation(rows: Size, columns: Size) -> Expr:
    """K with K vec(X) = vec(Xᵀ) for X of this shape."""
    size = times(rows, columns)
    return Expr("commutation", shape=(size, size), value=(rows, columns))


def factors_of(expr: Expr) -> tuple[Expr, ...]:
    """The factors of a chain, or the expression alone."""
    return expr.args if expr.op == "matmul" else (expr,)


def _times(a: Expr, b: Expr) -> Expr:
    """Two factors, scalars pulled out."""
    (s, a), (t, b) = scalars(a), scalars(b)
    if s != ONE or t != ONE:
        return mul(s, t, _times(a, b))
    if a.rank == 1 and b.rank == 2:
        return _times(transpose(b), a)
    left = tuple(map(transpose, reversed(factors_of(a)))) if a.rank == 1 else factors_of(a)
    return _joined([*left, *factors_of(b)])


def _joined(chain: list[Expr]) -> Expr:
    """A chain of which every neighbouring pair that has a shorter form takes it."""
    for place in range(len(chain) - 1):
        found = _pair(chain, place)
        if found is not None:
            count, merged = found
            return _again([*chain[:place], merged, *chain[place + count :]])
    return _chain(chain)


def _again(chain: list[Expr]) -> Expr:
    """The chain after a merger, which may have made a scalar factor, another chain or a zero."""
    if len(chain) == 1:
        return chain[0]
    scale, flat = ONE, list[Expr]()
    for place, factor in enumerate(chain):
        found, inside = scalars(factor)
        scale = scale * found
        row = place == 0 and inside.rank == 1
        flat += map(transpose, reversed(factors_of(inside))) if row else factors_of(inside)
    return scale * _joined(flat)


def _chain(chain: list[Expr]) -> Expr:
    first, last = chain[0], chain[-1]
    shape = (*first.shape[:-1], *last.shape[1:])
    if any(map(is_zero, chain)):
        return zeros(shape)
    if not shape:
        flipped = [transpose(factor) for factor in reversed(chain)]
        chain = min(chain, flipped, key=lambda factors: sum(factor.op == "T" for factor in factors))
    return chain[0] if len(chain) == 1 else Expr("matmul", tuple(chain), shape)


def _pair(chain: list[Expr], place: int) -> tuple[int, Expr] | None:
    """How many factors from ``place`` on have a shorter form, and that form."""
    cancelled = _cancelled(chain, place)
    if cancelled:
        return cancelled, eye(chain[place].shape[0])
    a, b = chain[place], chain[place + 1]
    for rule in PAIRS:
        found = rule(a, b)
        if found is not None:
            return 2, found
    return None


def _cancelled(chain: list[Expr], place: int) -> int:
    """Length of inv(M) @ M or M @ inv(M) that begins at ``place``; M may be a chain itself."""
    a = chain[place]
    inverse = _inverted(a)
    if inverse is not None and _starts(chain[place + 1 :], inverse):
        return 1 + len(inverse)
    for stop in range(place + 1, len(chain)):
        inverse = _inverted(chain[stop])
        if inverse is not None and tuple(chain[place:stop]) == inverse:
            return stop - place + 1
    return 0


def _inverted(factor: Expr) -> tuple[Expr, ...] | None:
    """The factors of M if ``factor`` is inv(M) or inv(M).T."""
    if factor.op == "inv":
        return factors_of(factor.args[0])
    if factor.op == "T" and factor.args[0].op == "inv":
        return factors_of(transpose(factor.args[0].args[0]))
    return None


def _starts(chain: list[Expr], factors: tuple[Expr, ...]) -> bool:
    return tuple(chain[: len(factors)]) == factors


def _identity(a: Expr, b: Expr) -> Expr | None:
    return b if _is_identity(a) else a if _is_identity(b) else None


def _is_identity(a: Expr) -> bool:
    return a.op == "eye" or (a.op == "ones" and a.shape == (1, 1))


def _outer_left(a: Expr, b: Expr) -> Expr | None:
    """(u vᵀ) B = u (Bᵀ v)ᵀ and (u vᵀ) b = (vᵀ b) u."""
    if a.op != "outer":
        return None
    u, v = a.args
    return mul(matmul(v, b), u) if b.rank == 1 else outer(u, matmul(transpose(b), v))


def _outer_right(a: Expr, b: Expr) -> Expr | None:
    """A (u vᵀ) = (A u) vᵀ and a (u vᵀ) = (aᵀ u) v for a row a."""
    if b.op != "outer":
        return None
    u, v = b.args
    return mul(matmul(a, u), v) if a.rank == 1 else outer(matmul(a, u), v)


def _diagonals(a: Expr, b: Expr) -> Expr | None:
    """diag(u) diag(v) = diag(u ∘ v), diag(u) v = u ∘ v."""
    u = a.args[0] if a.op == "diag" else a if a.rank == 1 else None
    v = b.args[0] if b.op == "diag" else b if b.rank == 1 else None
    if u is None or v is None or (a.rank == 1 and b.rank == 1):
        return None
    return diag(mul(u, v)) if a.rank == b.rank == 2 else mul(u, v)


def _filled(a: Expr, b: Expr) -> Expr | None:
    """A matrix of ones is 1 1ᵀ: it sums the columns of what follows, and the rows of what stands before it."""
    if a.op == "ones" and a.rank == 2:
        row = ones(a.shape[1:])
        sums = matmul(transpose(b), row) if b.rank == 2 else matmul(row, b)
        return outer(ones(a.shape[:1]), sums) if b.rank == 2 else mul(sums, ones(a.shape[:1]))
    if b.op == "ones" and b.rank == 2 and a.rank == 2:
        return outer(matmul(a, ones(b.shape[:1])), ones(b.shape[1:]))
    return None


def _cancelling(a: Expr, b: Expr) -> Expr | None:
    """(X - 1 μᵀ)ᵀ 1 = 0, where μ is the mean of the rows."""
    if b.op != "ones" or b.rank != 1 or a.op != "add":
        return None
    found = BUILD["add"](*(matmul(term if term.shape else mul(term, ones(a.shape)), b) for term in a.args))
    return found if is_zero(found) else None


def _sums(a: Expr, b: Expr) -> Expr | None:
    """1ᵀ x = sum(x)."""
    if a.rank != 1 or b.rank != 1 or "ones" not in (a.op, b.op):
        return None
    return BUILD["sum"](b if a.op == "ones" else a)


def _products(a: Expr, b: Expr) -> Expr | None:
    """(A ⊗ B)(C ⊗ D) = AC ⊗ BD, where the inner sizes agree one by one."""
    if a.op != "kron" or b.op != "kron" or b.args[0].rank == 1 or a.args[0].shape[-1] != b.args[0].shape[0]:
        return None
    if a.args[1].shape[1] != b.args[1].shape[0]:
        return None
    return kron(matmul(a.args[0], b.args[0]), matmul(a.args[1], b.args[1]))


PAIRS: tuple[Callable[[Expr, Expr], Expr | None], ...] = (
    _identity,
    _filled,
    _cancelling,
    _outer_left,
    _outer_right,
    _diagonals,
    _sums,
    _products,
)


def _map(expr: Expr) -> Expr:
    return rebuild(expr, tuple(map(transpose, expr.args)))


def _kron_transposed(expr: Expr) -> Expr:
    if expr.args[0].rank == 1:
        return Expr("T", (expr,), expr.shape[::-1])
    return kron(transpose(expr.args[0]), transpose(expr.args[1]))


# fmt: off
TRANSPOSES: dict[str, Callable[[Expr], Expr]] = {
    "T":           lambda e: e.args[0],                                       # (Aᵀ)ᵀ = A
    "matmul":      lambda e: matmul(*map(transpose, reversed(e.args))),       # (A B)ᵀ = Bᵀ Aᵀ
    "outer":       lambda e: outer(e.args[1], e.args[0]),                     # (a bᵀ)ᵀ = b aᵀ
    "diag":        lambda e: e,
    "eye":         lambda e: e,
    "ones":        lambda e: ones(e.shape[::-1]),
    "zeros":       lambda e: zeros(e.shape[::-1]),
    "kron":        _kron_transposed,                                          # (A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ
    "commutation": lambda e: commutation(*reversed(e.value)),                 # K(m, n)ᵀ = K(n, m)
    "inv":         lambda e: e if transpose(e.args[0]) == e.args[0] else Expr("T", (e,), e.shape),
    **dict.fromkeys(["add", "mul", "pow", *ELEMENTWISE], _map),               # (A + B)ᵀ = Aᵀ + Bᵀ
}
# fmt: on
