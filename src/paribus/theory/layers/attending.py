"""Products of values in the code of a net: attention written by hand, and gates.

``softmax(Q @ K.transpose(-2, -1) / sqrt(d), -1) @ V`` is attention without a projection behind it, where Q, K and V are
linear layers of one value, or parts of one layer of three times their width. Heads come and go by views and
transpositions, which change neither parameters nor the shape that comes out in the end.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.expressions import beyond
from paribus.theory.layers.spellings import kind_of
from paribus.theory.layers.steps import SAME, Steps, flat
from paribus.theory.layers.values import HINT, Bound, Made, Name, Signal, Unsaid

PRODUCTS = {"matmul", "bmm", "dot", "__matmul__"}
SOFT = {"softmax", "special_softmax"}
KEPT = {"dropout", "masked_fill", "where", "mul", "div", "add", "masked_fill_", *SAME, *SOFT}  # of scores
APART = {"chunk", "split", "tensor_split", "unbind"}
TURNS = {"transpose", "permute", "swapaxes", "contiguous", "view", "reshape", "flatten", "transpose_"}
PROJECTED = re.compile(r"(?:[\w.]*\.)?(?:Linear|LazyLinear|Dense)\((?P<inside>[^()]*)\)")


@dataclass(frozen=True)
class Scores:
    """How much each query looks at each key; ``soft`` where they were made to sum to one."""

    query: Signal
    key: Signal
    soft: bool = False


@dataclass
class Attending(Steps):
    """What products of values, and of scores with values, come to."""

    def multiplied(self, left: Any, right: Any, node: ast.AST) -> Any:
        """``Q @ K.transpose(-2, -1)``, and scores by values."""
        if isinstance(left, Scores) and isinstance(right, Signal) and left.soft:
            return self.attended(left.query, left.key, right, node)
        if not isinstance(left, Signal) or not isinstance(right, Signal):
            raise beyond(node)
        if not right.heads and right.chain and right.chain[-1][1] == "transpose":
            return Scores(left, Signal(right.chain[:-1]))
        if right.heads:
            return Scores(left, right)
        raise beyond(node)

    def attended(self, query: Signal, key: Signal, value: Signal, node: ast.AST) -> Signal:
        """Attention behind what queries, keys and values are made of."""
        before = query.chain[:-1]
        if any(one.chain[:-1] != before or not one.chain for one in (query, key, value)):
            raise TheoryError("attention between two values is not known here", got=ast.unparse(node), hint=HINT)
        made = [PROJECTED.fullmatch(one.chain[-1][1]) for one in (query, key, value)]
        said = {(re.findall(r"(?<![\w.])\d+", one["inside"])[-1:] or ["?"])[0] for one in made if one}
        bias = {"bias=False" not in one["inside"] for one in made if one}
        if not all(made) or len(said) != 1 or len(bias) != 1 or said == {"?"}:
            raise beyond(node)
        width, parts = int(said.pop()), len({one.chain for one in (query, key, value)})
        if parts == 2 or (parts == 1 and width % 3):
            raise beyond(node)
        heads = max(query.heads, 1)
        words = f"attention h{heads} w{width if parts == 3 else width // 3}{'' if bias.pop() else ' nobias'} open"
        self.said.append(f"queries, keys and values by hand are read as attention: {words}")
        return replace(self.behind(before, words), heads=query.heads)

    def weighed(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What functions, methods and layers make of scores."""
        given = flat((*args, *named.values()))
        scores = next(one for one in (getattr(called, "owner", None), *given) if isinstance(one, Scores))
        base = called.base if isinstance(called, Name | Made) else getattr(called, "name", "")
        if base in PRODUCTS:
            left, right, *_ = (called.owner, *given, None) if isinstance(called, Bound) else (*given, None)
            return self.multiplied(left, right, node)
        kind = kind_of(base)
        if base not in KEPT and kind not in ("softmax", "dropout", "id"):
            raise beyond(node)
        if isinstance(called, Made):
            called.used = True
        return replace(scores, soft=scores.soft or base in SOFT or kind == "softmax")

    def product_of(self, base: str, args: tuple[Any, ...], node: ast.AST) -> Any:
        """A product that is a function: ``torch.matmul(q, k)``, ``F.scaled_dot_product_attention(q, k, v)``."""
        given = [one for one in flat(args) if isinstance(one, Signal)]
        if base == "scaled_dot_product_attention" and len(given) == 3:
            return self.attended(given[0], given[1], given[2], node)
        return self.multiplied(given[0], given[1], node) if base in PRODUCTS and len(given) == 2 else None

    def headed(self, value: Signal, base: str, args: tuple[Any, ...]) -> Any:
        """A value whose features are shared among heads, or whose heads come together; None for other steps."""
        sizes = flat(args)
        projected = bool(value.chain) and PROJECTED.fullmatch(value.chain[-1][1])
        if base in APART and projected:
            return tuple(replace(value, heads=value.heads or 1) for _ in range(3))
        open_ = any(isinstance(size, Unsaid) or size == -1 for size in sizes[1:3])
        if base in ("view", "reshape") and projected and len(sizes) in (4, 5) and open_:
            heads = sizes[len(sizes) - 2]
            return replace(value, heads=heads if isinstance(heads, int) and heads > 0 else 1)
        if not value.heads or base not in TURNS:
            return None
        merged = (base in ("view", "reshape") and len(sizes) == 3) or base == "flatten"
        return replace(value, heads=0) if merged and not projected else value
