"""RoI Align step by step: a box of any size, at any place, becomes a fixed number of bins.

Each bin is the mean of samples × samples points inside it, each point read by bilinear interpolation. Both separate by
axis, so with one row of weights for each bin,

    y_j = y₀ + (j + ½)(y₁ − y₀)/(n·samples)          the sample points of one axis
    B[i, r] = mean over bin i of hat(y_j − r),   hat(t) = max(0, 1 − |t|)
    Y = B_y X B_xᵀ                                   (He et al. 2017, arXiv:1703.06870, section 3)

    ∂L/∂X = B_yᵀ ∂L/∂Y B_x,   ∂L/∂B_y = ∂L/∂Y B_x Xᵀ,   ∂L/∂y₀ = Σ ∂L/∂B_y ⊙ ∂B_y/∂y₀

RoI Pool (Girshick 2015) rounds the box and the bins to whole pixels and takes the maximum of each bin. So it moves in
jumps: its output does not change while the box moves by a fraction of a pixel, and it has no derivative by the box.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Table
from paribus.theory.networks.grid import Array
from paribus.theory.networks.numbers import as_array, generator, nice, shown
from paribus.theory.networks.program import Line, Program, Trial, Values, gradient, run
from paribus.theory.networks.proof import derivation

Box = tuple[float, float, float, float]
SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def roi_align(
    X: Any = None,
    *,
    box: Any = (0.4, 0.7, 3.4, 3.7),
    size: tuple[int, int] = (2, 2),
    samples: int = 2,
    upstream: Any = None,
    seed: int = 0,
) -> Derivation:
    """RoI Align, forward and backward, also by the box, beside RoI Pool.

    Args:
        X: a feature map (H, W); random if not given.
        box: y0, x0, y1, x1 in pixels of X, where pixel r has its centre at r; inside the map.
        size: bins high and wide.
        samples: points in a bin along each axis.
        upstream: ∂L/∂Y; ones if not given.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: a box that is empty or leaves the map.
    """
    x = as_array(X, "X") if X is not None else nice(generator(seed), (5, 5))
    edges = _box(box, x.shape)
    if len(size) != 2 or min(size) < 1 or samples < 1:
        raise TheoryError("bins and samples are at least 1", got=f"size {size}, samples {samples}", hint="size 2,2")
    above = as_array(upstream, "upstream") if upstream is not None else np.ones(size)
    if above.shape != tuple(size):
        raise TheoryError(f"the upstream gradient has the shape of Y, {tuple(size)}", got=f"shape {above.shape}")
    program = _program(size, samples)
    example = {"X": x, **dict(zip(EDGES, edges, strict=True)), "G": above}
    return derivation(
        f"RoI Align, {size[0]} × {size[1]} bins, {samples} × {samples} samples each",
        (program,),
        {"X": "dX", **{edge: f"d{edge}" for edge in EDGES}},
        shapes={"X": ("H", "W"), "y0": (), "x0": (), "y1": (), "x1": ()},
        assumptions=(
            "the box lies inside the map; no sample lies exactly on a pixel's centre",
            "pixel r has its centre at r",
        ),
        example=example,
        tables=(_pooled(x, edges, size), _ramp(size, samples)),
    )


EDGES = ("y0", "x0", "y1", "x1")


def _program(size: tuple[int, int], samples: int) -> Program:
    points = {
        axis: f"{axis}0 + (arange({n * samples}) + 0.5) * ({axis}1 - {axis}0) / {n * samples}"
        for axis, n in zip("yx", size, strict=True)
    }
    forward = []
    for axis, n, length in (("y", size[0], 0), ("x", size[1], 1)):
        weights = f"hat({axis}s[:, None] - arange(shape(X)[{length}]))"
        forward.append(Line(f"{axis}s", points[axis], "sample points"))
        forward.append(
            Line(
                f"B{axis}",
                f"mean({weights}.reshape({n}, {samples}, -1), 1)",
                "bilinear weights, mean over a bin",
                latex=_mean_over_bin(rf"\operatorname{{hat}}({axis}_j - r)"),
            )
        )
    return Program(
        forward=(*forward, Line("Y", "By @ X @ Bx.T", "interpolate and average"), Line("L", "sum(Y * G)")),
        backward=(
            Line("dY", "G", "what arrives from above", gradient("Y")),
            Line("dX", "By.T @ dY @ Bx", "each pixel gets back the weight with which it was read", gradient("X")),
            Line("dBy", "dY @ Bx @ X.T", "product rule", gradient("By")),
            Line("dBx", "dY.T @ By @ X", "product rule", gradient("Bx")),
            *(line for edge in EDGES for line in _by_edge(edge, size["yx".index(edge[0])], samples)),
            Line(
                "shifted",
                "Y",
                "the map and the box moved by (1, 2) pixels give the same",
                lambda trial: _moved(trial, size, samples),
            ),
        ),
        draw=lambda rng: _draw(size, rng),
        reference=lambda values: {"Y": _point_by_point(values, size, samples)},
        symbols={
            "By": "B_y",
            "Bx": "B_x",
            "ys": "y_j",
            "xs": "x_j",
            **{f"E{e}": rf"\frac{{\partial B_{e[0]}}}{{\partial {e[0]}_{e[1]}}}" for e in EDGES},
            "y0": "y_0",
            "y1": "y_1",
            "x0": "x_0",
            "x1": "x_1",
            "shifted": r"Y_{\text{shifted}}",
        },
    )


def _by_edge(edge: str, bins: int, samples: int) -> tuple[Line, Line]:
    """The derivative of the weights of an axis by one edge of the box, and with it that of the loss."""
    axis, end = edge[0], edge[1]
    share = f"(arange({bins * samples}) + 0.5) / {bins * samples}"
    moved = f"({share if end == '1' else f'1 - {share}'})[:, None]"
    slope = f"hat_slope({axis}s[:, None] - arange(shape(X)[{'yx'.index(axis)}])) * {moved}"
    path = rf"\operatorname{{hat}}'({axis}_j - r)\, \frac{{\partial {axis}_j}}{{\partial {axis}_{end}}}"
    why = "slope of the hat, times how far a point moves"
    weights = f"mean(({slope}).reshape({bins}, {samples}, -1), 1)"
    return (
        Line(f"E{edge}", weights, why, gradient(edge, f"B{axis}"), latex=_mean_over_bin(path)),
        Line(f"d{edge}", f"sum(dB{axis} * E{edge})", "chain rule", gradient(edge), "RoI Pool has none: it rounds"),
    )


def _mean_over_bin(latex: str) -> str:
    return rf"\operatorname{{mean}}_{{j \in i}} {latex}"


def _draw(size: tuple[int, int], rng: np.random.Generator) -> Values:
    h, w = (int(n) for n in rng.integers(4, 8, size=2))
    start, end = rng.uniform(0.1, 1.4, size=2), rng.uniform(1.6, 3.0, size=2)
    edges = dict(zip(EDGES, (*start, *end), strict=True))
    return {"X": rng.normal(size=(h, w)), **edges, "G": rng.normal(size=size)}


def _point_by_point(values: Values, size: tuple[int, int], samples: int) -> Array:
    """The published definition, one sample after the other."""
    x, (y0, x0, y1, x1) = values["X"], (values[name] for name in EDGES)
    high, wide = (y1 - y0) / size[0], (x1 - x0) / size[1]
    out = np.zeros(size)
    for i, j in np.ndindex(size):
        for a, b in np.ndindex(samples, samples):
            out[i, j] += _bilinear(x, y0 + high * (i + (a + 0.5) / samples), x0 + wide * (j + (b + 0.5) / samples))
    return out / samples**2


def _bilinear(x: Array, row: float, column: float) -> float:
    """Four neighbours, each weighted by the area opposite to it."""
    r, c = min(floor(row), x.shape[0] - 2), min(floor(column), x.shape[1] - 2)
    v, u = row - r, column - c
    upper = x[r, c] * (1 - u) + x[r, c + 1] * u
    lower = x[r + 1, c] * (1 - u) + x[r + 1, c + 1] * u
    return float(upper * (1 - v) + lower * v)


def _moved(trial: Trial, size: tuple[int, int], samples: int) -> Array:
    """Shift-equivariance: map and box moved together."""
    inputs = dict(trial.inputs)
    inputs["X"] = np.pad(inputs["X"], ((1, 0), (2, 0)))
    for name, by in zip(EDGES, (1, 2, 1, 2), strict=True):
        inputs[name] = inputs[name] + by
    moved: Array = run(_program(size, samples).forward, inputs)["Y"]
    return moved


def roi_pool(x: Array, box: Box, size: tuple[int, int]) -> Array:
    """The maximum over whole pixels: the box rounded, bins from floor to ceil, which may overlap (Girshick 2015)."""
    y0, x0, y1, x1 = (floor(edge + 0.5) for edge in box)
    rows, columns = _bins(y0, y1, size[0]), _bins(x0, x1, size[1])
    return np.array([[x[a:b, c:d].max() for c, d in columns] for a, b in rows])


def _pooled(x: Array, box: Box, size: tuple[int, int]) -> Table:
    """RoI Pool on the same map, step by step."""
    y0, x0, y1, x1 = (floor(edge + 0.5) for edge in box)
    rows = (
        ("box, rounded", f"rows {y0} to {y1}, columns {x0} to {x1}"),
        ("rows of the bins", _ranges(_bins(y0, y1, size[0]))),
        ("columns of the bins", _ranges(_bins(x0, x1, size[1]))),
        ("maximum of each bin", shown(roi_pool(x, box, size))),
    )
    return Table("RoI Pool on the same map", ("step", "result"), rows)


def _ranges(bins: list[tuple[int, int]]) -> str:
    return ", ".join(f"{a} to {b - 1}" for a, b in bins)


def _bins(start: int, end: int, n: int) -> list[tuple[int, int]]:
    length = max(end - start + 1, 1)
    return [(start + floor(i * length / n), start + ceil((i + 1) * length / n)) for i in range(n)]


def _ramp(size: tuple[int, int], samples: int) -> Table:
    """On X[r, c] = r an ideal crop moves exactly as far as its box does."""
    x = np.repeat(np.arange(9.0)[:, None], 9, axis=1)
    program, rows = _program(size, samples), []
    for shift in SHIFTS:
        box = (1.3 + shift, 1.3, 5.3 + shift, 5.3)
        aligned = run(program.forward, {"X": x, **dict(zip(EDGES, box, strict=True)), "G": np.ones(size)})["Y"]
        rows.append((shift, shown(aligned[:, 0]), shown(roi_pool(x, box, size)[:, 0])))
    return Table("On the ramp X[r, c] = r, the box moved down", ("moved by", "RoI Align", "RoI Pool"), tuple(rows))


def _box(box: Any, shape: tuple[int, ...]) -> Box:
    edges = as_array(box, "the box")
    if edges.shape != (4,) or len(shape) != 2:
        raise TheoryError("a box is y0, x0, y1, x1 on a map (H, W)", got=f"{edges.tolist()} on {shape}")
    y0, x0, y1, x1 = (float(edge) for edge in edges)
    if not (0 <= y0 < y1 <= shape[0] - 1 and 0 <= x0 < x1 <= shape[1] - 1):
        rule = f"the box has an area and lies within rows 0 to {shape[0] - 1} and columns 0 to {shape[1] - 1}"
        raise TheoryError(rule, got=f"y {y0:g} to {y1:g}, x {x0:g} to {x1:g}")
    return y0, x0, y1, x1
