"""The space of a search: fields of a recipe, and the values that each may take.

``optimizer.lr=1e-3..1`` is a range, ``model.depth=2..6`` one of whole numbers, ``training.batch_size=16..128..16`` one
with a step, and ``optimizer.use=sgd,adam`` a list of values. A range whose ends are a factor of 100 or more apart is
searched on a logarithmic scale, another one on a linear scale, unless it says which: ``0.1..0.9:log``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from paribus.errors import RecipeError, StudyError
from paribus.records.kinds import KINDS
from paribus.records.recipe import Recipe
from paribus.records.shortcuts import ALIASES, expand, fields_of
from paribus.records.wording import show
from paribus.records.yaml import scalar, split_values

Scale = Literal["linear", "log", "values"]

LOG_RATIO = 100  # of the ends of a range, from which on it is searched on a logarithmic scale
DIGITS = 6  # of a number that was drawn: a learning rate of 0.0316228 is told from no other
EXAMPLE = "for example optimizer.lr=1e-3..1, model.depth=2..6 or optimizer.use=sgd,adam"

_RANGE = re.compile(r"(?P<ends>[^,\[\]{}'\"]+?\.\.[^,\[\]{}'\"]+?)(\s*[: ]\s*(?P<scale>[a-z]+))?\s*\Z")


@dataclass(frozen=True)
class Dimension:
    """One field of a space: a range of numbers, or a list of values.

    Args:
        field: the dotted field of the recipe.
        scale: how a range is searched; ``values`` of a list.
        low, high: the ends of a range, which belong to it; whole numbers where all of it are.
        step: between neighbouring values of a range; ``None`` where all numbers count.
        values: of a list, in its order.
        where: the field that chooses a part, ``optimizer.use``, and with which of its values this field exists;
            ``None`` where it always does.
    """

    field: str
    scale: Scale
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    values: tuple[Any, ...] = ()
    where: tuple[str, tuple[Any, ...]] | None = None

    @property
    def whole(self) -> bool:
        """Whether it is a range of whole numbers."""
        return self.scale != "values" and isinstance(self.low, int)

    @property
    def count(self) -> int | None:
        """How many values there are; ``None`` where all numbers between the ends count."""
        if self.scale == "values":
            return len(self.values)
        return None if self.step is None else round((self.high - self.low) / self.step) + 1

    @property
    def ends(self) -> tuple[Any, Any]:
        """Its first and its last value."""
        return (self.values[0], self.values[-1]) if self.scale == "values" else (self.low, self.high)

    @property
    def text(self) -> str:
        """As people write it."""
        if self.scale == "values":
            return ",".join(map(show, self.values))
        step = [] if self.step is None or (self.whole and self.step == 1) else [self.step]
        said = "" if self.scale == _usual(self.low, self.high) else f":{self.scale}"
        return "..".join(map(show, [self.low, self.high, *step])) + said

    def at(self, u: float) -> Any:
        """The value at a share of the way through it; each value of a list, or stretch of a scale, has equal room.

        Args:
            u: from [0, 1).
        """
        if self.scale == "log":
            margin = 0.5 if self.whole else 0.0  # so that the ends have room too
            return self.near(_geometric(self.low - margin, self.high + margin, u))
        if self.count is None:
            return self.near(self.low + u * (self.high - self.low))
        return self._nth(int(u * self.count))

    def grid(self, n: int) -> tuple[Any, ...]:
        """``n`` values, spread evenly from one end to the other; all of them where there are not so many."""
        if n < 1:
            raise StudyError("a grid has at least one value", got=n, hint="write 3, for both ends and the middle")
        if self.count is not None and n >= self.count:
            return tuple(map(self._nth, range(self.count)))
        shares = [i / (n - 1) for i in range(n)] if n > 1 else [0.5]
        if self.scale == "log":
            return tuple(dict.fromkeys(self.near(_geometric(self.low, self.high, u)) for u in shares))
        if self.count is None:
            return tuple(self.near(self.low + u * (self.high - self.low)) for u in shares)
        return tuple(self._nth(math.floor(u * (self.count - 1) + 0.5)) for u in shares)

    def place(self, value: Any) -> float:
        """Where a value lies on its scale, from 0 at one end to 1 at the other."""
        if self.scale == "values":
            return self.values.index(value) / (len(self.values) - 1)
        return (
            _share(self.low, self.high, value)
            if self.scale == "linear"
            else _share(*map(math.log, (*self.ends, value)))
        )

    def holds(self, value: Any) -> bool:
        """Whether a value belongs to it."""
        if self.scale == "values":
            return value in self.values
        return isinstance(value, (int, float)) and self.low <= value <= self.high

    def near(self, value: float) -> Any:
        """A number as people read it, and never outside of the range."""
        rounded = round(value) if self.whole else float(f"{value:.{DIGITS}g}")
        return min(max(rounded, self.low), self.high)

    def _nth(self, i: int) -> Any:
        return self.values[i] if self.scale == "values" else self.near(self.low + i * (self.step or 1))


@dataclass(frozen=True)
class Space:
    """All fields that a search tries, choices of parts first: on these depends which other fields there are.

    >>> recipe = Recipe.load("digits/cnn")
    >>> space = Space.of(recipe, {"lr": "1e-3..1", "optimizer.use": "sgd,adam", "beta1": "0.5..0.99"})
    >>> [dimension.field for dimension in space]
    ['optimizer.use', 'optimizer.lr', 'optimizer.beta1']
    >>> space["optimizer.beta1"].where
    ('optimizer.use', ('adam',))
    """

    dimensions: tuple[Dimension, ...]

    @staticmethod
    def read(path: str, text: str, kind: Any = None) -> Dimension:
        """What somebody wrote for one field.

        >>> Space.read("optimizer.lr", "1e-3..1").grid(4)
        (0.001, 0.01, 0.1, 1.0)
        >>> Space.read("model.depth", "2..6").grid(3)
        (2, 4, 6)
        >>> Space.read("optimizer.use", "sgd,adam").at(0.9)
        'adam'

        Args:
            path: the field.
            text: ``LOW..HIGH`` or ``LOW..HIGH..STEP``, with ``:log`` or ``:linear`` behind it where the usual scale
                is not meant; or values with commas between.
            kind: the type of the field where it is known: ``0..1`` for any number are not just two.

        Raises:
            StudyError: for a range that is empty, has strange ends, or is not positive on a logarithmic scale.
        """
        if not text.strip():
            raise StudyError(f"there is nothing to search for {path}", got=f"{path}=", hint=EXAMPLE)
        found = _RANGE.match(text.strip())
        if found is None:
            return _listed(path, split_values(text))
        low, high, *step = _numbers(path, text, found["ends"].split(".."), kind)
        return _range(path, text, low, high, *step, scale=found["scale"])

    @classmethod
    def of(cls, recipe: Recipe, search: Mapping[str, Any]) -> Space:
        """The space of a recipe, checked: its fields are those of the recipe, which takes the ends and all values.

        Args:
            recipe: what is searched for.
            search: field → what it may be: a text as :meth:`read` takes it, a list of values, or a ``range``.

        Raises:
            RecipeError: for a field or a value that no choice of parts has room for.
            StudyError: for a range that is empty, or not positive on a logarithmic scale; for an empty space.
        """
        if not search:
            raise StudyError("a search needs a field to search", hint=f"write --search FIELD=LOW..HIGH; {EXAMPLE}")
        parts = {ALIASES.get(name, name): given for name, given in search.items() if _chooses(name)}
        found = {path: _dimension(path, given) for path, given in parts.items()}
        variants = _variants(recipe, found)
        for name, given in search.items():
            if not _chooses(name):
                path, kind, where = _field_of(name, _dimension(name, given).ends[0], variants)
                if path in found:
                    raise StudyError(f"{path} is searched twice", got=f"{name}={given}", hint="leave one of them out")
                found[path] = replace(_dimension(path, given, kind), where=where)
        _check_nesting(found)
        for dimension in found.values():
            _check(recipe, dimension)
        return cls(tuple(found.values()))

    def __iter__(self) -> Iterator[Dimension]:
        return iter(self.dimensions)

    def __getitem__(self, path: str) -> Dimension:
        return next(dimension for dimension in self if dimension.field == path)

    def exists(self, dimension: Dimension, chosen: Mapping[str, Any]) -> bool:
        """Whether a field exists beside the parts that are chosen."""
        return dimension.where is None or chosen[dimension.where[0]] in dimension.where[1]


def _chooses(name: str) -> bool:
    """Whether a field exchanges a part, by which other fields come and go."""
    return name.endswith(".use") or ALIASES.get(name, name) in KINDS.keys() - {"augment"}


_Variant = tuple[str, Any, dict[str, Any], dict[str, Any]]
"""A field that chooses a part, a value of it, the recipe's fields with that value, and their types by dotted name."""


