"""Receptive fields: which inputs one output value can see, along each axis of the input.

Two things are followed through the layers. The size r and the jump j between neighbouring outputs, by the known rules
(Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill 2019):

    r ← r + d(k − 1)·j        j ← s·j        start ← start − p·j

And for every output its first and last input, tap by tap, so that borders, padding and transposed convolutions come out
exactly. Where outputs see different numbers of inputs, the size is that of the widest within the given input.
Normalisations are passed by: in use they only scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.layer import Options, Shape
from paribus.theory.layers.sizes import same_padding
from paribus.theory.layers.worked import Worked

Places = NDArray[np.int64]
NOWHERE = 2**40  # first input of an output that sees only padding


@dataclass(frozen=True, eq=False)
class Field:
    """What output values see along one axis of the input.

    Args:
        size: how many input values, where no border cuts them.
        jump: input values between the fields of neighbouring outputs; 0 where all see the same.
        start: where the field of output 0 begins; negative in the padding.
        low, high: first and last input of every output, inside the borders.
        inputs: how many input values there are.
        even: whether all outputs see equally many inputs, borders aside.
        working: how the size came about from the layer before.
    """

    size: int
    jump: Fraction
    start: Fraction
    low: Places
    high: Places
    inputs: int
    even: bool = True
    working: str = ""

    @property
    def outputs(self) -> int:
        """How many output values there are."""
        return len(self.low)

    @property
    def middle(self) -> int:
        """The output in the middle, or the last where steps see what came before."""
        return self.outputs // 2 if self.jump else self.outputs - 1

    def seen(self, position: int) -> tuple[int, int]:
        """First and last input that an output sees; (0, -1) if none."""
        low, high = int(self.low[position]), int(self.high[position])
        return (low, high) if low <= high else (0, -1)

    @property
    def cut(self) -> bool:
        """Whether the input is too small to show the middle output's whole field."""
        low, high = self.seen(self.middle)
        return self.even and high - low + 1 < self.size


Fields = tuple[Field, ...] | None  # None: not known


def middle_sees(fields: Sequence[Field]) -> tuple[tuple[int, int], ...]:
    """What the output in the middle sees along each axis: nothing at all if one axis shows it only padding."""
    seen = tuple(f.seen(f.middle) for f in fields)
    return tuple((0, -1) for _ in seen) if (0, -1) in seen else seen


def beginning(axes: Shape) -> tuple[Field, ...]:
    """Every input sees itself."""
    return tuple(Field(1, Fraction(1), Fraction(0), np.arange(n), np.arange(n), n) for n in axes)


def through(f: Field, taps: Places) -> tuple[Places, Places]:
    """First and last input of outputs that look at ``taps`` (outputs, k) of f's outputs; others are padding."""
    inside = (taps >= 0) & (taps < f.outputs)
    within = np.where(inside, taps, 0)
    low = np.where(inside, f.low[within], NOWHERE).min(axis=1)
    high = np.where(inside, f.high[within], -1).max(axis=1)
    return low, high


def widened(f: Field, taps: Places, jump: Fraction) -> Field:
    """After a layer whose outputs see unequal numbers of inputs."""
    low, high = through(f, taps)
    size = int(max(0, (high - low).max() + 1))
    working = f"the widest of {len(low)} outputs: {size}"
    return replace(f, size=size, jump=jump, low=low, high=high, even=False, working=working)


def windowed(f: Field, k: int, s: int, before: int, d: int, outputs: int) -> Field:
    """After a window, with ``before`` values of padding."""
    first = np.arange(outputs)[:, None] * s - before
    if not f.even:
        return widened(f, first + np.arange(k) * d, f.jump * s)
    low, high = through(f, _ends(f, first, k, d))
    size = Worked(f.size) + Worked(d) * (Worked(k) - 1) * int(f.jump)
    start = f.start - before * f.jump
    return Field(size.value, f.jump * s, start, low, high, f.inputs, working=str(size))


