"""Parts: plain classes (or functions) whose constructor is their schema.

A model, a data source, an augmentation, a task, an optimizer, a schedule, a stopping rule: each is registered under a
name, and its *options* are the parameters of its constructor, read from the type hints and the docstring. Some
parameters are not options: those named in :attr:`Kind.supplied` are filled in by paribus when the part is built.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from paribus.errors import RecipeError, nearest
from paribus.records.kinds import KINDS
from paribus.records.options import Factory, explain, schema


@dataclass(frozen=True, init=False)
class Part:
    """A part in a recipe: a registered name and the options that differ from its defaults.

    ``Part("cnn", norm="batch")`` names a registered part; ``Part(MyNet, width=64)`` takes a class as it is.
    """

    use: str
    options: dict[str, Any]
    factory: Factory | None = field(compare=False, repr=False)

    def __init__(self, use: str | Factory, /, **options: Any) -> None:
        object.__setattr__(self, "use", use if isinstance(use, str) else use.__name__)
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "factory", None if isinstance(use, str) else use)

    @classmethod
    def of(cls, value: Any) -> Part:
        """Read what people write for a part: a name, a class, or ``{use: name, option: value}``."""
        if isinstance(value, Part):
            return value
        if isinstance(value, str) or inspect.isclass(value) or inspect.isfunction(value):
            return cls(value)
        if (
            isinstance(value, Mapping)
            and isinstance(value.get("use"), str)
            and all(isinstance(key, str) for key in value)
        ):
            return cls(value["use"], **{key: entry for key, entry in value.items() if key != "use"})
        raise RecipeError(
            "a part is a name or a mapping with 'use'", got=value, hint="write {use: NAME, option: value}"
        )

    def field(self, kind: str) -> str:
        """The dotted field under which its options lie in a recipe: ``model``, ``augment.crop``."""
        return f"augment.{self.use}" if kind == "augment" else kind

    def __reduce__(self) -> tuple[Any, ...]:
        return Part.of, (self.flat(),)  # by name: a class of the user's travels in its own way, see registered()

    def flat(self) -> dict[str, Any]:
        """The part as plain data, the way it stands in a recipe file."""
        return {"use": self.use, **self.options}


_registered: dict[str, dict[str, Factory]] = {kind: {} for kind in KINDS}


def register(kind: str, factory: Factory | None = None, *, name: str | None = None) -> Any:
    """Make a class of your own available in recipes under its name; usable as a decorator.

    Args:
        kind: one of ``data, augment, model, task, optimizer, schedule, stopping``.
        factory: the class or function; left out when used as ``@register("model")``.
        name: the name in recipes; the class name by default.
    """
    if kind not in KINDS:
        raise RecipeError("there is no such kind of part", got=kind, hint=nearest(kind, KINDS))
    if factory is None:
        return lambda decorated: register(kind, decorated, name=name)
    name = name or factory.__name__
    if name in table(kind):
        raise RecipeError(f"{name!r} is the name of a {kind} that ships with paribus", hint="choose another name")
    _registered[kind][name] = factory
    return factory


def registered() -> dict[str, dict[str, Factory]]:
    """The user's own parts, by kind and name: what workers need beside the package."""
    return {kind: dict(parts) for kind, parts in _registered.items()}


def register_all(parts: Mapping[str, Mapping[str, Factory]]) -> None:
    """Take over the parts that :func:`registered` gave in another process."""
    for kind, entries in parts.items():
        _registered[kind].update(entries)


def table(kind: str) -> Mapping[str, str]:
    """The built-in parts of a kind: name → ``module:attribute`` below the room, or ``:attribute`` in it."""
    parts: Mapping[str, str] = importlib.import_module(KINDS[kind].room).PARTS
    return parts


def names(kind: str) -> list[str]:
    """All names that a recipe may use for this kind."""
    return sorted({*table(kind), *_registered[kind]})


def find(kind: str, name: str) -> Factory:
    """The class or function registered under ``name``."""
    if name in _registered[kind]:
        return _registered[kind][name]
    if name not in table(kind):
        hint = nearest(name, names(kind))
        if kind == "model":
            hint += "; a class of your own comes in by --plugin FILE.py, or in Python by Part(MyClass, …)"
        raise RecipeError(f"there is no {kind} of this name", got=name, hint=hint)
    module, _, attribute = table(kind)[name].partition(":")
    room = KINDS[kind].room
    return getattr(importlib.import_module(f"{room}.{module}" if module else room), attribute)  # type: ignore[no-any-return]


def build(kind: str, part: Part, **supplied: Any) -> Any:
    """Construct a part: its options, validated, plus those supplied values that its signature asks for."""
    factory = find(kind, part.use)
    wanted = inspect.signature(factory).parameters
    return factory(
        **{name: value for name, value in supplied.items() if name in wanted},
        **settings(kind, part),
    )


def settings(kind: str, part: Part) -> dict[str, Any]:
    """All options of a part with their validated values, defaults filled in.

    Raises:
        RecipeError: for an unknown option (with the nearest known one), a missing one, or a value of the wrong type.
    """
    model = schema(kind, find(kind, part.use))
    try:
        values = dict(model(**part.options))
        to_jsonable_python(values)
    except ValidationError as error:
        raise explain(error, part.field(kind), model.model_fields) from None
    except PydanticSerializationError as error:
        raise RecipeError(
            f"options of {part.use} must be plain data: {error}", hint="use numbers, words and lists"
        ) from None
    return values
