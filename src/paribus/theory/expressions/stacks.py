"""Sums over indices: ``einsum`` in normal form, which is a product of matrices wherever there is one."""

from __future__ import annotations

from itertools import combinations

from paribus.theory.expressions.products import matmul, outer, transpose
from paribus.theory.expressions.sums import mul, scalars
from paribus.theory.expressions.tree import BUILD, ONE, Expr, is_zero, ones, zeros

Indices = tuple[tuple[str, ...], str]  # of the operands, of the result
Part = tuple[str, Expr]


def einsum(indices: Indices, *args: Expr) -> Expr:
    """The sum over all indices that the result does not have.

    Args:
        indices: a letter for each axis of each operand, and those of the result.
        args: the operands.
    """
    parts, output = indices
    sizes = {
        letter: size
        for part, arg in zip(parts, args, strict=True)
        for letter, size in zip(part, arg.shape, strict=False)
    }
    shape = tuple(sizes[letter] for letter in output)
    if any(map(is_zero, args)):
        return zeros(shape)
    scale, found = ONE, list[Part]()
    for part, arg in zip(parts, args, strict=True):
        factor, inside = scalars(arg)
        if not inside.shape:
            scale = scale * inside
            continue
        scale = scale * factor
        found += _flat(part, inside, sizes)
    return scale * _contracted(found, output, sizes) if found else scale


def _flat(part: str, arg: Expr, sizes: dict[str, int | str]) -> list[Part]:
    """The operand, or those of a sum over indices within it, under letters that nobody else has."""
    if arg.op == "outer" and len(part) == 2:
        return [*_flat(part[0], arg.args[0], sizes), *_flat(part[1], arg.args[1], sizes)]
    if arg.op != "einsum":
        return [(part, arg)]
    inner, output = arg.value
    free = iter(letter for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in sizes)
    names = dict(zip(output, part, strict=True))
    for one, operand in zip(inner, arg.args, strict=True):
        for letter, size in zip(one, operand.shape, strict=True):
            if letter not in names:
                names[letter] = next(free)
                sizes[names[letter]] = size
    return [("".join(names[letter] for letter in one), operand) for one, operand in zip(inner, arg.args, strict=True)]


def _contracted(parts: list[Part], output: str, sizes: dict[str, int | str]) -> Expr:
    """Pairs are joined as long as there is a product of matrices for one."""
    parts = [_alone(part, parts, output) for part in parts]
    scale = mul(*(arg for letters, arg in parts if not letters)) if any(not letters for letters, _ in parts) else ONE
    parts = [part for part in parts if part[0]]
    while len(parts) > 1:
        found = _joined(parts, output)
        if found is None:
            break
        parts = found
    if not parts:
        return scale
    if len(parts) > 1 or len(parts[0][0]) > 2 or set(output) != set(parts[0][0]):
        return scale * _left(parts, output, sizes)
    letters, arg = _alone(parts[0], parts, output)
    return scale * (arg if letters == output else transpose(arg))


def _left(parts: list[Part], output: str, sizes: dict[str, int | str]) -> Expr:
    """What no product of matrices says."""
    if len(parts) == 1:
        letters, arg = _alone(parts[0], parts, output)
        if letters == output:
            return arg
        parts = [(letters, arg)]
        if not output and len(letters) == arg.rank:
            return BUILD["sum"](arg)
    kept = [part for part in parts if part[1].op != "ones" or not _given(part, parts)]
    shape = tuple(sizes[letter] for letter in output)
    return Expr("einsum", tuple(arg for _, arg in kept), shape, (tuple(letters for letters, _ in kept), output))


def _given(part: Part, parts: list[Part]) -> bool:
    """Whether all its indices are those of others, so that ones say nothing."""
    others = {letter for other in parts if other is not part and other[1].op != "ones" for letter in other[0]}
    return set(part[0]) <= others


def _alone(part: Part, parts: list[Part], output: str) -> Part:
    """An operand summed over the indices that are nobody else's."""
    letters, arg = part
    needed = set(output).union(*(other for other, one in parts if one is not arg or other != letters))
    if sum(other == letters and one is arg for other, one in parts) > 1:
        needed |= set(letters)
    gone = [letter for letter in letters if letter not in needed]
    if not gone or arg.rank > 2:
        return part
    if len(gone) == arg.rank:
        return "", BUILD["sum"](arg)
    kept = "".join(letter for letter in letters if letter not in gone)
    along = arg if letters[1] in gone else transpose(arg)
    return kept, matmul(along, ones(along.shape[1:]))


def _joined(parts: list[Part], output: str) -> list[Part] | None:
    """One pair joined, one that loses an index first; None where no pair has a product of matrices."""
    found: list[tuple[int, int, int, Part]] = []
    for i, j in combinations(range(len(parts)), 2):
        needed = set(output).union(*(letters for k, (letters, _) in enumerate(parts) if k not in (i, j)))
        pair = _pair(parts[i], parts[j], needed)
        if pair is not None:
            gain = len(set(parts[i][0]) | set(parts[j][0])) - len(pair[0])
            found.append((-gain, i, j, pair))
    if not found:
        return None
    _, i, j, made = min(found, key=lambda item: item[:3])
    rest = [*parts[:i], made, *parts[i + 1 : j], *parts[j + 1 :]]
    return [part for part in rest if part[0]] or rest if made[0] else _scaled(rest, made)


def _scaled(parts: list[Part], scalar: Part) -> list[Part]:
    """A scalar among the operands, multiplied into another."""
    others = [part for part in parts if part is not scalar]
    if not others:
        return [scalar]
    return [(others[0][0], scalar[1] * others[0][1]), *others[1:]]


def _pair(one: Part, other: Part, needed: set[str]) -> Part | None:
    """The product of two operands, if it has at most two axes."""
    (a, x), (b, y) = one, other
    if x.rank > 2 or y.rank > 2:
        return None
    if len(a) < len(b):
        (a, x), (b, y) = (b, y), (a, x)
    shared = [letter for letter in a if letter in b]
    inner = [letter for letter in shared if letter not in needed]
    if set(a) == set(b):
        product = mul(x, y if a == b else transpose(y))
        return _reduced(a, product, x, y if a == b else transpose(y), inner)
    if len(a) == 2 and len(b) == 1 and shared:
        if inner:
            return a.replace(b, ""), matmul(x if a[1] == b else transpose(x), y)
        size = x.shape[a.index(b) - 1]
        return a, mul(x, outer(y, ones((size,))) if a[0] == b else outer(ones((size,)), y))
    if len(a) == len(b) == 2 and len(shared) == 1 and inner:
        left, right = (x if a[1] == shared[0] else transpose(x)), (y if b[0] == shared[0] else transpose(y))
        return a.replace(shared[0], "") + b.replace(shared[0], ""), matmul(left, right)
    if len(a) == len(b) == 1:
        return a + b, outer(x, y)
    return None


def _reduced(letters: str, product: Expr, x: Expr, y: Expr, inner: list[str]) -> Part:
    if not inner:
        return letters, product
    if len(inner) == len(letters):
        return "", matmul(x, y) if len(letters) == 1 else BUILD["sum"](product)
    along = product if letters[1] == inner[0] else transpose(product)
    return letters.replace(inner[0], ""), matmul(along, ones(along.shape[1:]))
