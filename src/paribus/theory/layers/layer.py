"""What a layer is before it meets an input: a kind and its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.theory.layers.kinds import DEFAULTS, KINDS, PER_AXIS

Shape = tuple[int, ...]
Options = Mapping[str, Any]

COLOURS = (1, 3, 4)  # channels that pictures have


@dataclass(frozen=True)
class Layer:
    """A layer as it was written.

    Args:
        kind: a name of the table of kinds: ``conv``, ``bn``, ``lstm``.
        options: what was said about it, by full names: ``{"out": 64, "kernel": (7,)}``.
    """

    kind: str
    options: Options = field(default_factory=dict)

    def fitted(self, rank: int) -> Layer:
        """The same with every option in place, sizes per axis as tuples of this length."""
        options = {**DEFAULTS.get(self.kind, {}), **self.options}
        if "stride" in options and options["stride"] is None:
            options["stride"] = options["kernel"]
        sizes = {name: options[name] for name in PER_AXIS & options.keys() if isinstance(options[name], tuple)}
        per_axis = {name: _spread(value, rank) for name, value in sizes.items()}
        return Layer(self.kind, {**options, **per_axis})

    def __str__(self) -> str:
        """In the notation, without what is the default."""
        kind, defaults = KINDS[self.kind], DEFAULTS.get(self.kind, {})
        given = {name: value for name, value in self.options.items() if _text(value) != _text(defaults.get(name))}
        if kind.window and defaults["stride"] is None and given.get("stride") == given["kernel"]:
            given.pop("stride", None)
        words = [self.kind, *(_text(self.options[name]) for name in kind.numbers if name in self.options)]
        words += [letter + _text(given[name]) for letter, name in kind.letters.items() if _lettered(given, kind, name)]
        words += [word for word, (name, value) in kind.words.items() if name in given and given[name] == value]
        return " ".join(words)


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    """A size as torch takes it, one number or one for each axis, as one for each."""
    return tuple(value) if isinstance(value, list | tuple) else (int(value),) * rank


def _lettered(given: Options, kind: Any, name: str) -> bool:
    return name in given and name not in kind.numbers and given[name] != "same"


def _spread(value: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return value * rank if len(value) == 1 else value


def _text(value: Any) -> str:
    """One number where all axes agree, 3x5 where they do not."""
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else "x".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def ends_in_colours(shape: Shape) -> bool:
    """Whether a picture's sizes end with what can only be its channels: 224×224×3."""
    return shape[-1] in COLOURS and shape[0] > max(COLOURS)
