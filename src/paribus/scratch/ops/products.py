"""Matrix products: ``matmul``, ``affine`` and ``einsum``. The gradient of a product is a product again."""

from __future__ import annotations

from collections import Counter
from string import ascii_letters
from typing import Any

import numpy as np

from paribus.scratch.errors import ShapeError
from paribus.scratch.graph import Array, Variadic, array_of, primitive


def _flat(x: Any) -> Any:
    """All axes but the last as one: (…, I) → (n, I)."""
    return x.reshape((-1, x.shape[-1]))


def _t(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def _matmul(a: Array, b: Array) -> Any:
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"{a.shape[-1]} columns on the left meet {b.shape[-2]} rows on the right")
    return a @ b


def _affine(x: Array, weight: Array, bias: Array) -> Array:
    y: Array = _matmul(x, weight)
    y += bias
    return y


# fmt: off
product = primitive("matmul", _matmul,                       # Y = A B for matrices (…, n, m) and (…, m, k)
    lambda g, y, a, b: g @ _t(b),                            # ∂L/∂A = G Bᵀ
    lambda g, y, a, b: _t(a) @ g)                            # ∂L/∂B = Aᵀ G
affine = primitive("affine", _affine,                        # Y = X W + b, X (…, I), W (I, O), b (O)
    lambda g, y, x, w, b: g @ w.T,                           # ∂L/∂X = G Wᵀ
    lambda g, y, x, w, b: _flat(x).T @ _flat(g),             # ∂L/∂W = Xᵀ G
    lambda g, y, x, w, b: g)                                 # ∂L/∂b = Σ rows of G: broadcasting, undone
# fmt: on


def matmul(a: Any, b: Any) -> Any:
    """``a @ b`` as in NumPy: a vector on the left is a row, a vector on the right a column."""
    rows, columns = np.ndim(array_of(a)) == 1, np.ndim(array_of(b)) == 1
    y = product(a[None, :] if rows else a, b[:, None] if columns else b)
    y = y[..., 0] if columns else y
    return y[..., 0, :] if rows and not columns else y[..., 0] if rows else y


def _einsum_rule(i: int, g: Any, y: Any, *operands: Any, terms: tuple[str, ...], out: str) -> Any:
    """Swap operand i and the result: y = Σ a b c has ∂L/∂b = Σ g a c, summed over what b does not have."""
    others = [(term, x) for j, (term, x) in enumerate(zip(terms, operands, strict=True)) if j != i]
    known = set(out).union(*(term for term, _ in others))
    sizes = dict(zip(terms[i], operands[i].shape, strict=True))
    alone = [(letter, np.ones(sizes[letter], g.dtype)) for letter in terms[i] if letter not in known]
    left, factors = zip((out, g), *others, *alone, strict=True)
    return _contract(*factors, terms=left, out=terms[i])


def _forward(*operands: Array, terms: tuple[str, ...], out: str) -> Array:
    result: Array = np.einsum(f"{','.join(terms)}->{out}", *operands, optimize=len(operands) > 1)
    return result


_contract = Variadic("einsum", _forward, (_einsum_rule,))


def einsum(subscripts: str, *operands: Any) -> Any:
    """Einstein's summation as in ``np.einsum``: ``einsum("bij,bjk->bik", a, b)`` multiplies matrices."""
    shapes = [np.shape(array_of(x)) for x in operands]
    terms, out = _spell_out(subscripts, shapes)
    spare = (letter for letter in ascii_letters if letter not in set("".join((*terms, out))))
    factors = list(operands)
    for i, term in enumerate(terms):  # a diagonal, "ii", is "ij" times the identity "ij"
        for letter, times in Counter(term).items():
            for _ in range(times - 1):
                fresh, size = next(spare), shapes[i][term.index(letter)]
                terms[i] = term = term.replace(letter, fresh, 1)
                terms.append(letter + fresh)
                shapes.append((size, size))
                factors.append(np.eye(size, dtype=array_of(operands[i]).dtype))
    return _contract(*factors, terms=tuple(terms), out=out)


def _spell_out(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[str], str]:
    """The terms and the result with a letter for every axis: "…" and a missing "->" are filled in."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ShapeError("einsum", shapes, f"{subscripts!r} names {len(terms)} operands")
    letters = [term.replace("...", "") for term in terms]
    spare = [letter for letter in ascii_letters if letter not in subscripts]
    missing = [len(shape) - len(named) for shape, named in zip(shapes, letters, strict=True)]
    longest = spare[: max(0, *missing)]
    filled = [term.replace("...", "".join(longest[len(longest) - n :])) for term, n in zip(terms, missing, strict=True)]
    if any(len(term) != len(shape) for term, shape in zip(filled, shapes, strict=True)):
        raise ShapeError("einsum", shapes, f"{subscripts!r} must name every axis")
    once = "".join(sorted(letter for letter, times in Counter("".join(letters)).items() if times == 1))
    return filled, (out if arrow else "..." * ("..." in left) + once).replace("...", "".join(longest))