def _variants(recipe: Recipe, choices: Mapping[str, Dimension]) -> list[_Variant]:
    """The recipe as every choice leaves it, the other parts as they are; and as it is, at the end."""
    raw = dict(recipe)
    found: list[_Variant] = []
    for path, dimension in choices.items():
        for value in dimension.values:
            with_it = {**raw, path.removesuffix(".use"): value}
            found.append((path, value, with_it, fields_of(with_it)))
    return [*found, ("", None, raw, fields_of(raw))]


def _field_of(
    name: str, value: Any, variants: Sequence[_Variant]
) -> tuple[str, Any, tuple[str, tuple[Any, ...]] | None]:
    """The field that a name means, its type, and with which choices of its part it exists."""
    meant = [(next(iter(expand({name: value}, raw)[0])), kinds) for _, _, raw, kinds in variants]
    path, kind = next(((path, kinds[path]) for path, kinds in meant if path in kinds), (meant[-1][0], None))
    own = [(by, one) for by, one, _, _ in variants if by and path.startswith(f"{by.removesuffix('.use')}.")]
    having = [one for by, one, _, kinds in variants if (by, one) in own and path in kinds]
    return path, kind, (own[0][0], tuple(having)) if len(having) < len(own) else None


def _dimension(path: str, given: Any, kind: Any = None) -> Dimension:
    """One field of a space, from what may be given for it."""
    if isinstance(given, str):
        return Space.read(path, given, kind)
    if isinstance(given, range) and len(given) > 1:
        first, last = sorted((given[0], given[-1]))
        return _range(path, str(given), first, last, abs(given.step), scale="linear")
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
        raise StudyError(f"what is searched for {path} is a text or a list", got=given, hint=EXAMPLE)
    return _listed(path, [getattr(value, "part", value) for value in given])


