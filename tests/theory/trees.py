"""Random expressions in NumPy notation, of any shape, with hypothesis: what nobody would think of testing."""

from __future__ import annotations

import re

from hypothesis import strategies as st

SHAPES = {
    "A": ("m", "n"), "B": ("m", "n"), "S": ("n", "n"), "R": ("m", "m"),
    "x": ("n",), "y": ("n",), "u": ("m",), "v": ("m",), "alpha": (), "beta": (),
}  # fmt: skip
SIZES = ("m", "n")
ENTRYWISE = ("tanh", "sigmoid", "exp", "sin", "cos", "relu", "abs")


@st.composite
def questions(draw):
    """An expression, one of its variables, and the shapes of all of them."""
    shape = draw(st.sampled_from([(), (), (), ("n",), ("m", "n")]))
    text = draw(expressions(shape, draw(st.integers(1, 4))))
    names = [name for name in SHAPES if re.search(rf"\b{name}\b", text)]
    return text, draw(st.sampled_from(names or ["x"])), {name: SHAPES[name] for name in names}


@st.composite
def leaves(draw, shape):
    if shape and draw(st.integers(0, 14)) == 0:
        return f"ones_like({draw(leaves(shape))})"
    if not shape and draw(st.booleans()):
        return draw(st.sampled_from(["2", "0.5", "3", "1", "1.5"]))
    if shape == ("n", "m"):
        return f"{draw(st.sampled_from('AB'))}.T"
    return draw(st.sampled_from([name for name, of in SHAPES.items() if of == shape]))


@st.composite
def expressions(draw, shape, depth):
    if depth <= 0:
        return draw(leaves(shape))
    anywhere = [same, same, entrywise, scaled, guarded, ratio]
    return draw(draw(st.sampled_from([*anywhere, *BY_RANK[len(shape)]]))(shape, depth - 1))


def part(draw, shape, depth):
    return f"({draw(expressions(shape, depth - draw(st.integers(0, 1))))})"


def size(draw):
    return draw(st.sampled_from(SIZES))


@st.composite
def same(draw, shape, depth):
    left, right = part(draw, shape, depth), part(draw, shape, depth)
    return draw(
        st.sampled_from([f"{left} + {right}", f"{left} - {right}", f"{left} * {right}", f"-{left}", f"{left}**2"])
    )


@st.composite
def entrywise(draw, shape, depth):
    return f"{draw(st.sampled_from(ENTRYWISE))}{part(draw, shape, depth)}"


@st.composite
def scaled(draw, shape, depth):
    return f"{part(draw, (), depth)} * {part(draw, shape, depth)}"


@st.composite
def guarded(draw, shape, depth):
    inside = part(draw, shape, depth)
    return draw(st.sampled_from([f"sqrt(1 + {inside}**2)", f"log(1 + exp{inside})", f"log{inside}", f"sqrt{inside}"]))


@st.composite
def ratio(draw, shape, depth):
    below = draw(st.sampled_from([(), shape]))
    return f"{part(draw, shape, depth)} / (1 + {part(draw, below, depth - 1)}**2)"


@st.composite
def products(draw, shape, depth):
    k, j = size(draw), size(draw)
    vectors = f"{part(draw, (k,), depth)}.T @ {part(draw, (k,), depth)}"
    form = f"{part(draw, (k,), depth)}.T @ {part(draw, (k, j), depth - 1)} @ {part(draw, (j,), depth)}"
    return draw(st.sampled_from([vectors, form]))


@st.composite
def reductions(draw, shape, depth):
    name = draw(st.sampled_from(["sum", "mean", "norm", "logsumexp", "tr", "det", "logdet"]))
    k, j = size(draw), size(draw)
    of = {"logsumexp": (k,), "tr": (k, k), "det": (k, k), "logdet": (k, k)}.get(name) or draw(
        st.sampled_from([(k,), (k, j)])
    )
    return f"{name}{part(draw, of, depth)}"


@st.composite
def vectors(draw, shape, depth):
    k = size(draw)
    chain = f"{part(draw, (*shape, k), depth)} @ {part(draw, (k,), depth)}"
    return draw(st.sampled_from([chain, f"softmax{part(draw, shape, depth)}", f"diag{part(draw, shape * 2, depth)}"]))


@st.composite
def matrices(draw, shape, depth):
    k = size(draw)
    chain = f"{part(draw, (shape[0], k), depth)} @ {part(draw, (k, shape[1]), depth)}"
    found = [chain, f"{part(draw, shape[::-1], depth)}.T"]
    found += [f"outer({part(draw, shape[:1], depth)}, {part(draw, shape[1:], depth)})"]
    if shape[0] == shape[1]:
        found += [f"diag{part(draw, shape[:1], depth)}", f"inv{part(draw, shape, depth)}"]
    return draw(st.sampled_from(found))


BY_RANK = {0: [products, reductions], 1: [vectors], 2: [matrices]}
