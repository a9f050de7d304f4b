"""How a filter slides, and which sizes fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.networks.grid import Array, Size, each, spatial
from paribus.theory.networks.numbers import MOST, as_array, nice


@dataclass(frozen=True)
class Sliding:
    """How a filter moves: one number, or one for each axis."""

    stride: Size = 1
    padding: Size = 0
    dilation: Size = 1
    groups: int = 1

    def words(self, *names: str) -> str:
        """The settings that differ from their defaults, as further arguments of a call."""
        given = {name: getattr(self, name) for name in names}
        return "".join(f", {name}={value}" for name, value in given.items() if value != getattr(Sliding, name))

    @property
    def strided(self) -> bool:
        """Whether windows lie more than one number apart."""
        return max(each(self.stride, 1)) > 1


def sensible(sliding: Sliding) -> Sliding:
    """Settings that make sense."""
    least = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    for name, low in least.items():
        sizes = each(getattr(sliding, name), 1)
        if not all(isinstance(size, int) and size >= low for size in sizes):
            raise TheoryError(f"the {name} is a whole number from {low}", got=getattr(sliding, name))
    return sliding


def example_arrays(
    X: Any, F: Any, axes: int | None, sliding: Sliding, size: tuple[int, int] | None, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The arrays given, or nice ones that fit."""
    x = None if X is None else np.atleast_1d(as_array(X, "X"))
    f = nice(rng, _filters(x, axes, sliding.groups, size)) if F is None else np.atleast_1d(as_array(F, "F"))
    if axes is not None and spatial(f) != axes:
        raise TheoryError(
            f"this convolution has {axes} spatial axes", got=f"F {f.shape}", hint="type one row, or several"
        )
    if x is not None:
        return x, f
    n = spatial(f)
    grid = zip(
        f.shape[-n:], *(each(getattr(sliding, name), n) for name in ("stride", "padding", "dilation")), strict=True
    )
    sizes = tuple(max(d * (k - 1) + 1 + s - 2 * p, 1) for k, s, p, d in grid)
    return nice(rng, (*((1, f.shape[1] * sliding.groups) if f.ndim > 2 else ()), *sizes)), f


def _filters(x: Array | None, axes: int | None, groups: int, size: tuple[int, int] | None) -> tuple[int, ...]:
    """The shape of filters that were not given: 3 wide, with channels where something says that there are some."""
    n = spatial(x) if x is not None else axes or 2
    if size is None and groups == 1 and (x is None or x.ndim <= 2):
        return (3,) * n
    inside = groups if x is None or x.ndim <= 2 else x.shape[1]
    inside, out = size or (inside, 2 * groups)
    if inside % groups or out % groups or min(inside, out) < 1:
        raise TheoryError(f"channels in and out are multiples of the {groups} groups", got=f"{inside} in, {out} out")
    return (out, inside // groups, *(3,) * n)


def check(x: Array, f: Array, sliding: Sliding) -> None:
    """Refuse what does not fit."""
    if x.ndim != f.ndim or x.ndim > 4:
        rule = "X and F both have 1 or 2 axes (plain), or both 3 or 4 (with samples and channels)"
        raise TheoryError(rule, got=f"X {x.shape} and F {f.shape}", hint="add the axes of size 1")
    if f.size > MOST // 2:
        raise TheoryError(f"by hand filters have at most {MOST // 2} numbers", got=f"{f.size}", hint="fewer channels")
    n = spatial(f)
    for name in ("stride", "padding", "dilation"):
        if len(each(getattr(sliding, name), n)) != n:
            raise TheoryError(f"the {name} has one number for each of {n} axes", got=getattr(sliding, name))
    if f.ndim <= 2 and sliding.groups > 1:
        raise TheoryError("groups divide channels; plain signals and pictures have none", got=sliding.groups)
    if f.ndim > 2 and (x.shape[1] != f.shape[1] * sliding.groups or f.shape[0] % sliding.groups):
        rule = f"F has the shape (O, C/groups, …) with O divisible by {sliding.groups} groups, where X is (N, C, …)"
        raise TheoryError(rule, got=f"X {x.shape} and F {f.shape}", hint="change the filter's channels or the groups")
    sizes = zip(x.shape[-n:], f.shape[-n:], each(sliding.padding, n), each(sliding.dilation, n), strict=True)
    for have, k, p, d in sizes:
        if d * (k - 1) + 1 > have + 2 * p:
            rule = f"the filter spans d·(k − 1) + 1 = {d}·({k} − 1) + 1 = {d * (k - 1) + 1}, more than the padded input"
            raise TheoryError(rule, got=f"{have} + 2·{p} = {have + 2 * p}", hint="more padding, or less dilation")