def _listed(path: str, values: Sequence[Any]) -> Dimension:
    """A list of values: two or more, none twice."""
    if len(values) < 2:
        hint = f"set {path} in the recipe, or give a second value" if values else EXAMPLE
        if values and isinstance(values[0], list) and all(isinstance(entry, list) for entry in values[0]):
            hint = f"leave the outer brackets out: {path}={','.join(map(show, values[0]))}"
        raise StudyError(f"a search of {path} needs two values or more", got=list(values), hint=hint)
    if twice := [value for i, value in enumerate(values) if value in values[:i]]:
        raise StudyError(f"a value of {path} stands here twice", got=twice[0], hint="leave one of them out")
    return Dimension(path, "values", values=tuple(values))


def _numbers(path: str, text: str, words: Sequence[str], kind: Any) -> list[Any]:
    """The ends of a range and its step: all whole, or none."""
    numbers = [scalar(word.strip()) for word in words]
    strange = [
        one for one in numbers if isinstance(one, bool) or not isinstance(one, (int, float)) or not math.isfinite(one)
    ]
    if strange or not 2 <= len(numbers) <= 3:
        rule = f"a range of {path} is LOW..HIGH or LOW..HIGH..STEP, in numbers"
        raise StudyError(rule, got=text, hint=EXAMPLE)
    whole = all(float(one).is_integer() for one in numbers)
    if kind is not None and whole:
        whole = not _takes(kind, numbers[0] + 0.37 * (numbers[1] - numbers[0]) + 0.001)
    else:
        whole = all(isinstance(one, int) for one in numbers)
    return [int(one) if whole else float(one) for one in numbers]


