"""Which lower-case names are scalars: their letters say little, so the operations around them decide."""

from __future__ import annotations

from collections.abc import Mapping

from paribus.theory.expressions.notation import FUNCTIONS
from paribus.theory.expressions.parse import Raw
from paribus.theory.expressions.sizes import Dims

BESIDE = {"@", "T", "dot", "outer", "diag", "softmax", "logsumexp", "sum", "norm", "mean"}  # what vectors stand beside
ARITHMETIC = {"+", "-", "*", "/", "**", "neg"}


def stand_as_vectors(raw: Raw) -> set[str]:
    """Names that stand where only vectors or matrices do: beside ``@`` or ``.T``, or in a vector's function."""
    found = {arg.value for arg in raw.args if arg.op == "name" and raw.op in BESIDE}
    return found.union(*map(stand_as_vectors, raw.args))


def added_to_scalars(raw: Raw, dims: Mapping[Raw, Dims]) -> set[str]:
    """Names that would spoil a sum of scalars if they were vectors, as ``lam`` does in ``sum(x) + lam * norm(w)``.

    Args:
        raw: the expression.
        dims: shape of every node, as inferred with these names as vectors.
    """
    found: set[str] = set().union(*(added_to_scalars(arg, dims) for arg in raw.args))
    if raw.op in ("+", "-") and len(raw.args) == 2:
        for side, other in (raw.args, raw.args[::-1]):
            if dims[side] and not dims[other] and other.op != "number":
                found |= _spoilers(side, dims) or set()
    return found


def _spoilers(raw: Raw, dims: Mapping[Raw, Dims]) -> set[str] | None:
    """The names whose being vectors makes a node one; ``None`` if it is one for another reason."""
    if not dims[raw]:
        return set()
    if raw.op == "name":
        return {raw.value}
    if raw.op not in ARITHMETIC and FUNCTIONS.get(raw.op, ("",))[0] != "x -> x":
        return None
    parts = [_spoilers(arg, dims) for arg in raw.args]
    return None if None in parts else set().union(*(part for part in parts if part))