def _ends(f: Field, first: Places, k: int, d: int) -> Places:
    """The taps that matter: where fields go on from left to right, the first and the last that are not padding."""
    if (np.diff(f.low) < 0).any() or (np.diff(f.high) < 0).any():  # as where dilated taps reach into padding
        return first + np.arange(k) * d
    begin = np.maximum(-(first // d), 0)
    end = np.minimum((f.outputs - 1 - first) // d, k - 1)
    taps = np.concatenate([begin, end], axis=1)
    return np.where(begin <= end, first + taps * d, -1)


def slid(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """After a window along every axis."""
    options = (o["kernel"], o["stride"], _padding(o, fields), o["dilation"], y[1:])
    return tuple(windowed(f, *axis) for f, *axis in zip(fields, *options, strict=True))


def _padding(o: Options, fields: Sequence[Field]) -> list[int]:
    if o["padding"] != "same":
        return list(o["padding"])
    sizes = zip(fields, o["kernel"], o["stride"], o["dilation"], strict=True)
    return [same_padding(f.outputs, k, s, d)[0] for f, k, s, d in sizes]


def enlarged(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """After a transposed convolution: output i sees input (i + p − d·t)/s for every tap t where that is whole."""
    options = (o["kernel"], o["stride"], o["padding"], o["dilation"], y[1:])
    after = []
    for f, k, s, p, d, n in zip(fields, *options, strict=True):
        met = np.arange(n)[:, None] + p - d * np.arange(k)
        after.append(widened(f, np.where(met % s == 0, met // s, -1), f.jump / s))
    return tuple(after)


def interpolated(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """After enlarging: output i sees its nearest neighbour, or the two between which it lies."""
    after = []
    for f, factor, n in zip(fields, o["factor"], y[1:], strict=True):
        first = np.arange(n) // factor
        if o["smooth"]:
            doubled = np.maximum(2 * np.arange(n) + 1 - factor, 0)  # 2·factor·place, with half pixels
            first = doubled // (2 * factor)
            second = np.where(doubled % (2 * factor), np.minimum(first + 1, f.outputs - 1), first)
            taps = np.stack([first, second], axis=1)
        else:
            taps = first[:, None]
        after.append(widened(f, taps, f.jump / factor))
    return tuple(after)


def adapted(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """After as many windows as asked for: output i sees from ⌊i·n/m⌋ up to, not including, ⌈(i + 1)·n/m⌉."""
    after = []
    for f, m in zip(fields, o["size"], strict=True):
        n, places = f.outputs, np.arange(m)
        if n % m == 0:
            after.append(windowed(f, n // m, n // m, 0, 1, m))
        else:
            first, behind = places * n // m, -(-(places + 1) * n // m)
            taps = first[:, None] + np.arange(int((behind - first).max()))
            taps[taps >= behind[:, None]] = -1
            after.append(widened(f, taps, f.jump * Fraction(n, m)))
    return tuple(after)


def merged(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """All outputs together."""
    return tuple(_all_of(f, slice(None), 1) for f in fields)


def _all_of(f: Field, part: slice, outputs: int) -> Field:
    low, high = int(f.low[part].min()), int(f.high[part].max())
    size = max(0, high - low + 1)
    ends = np.full(outputs, low), np.full(outputs, high)
    return Field(size, Fraction(0), Fraction(low), *ends, f.inputs, working=f"all together: {size} of {f.inputs}")


def attended(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """Every step sees every step."""
    return tuple(_all_of(f, slice(None), y[0]) for f in fields)


def remembered(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """Every step sees all steps up to itself, and with both directions all; the size is that of the last step."""
    if o["bi"]:
        return attended(o, fields, y)
    after = []
    for f in fields:
        low, high = np.minimum.accumulate(f.low), np.maximum.accumulate(f.high)
        size = int(high[-1] - low[-1] + 1)
        working = f"the last step sees {size} of {f.inputs}"
        after.append(Field(size, Fraction(0), Fraction(int(low[0])), low, high, f.inputs, working=working))
    return tuple(after)


def ended(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """The last step alone."""
    return tuple(_all_of(f, slice(-1, None), 1) for f in fields)


def connected(o: Options, fields: tuple[Field, ...], y: Shape) -> Fields:
    """A fully connected layer sees all of a vector, and one step of a sequence."""
    return merged(o, fields, y) if len(y) == 1 else fields


def united(several: Sequence[Fields]) -> Fields:
    """Of added or joined branches: from the first value that any of them sees to the last."""
    if not several or any(fields is None for fields in several):
        return None
    return tuple(_union(axis) for axis in zip(*(f for f in several if f is not None), strict=True))


def _union(fields: Sequence[Field]) -> Field:
    low: Places = reduce(np.minimum, (f.low for f in fields))
    high: Places = reduce(np.maximum, (f.high for f in fields))
    one = fields[0]
    if any(not f.even or f.jump != one.jump for f in fields):
        size = int((high - low).max() + 1)
        return replace(one, size=size, low=low, high=high, even=False, working=f"the widest output: {size}")
    start = min(f.start for f in fields)
    size = int(max(f.start + f.size for f in fields) - start)
    sizes = ", ".join(str(f.size) for f in fields)
    return Field(size, one.jump, start, low, high, one.inputs, working=f"branches of {sizes}: {size}")


Rule = Callable[[Options, tuple[Field, ...], Shape], Fields]
FIELDS: Mapping[str, Rule] = {
    **dict.fromkeys(("conv", "dw", "pool", "avgpool", "lppool"), slid),
    "deconv": enlarged,
    "up": interpolated,
    "shuffle": lambda o, fields, y: interpolated({**o, "smooth": False}, fields, y),
    "glu": lambda o, fields, y: fields if len(y) > 2 and o.get("axis") == 1 else None,
    "adaptive": adapted,
    **dict.fromkeys(("gap", "gmp"), merged),
    "linear": connected,
    **dict.fromkeys(CELLS, remembered),
    "attention": attended,
    "last": ended,
    "zeropad": lambda o, fields, y: tuple(
        windowed(f, 1, 1, p, 1, n) for f, p, n in zip(fields, o["around"], y[1:], strict=True)
    ),
    "reshape": lambda o, fields, y: None,
    "flatten": lambda o, fields, y: None if o.get("start", 1) > 1 else tuple(replace(f, working="") for f in fields),
    "op": lambda o, fields, y: None if "shape" in o else fields,
    "own": lambda o, fields, y: None,
}


def field_after(kind: str, o: Options, fields: Fields, y: Shape) -> Fields:
    """The fields of a layer's outputs from those of its inputs."""
    if fields is None:
        return None
    rule: Any = FIELDS.get(kind)
    known: Fields = rule(o, fields, y) if rule else tuple(replace(f, working="") for f in fields)
    return known