def _takes(kind: Any, value: float) -> bool:
    """Whether a field of this type takes a number; of a type that says nothing it is not known, and not assumed."""
    if kind is Any:
        return False
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def _range(path: str, text: str, low: Any, high: Any, step: Any = None, *, scale: str | None) -> Dimension:
    """A range, checked."""
    if scale not in (None, "log", "linear"):
        raise StudyError(f"the scale of {path} is log or linear", got=text, hint=f"write {low}..{high}:log")
    if not low < high:
        hint = f"write {path}={show(high)}..{show(low)}" if low > high else f"set {path}={show(low)} in the recipe"
        raise StudyError(f"the range of {path} is empty: its first end is the lower one", got=text, hint=hint)
    if scale == "log" and low <= 0:
        hint = "choose a lower end above 0, or write :linear"
        raise StudyError(f"a range of {path} on a logarithmic scale is positive", got=text, hint=hint)
    chosen: Scale = "log" if (scale or _usual(low, high, step)) == "log" else "linear"
    if step is None:
        return Dimension(path, chosen, low, high, 1 if isinstance(low, int) else None)
    if chosen == "log":
        raise StudyError(f"a range of {path} with a step is linear", got=text, hint="leave the step or :log out")
    if not 0 < step <= high - low:
        raise StudyError(f"the step of {path} is above 0, and no longer than its range", got=text, hint=EXAMPLE)
    last = math.floor((high - low) / step + 1e-9)  # .3 / .1 is 2.9999999999999996
    return Dimension(path, chosen, low, type(low)(float(f"{low + last * step:.12g}")), step)


def _usual(low: float, high: float, step: float | None = None) -> Scale:
    """The scale of a range that says nothing of it."""
    return "log" if step is None and low > 0 and high / low >= LOG_RATIO else "linear"


def _geometric(low: float, high: float, u: float) -> float:
    return low * math.exp(u * math.log(high / low))


def _share(low: float, high: float, value: float) -> float:
    return (value - low) / (high - low)


def _check_nesting(paths: Iterable[str]) -> None:
    """Refuse a field inside of another that is searched as a whole: one would undo the other."""
    for outer in paths:
        for inner in paths:
            if inner.startswith(f"{outer}.") and (outer not in KINDS or inner.endswith(".use")):
                rule = f"{inner} lies in {outer}, which is searched as a whole"
                raise StudyError(rule, got=f"{outer} and {inner}", hint=f"search {outer}, or its fields")


def _check(recipe: Recipe, dimension: Dimension) -> None:
    """Refuse a field that the recipe has not, and ends and values that it does not take."""
    part = {} if dimension.where is None else {dimension.where[0]: dimension.where[1][0]}
    for value in dimension.values or dimension.ends:
        try:
            recipe.override({**part, dimension.field: value}).resolved()
        except RecipeError as error:
            rule = f"{dimension.field} cannot be searched over {dimension.text}: {error.rule}"
            raise RecipeError(rule, got=error.got or show(value), hint=error.hint) from None


def encoded(dimension: Dimension, value: Any) -> Any:
    """A value as optuna knows it: of a list its position, for values may be lists themselves."""
    return dimension.values.index(value) if dimension.values else value


def decoded(dimension: Dimension, value: Any) -> Any:
    """A value of optuna's as a recipe takes it, rounded to what people read."""
    return dimension.values[value] if dimension.values else dimension.near(value)
