"""Output sizes: one rule a line beside its formula, and what cannot be.

Notation: n input size along an axis, k kernel, s stride, p padding, d dilation, C channels, T steps, F features.
The window rules are those of Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.layer import Options, Shape
from paribus.theory.layers.refuse import Impossible, by
from paribus.theory.layers.worked import Worked, product, worked

Sizes = tuple[Worked | int, ...]
LONGEST = 10_000_000  # values along an axis; more is a slip of the pen


def span(kernel: int, dilation: int) -> int:
    """How many values a dilated filter reaches over: d·(k − 1) + 1."""
    return dilation * (kernel - 1) + 1


def same_padding(n: int, k: int, s: int, d: int) -> tuple[int, int]:
    """Zeros before and after an axis so that ⌈n/s⌉ windows fit; the odd one comes after."""
    missing = max((-(-n // s) - 1) * s + span(k, d) - n, 0)
    return missing // 2, missing - missing // 2


def slid(n: int, k: int, s: int, p: int, d: int, ceil: bool) -> Worked:
    """⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1 windows; rounded up, less one that would start behind the input, with ceil."""
    room = Worked(n) + Worked(2) * p - Worked(d) * (Worked(k) - 1) - 1
    count = (room.ceil_div(s) if ceil else room // s) + 1
    if ceil and (count.value - 1) * s >= n + p:
        return count - 1
    return count


def grown(n: int, k: int, s: int, p: int, d: int, extra: int) -> Worked:
    """(n − 1)s − 2p + d(k − 1) + o + 1: the inputs from which a convolution could have made n."""
    return (Worked(n) - 1) * s - Worked(2) * p + Worked(d) * (Worked(k) - 1) + extra + 1


def windows(o: Options, x: Shape) -> Sizes:
    """Sizes after sliding a window along every axis but the first."""
    axes, k, s, p, d = x[1:], o["kernel"], o["stride"], o["padding"], o["dilation"]
    if p == "same":
        return tuple(Worked(n).ceil_div(step) for n, step in zip(axes, s, strict=True))
    ceil = o.get("ceil", False)
    sizes = tuple(slid(*axis, ceil) for axis in zip(axes, k, s, p, d, strict=True))
    if lost := [size for size in sizes if size.value < 1]:
        raise _too_wide(o, axes, lost[0])
    return sizes


def _too_wide(o: Options, axes: Shape, size: Worked) -> Impossible:
    k, d, p = o["kernel"], o["dilation"], o["padding"]
    reach = tuple(map(span, k, d))
    dilated = f" with dilation {by(sorted(set(d)))}" if max(d) > 1 else ""
    spans = f" spans {by(reach)}, and" if dilated else ""
    padded = f" padded to {by([n + 2 * q for n, q in zip(axes, p, strict=True)])}" if any(p) else ""
    worst = next(i for i, r in enumerate(reach) if r > axes[i] + 2 * p[i])
    most = max(0, (axes[worst] + 2 * p[worst] - 1) // max(1, k[worst] - 1))
    hint = f"a dilation of at most {most} fits" if dilated and most else "use a smaller kernel, or padding"
    rule = f"its window of {by(k)}{dilated}{spans} does not fit into an input of {by(axes)}{padded}: {size}"
    return Impossible(rule, hint=f"{hint}, or a larger input")


def convolved(o: Options, x: Shape) -> Sizes:
    """Filters × windows; the groups must divide both numbers of channels."""
    check_groups(o, x)
    return o["out"], *windows(o, x)


def check_groups(o: Options, x: Shape) -> None:
    """Refuse channels that cannot be dealt to the groups."""
    for what, channels in (("incoming channels", x[0]), ("filters", o["out"])):
        if channels % o["groups"]:
            fit = [g for g in range(1, min(x[0], o["out"]) + 1) if x[0] % g == 0 and o["out"] % g == 0]
            hint = f"numbers of groups that fit: {', '.join(map(str, fit[-8:]))}"
            raise Impossible(f"its {channels} {what} cannot be dealt to {o['groups']} groups evenly", hint=hint)


def pooled(o: Options, x: Shape) -> Sizes:
    """As many channels as before; padding of more than half a window would pool nothing but padding."""
    if o["padding"] != "same" and any(2 * p > k for p, k in zip(o["padding"], o["kernel"], strict=True)):
        rule = f"its padding of {by(o['padding'])} is more than half of its window of {by(o['kernel'])}"
        raise Impossible(rule, hint="some windows would see only padding: use less")
    return x[0], *windows(o, x)


def transposed(o: Options, x: Shape) -> Sizes:
    """Filters × grown sizes, none of which may vanish."""
    check_groups(o, x)
    if any(e >= max(s, d) for e, s, d in zip(o["extra"], o["stride"], o["dilation"], strict=True)):
        rule = f"its output padding of {by(o['extra'])} must be smaller than the stride or the dilation"
        raise Impossible(rule, hint="output padding chooses among the sizes that a stride cannot tell apart")
    axes = [grown(*axis) for axis in zip(x[1:], *(o[name] for name in GROWTH), strict=True)]
    if shrunk := [size for size in axes if size.value < 1]:
        raise Impossible(f"its padding cuts away everything: {shrunk[0]}", hint="use less padding")
    return o["out"], *axes


GROWTH = ("kernel", "stride", "padding", "dilation", "extra")


def grouped(o: Options, x: Shape) -> Sizes:
    """Unchanged; the groups must divide the channels."""
    if x[0] % o["groups"]:
        raise Impossible(f"{x[0]} channels cannot be dealt to {o['groups']} groups evenly", hint="use a divisor")
    return x


def attended(o: Options, x: Shape) -> Sizes:
    """Unchanged, or a row for each query; the heads share the features."""
    width = o.get("width", x[1])
    if width % o["heads"]:
        rule = f"its {o['heads']} heads cannot share {width} features evenly"
        raise Impossible(rule, hint=f"use a number of heads that divides {width}")
    return o.get("queries", x[0]), x[1] if o.get("project", True) else width


def reshaped(shape: Shape, x: Shape) -> Sizes:
    """All values in another shape, or the first axis as several."""
    if prod(shape) == x[0] != prod(x):
        return (*shape, *x[1:])
    if prod(shape) != prod(x):
        rule = f"its shape {by(shape)} holds {prod(shape)} values, and {prod(x)} come ({by(x)})"
        raise Impossible(rule, hint="the numbers of both shapes multiply to the same")
    return shape


def flattened(o: Options, x: Shape) -> Sizes:
    """All values in a row, from an axis on: 1 is that of the channels."""
    start = o.get("start", 1)
    if start > len(x):
        raise Impossible(f"it flattens from axis {start}, and its input has {len(x)}", hint="flatten: all of it")
    rest = x[start - 1 :]
    return *x[: start - 1], product(rest) if len(rest) > 1 else rest[0]


def shuffled(o: Options, x: Shape) -> Sizes:
    """C channels as C/r² channels of r times as many rows and columns."""
    r = o["factor"][0]
    if x[0] % r**2:
        raise Impossible(f"its {x[0]} channels cannot be dealt to {r}×{r} pixels evenly", hint=f"a multiple of {r**2}")
    return Worked(x[0]).over(r**2), Worked(x[1]) * r, Worked(x[2]) * r


def halved(o: Options, x: Shape) -> Sizes:
    """Half as many along one axis, the last unless it is said."""
    axis = o.get("axis", len(x))
    if len(x) > 2 and not {"axis", "last"} & set(o):
        raise Impossible("it halves an axis of a picture, and does not say which", hint="glu 1 halves the channels")
    if axis > len(x) or x[axis - 1] % 2:
        raise Impossible(f"it halves axis {axis} of {by(x)}", hint="that has to be there, and even")
    return *x[: axis - 1], Worked(x[axis - 1]).over(2), *x[axis:]


def normed(o: Options, x: Shape) -> Sizes:
    """Unchanged; what is normalised are the last axes, or the channels of each pixel."""
    of_pixels = len(x) > 2 and o["channels"]
    if "shape" in o and (x[:1] if of_pixels else x[-len(o["shape"]) :]) != tuple(o["shape"]):
        rule = f"it norms axes of {by(o['shape'])}, and an input of {by(x)} comes"
        hint = "its shape is that of the last axes; ln channels, or LayerNorm2d, norms the channels of each pixel"
        raise Impossible(rule, hint=hint)
    return x


# fmt: off
SIZES: Mapping[str, Callable[[Options, Shape], Sizes]] = {
    "conv":      convolved,
    "dw":        convolved,                                                   # with C groups
    "deconv":    transposed,
    "pool":      pooled,
    "avgpool":   pooled,
    "lppool":    pooled,
    "shuffle":   shuffled,
    "glu":       halved,
    "adaptive":  lambda o, x: (x[0], *o["size"]),
    "gap":       lambda o, x: (x[0], *(1 for _ in x[1:])),
    "gmp":       lambda o, x: (x[0], *(1 for _ in x[1:])),
    "up":        lambda o, x: (x[0], *(Worked(n) * f for n, f in zip(x[1:], o["factor"], strict=True))),
    "flatten":   flattened,
    "ln":        normed,
    "reshape":   lambda o, x: reshaped(o["shape"], x),
    "zeropad":   lambda o, x: (x[0], *(Worked(n) + Worked(2) * p for n, p in zip(x[1:], o["around"], strict=True))),
    "linear":    lambda o, x: (*x[:-1], o["out"]),
    "embedding": lambda o, x: (*x, o["width"]),
    **dict.fromkeys(CELLS, lambda o, x: (x[0], Worked(2) * o["out"] if o["bi"] else o["out"])),
    "attention": attended,
    "gn":        grouped,
    "last":      lambda o, x: x[1:],
    "transpose": lambda o, x: x[::-1],
    "op":        lambda o, x: o.get("shape", x),
    "own":       lambda o, x: o["shape"],
}
# fmt: on
RANKS: Mapping[str, tuple[int, int, str]] = {  # smallest and largest number of axes, and what they are
    **dict.fromkeys(
        ("conv", "dw", "deconv", "pool", "avgpool", "up", "zeropad"), (2, 4, "channels and one, two or three axes")
    ),
    "lppool": (2, 3, "channels and one or two axes"),
    "shuffle": (3, 3, "channels and two axes"),
    **dict.fromkeys(("gap", "gmp", "adaptive"), (2, 4, "channels and one, two or three axes")),
    **dict.fromkeys((*CELLS, "attention", "last", "transpose"), (2, 2, "steps and features (T, F)")),
    "embedding": (1, 1, "a row of word numbers (T)"),
}


def output_size(kind: str, o: Options, x: Shape) -> Sizes:
    """The output's sizes, each with its working.

    Raises:
        Impossible: for a layer that this input cannot go through.
    """
    low, high, axes = RANKS.get(kind, (0, 9, ""))
    if not low <= len(x) <= high:
        hint = "put flatten, gap or transpose before it" if len(x) > high else "give the input all its axes"
        raise Impossible(f"it takes {axes}, and an input of {by(x)} comes", hint=hint)
    _check_axes(kind, o, len(x) - 1)
    sizes = SIZES[kind](o, x) if kind in SIZES else x
    if too_long := [size for size in map(worked, sizes[1:]) if size.value > LONGEST]:
        raise Impossible(
            f"it gives more than {LONGEST:,} values along an axis: {too_long[0]}", hint="check its numbers"
        )
    return sizes


def _check_axes(kind: str, o: Options, rank: int) -> None:
    for name, value in o.items():
        if isinstance(value, tuple) and name != "shape" and len(value) != rank:
            rule = f"its {name} {by(value)} names {len(value)} axes, and its input has {rank}"
            raise Impossible(rule, hint="give one number for all axes, or one for each")


def joined(kind: str, shapes: list[Shape], names: list[str]) -> Sizes:
    """The sizes of branches that are added, multiplied or concatenated.

    Raises:
        Impossible: naming two branches that do not fit, and their sizes.
    """
    if kind == "mul" and (spread := _spread(shapes)):
        return spread
    part = slice(1, None) if kind == "cat" else slice(None)
    for name, shape in zip(names[1:], shapes[1:], strict=True):
        if len(shape) != len(shapes[0]) or shape[part] != shapes[0][part]:
            verb = {"cat": "stand side by side", "mul": "be multiplied"}.get(kind, "be added")
            rule = f"its branches cannot {verb}: {names[0]} gives {by(shapes[0])}, {name} gives {by(shape)}"
            raise Impossible(
                rule, hint="branches must agree in every axis" + (" but channels" if kind == "cat" else "")
            )
    if kind != "cat":
        return shapes[0]
    return Worked(sum(s[0] for s in shapes), " + ".join(str(s[0]) for s in shapes), 2), *shapes[0][1:]


def _spread(shapes: list[Shape]) -> Shape:
    """The sizes of a product where one factor has a single value for each channel; empty where they do not fit."""
    rank = max(map(len, shapes))
    full = [shape + (1,) * (rank - len(shape)) if len(shape) in (1, rank) else () for shape in shapes]
    if not all(full):
        return ()
    axes = [{size for size in axis if size > 1} for axis in zip(*full, strict=True)]
    return tuple(max(axis, default=1) for axis in axes) if all(len(axis) < 2 for axis in axes) else ()
