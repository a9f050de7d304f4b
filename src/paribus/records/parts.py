"""Parts: plain classes (or functions) whose constructor is their schema.

A model, a data source, an augmentation, a task, an optimizer, a schedule, a stopping rule: each is registered under a
name, and its *options* are the parameters of its constructor, read from the type hints and the docstring. Some
parameters are not options: those named in :attr:`Kind.supplied` are filled in by paribus when the part is built.

Options are validated once: a part keeps its settings, and building it uses them.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from paribus.errors import ParibusError, RecipeError, message_of, nearest
from paribus.records.kinds import KINDS
from paribus.records.options import Factory, common_options, explain, refuse_strange, schema
from paribus.records.wording import show


@dataclass(frozen=True, init=False)
class Part:
    """A part in a recipe: a registered name and the options that differ from its defaults.

    ``Part("cnn", norm="batch")`` names a registered part; ``Part(MyNet, width=64)`` takes a class as it is.
    """

    use: str
    options: dict[str, Any]
    factory: Factory | None = field(compare=False, repr=False)
    _resolved: dict[tuple[Any, ...], Resolved] = field(compare=False, repr=False)  # see resolve()

    def __init__(self, use: str | Factory, /, **options: Any) -> None:
        object.__setattr__(self, "use", use if isinstance(use, str) else use.__name__)
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "factory", None if isinstance(use, str) else use)
        object.__setattr__(self, "_resolved", {})

    @classmethod
    def of(cls, value: Any) -> Part:
        """Read what people write for a part: a name, a class, or ``{use: name or class, option: value}``."""
        if isinstance(value, Part):
            return value
        if isinstance(part := getattr(value, "part", None), Part):  # what stands for one, as pb.Data
            return part
        given = value if isinstance(value, Mapping) else {"use": value}
        use = given.get("use")
        if (isinstance(use, str) or inspect.isclass(use) or inspect.isfunction(use)) and all(map(_is_text, given)):
            return cls(use, **{name: option for name, option in given.items() if name != "use"})
        if callable(value) and not inspect.isroutine(value):
            name = type(value).__name__
            hint = f"give the class: {name}, or with options pb.Part({name}, …); or a function that builds it"
            raise RecipeError("a part is a class, of which every run builds its own", got=f"a {name} object", hint=hint)
        arrays = any(hasattr(one, "dtype") for one in (value if isinstance(value, (list, tuple)) else [value]))
        hint = "for arrays: pb.Data(inputs, targets)" if arrays else "write {use: NAME, option: value}"
        raise RecipeError("a part is a name or a mapping with 'use'", got=value, hint=hint)

    def field(self, kind: str) -> str:
        """The dotted field under which its options lie in a recipe: ``model``, ``augment.crop``."""
        return f"augment.{self.use}" if kind == "augment" else kind

    def __reduce__(self) -> tuple[Any, ...]:
        return Part.of, (self.flat(),)  # by name: a class of the user's travels in its own way, see registered()

    def __deepcopy__(self, memo: dict[int, Any]) -> Part:
        return self  # frozen, and its class is the user's

    def flat(self) -> dict[str, Any]:
        """The part as plain data, the way it stands in a recipe file."""
        return {"use": self.use, **self.options}

    def opened(self) -> dict[str, Any]:
        """The part as a mapping in which options can be changed; its class stays in it."""
        return {"use": self.factory or self.use, **self.options}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def augmentations(value: Any) -> dict[str, Part]:
    """``{flip: true, crop: {padding: 4}}``: a name with its options, ``true`` for the defaults, ``false`` for none.

    Names alone are read as by :func:`by_name`.
    """
    value = by_name(value)
    if not isinstance(value, Mapping):
        raise RecipeError("augment is a mapping of names to options", got=value, hint="write augment: {flip: true}")
    parts: dict[str, Part] = {}
    for name, options in value.items():
        if not isinstance(name, str):
            raise RecipeError("augment is a mapping of names to options", got=name, hint="write augment: {flip: true}")
        if isinstance(options, Part):
            parts[name] = options
        elif isinstance(options, Mapping):
            parts[name] = Part.of({"use": name, **options})
        elif options is True:
            parts[name] = Part(name)
        elif options not in (False, None):
            raise RecipeError(f"augment.{name} is true, false or a mapping of options", got=options)
    return parts


def by_name(augment: Any) -> Any:
    """``none``, ``flip`` and ``[flip, crop]`` as mappings of names to their defaults; all else as it is."""
    if augment is None or augment == "none":
        return {}
    if isinstance(augment, str):
        return {augment: True}
    if isinstance(augment, (list, tuple)) and all(map(_is_text, augment)):
        return dict.fromkeys(augment, True)
    return augment


_registered: dict[str, dict[str, Factory]] = {kind: {} for kind in KINDS}


def register(kind: str, factory: Factory | str | None = None, *, name: str | None = None) -> Any:
    """Make a class of your own available in recipes under its name; usable as a decorator.

    Args:
        kind: one of ``data, augment, model, task, optimizer, schedule, stopping``.
        factory: the class or function; left out, or its name, when used as ``@register("model")``.
        name: the name in recipes; the class name by default.
    """
    if kind not in KINDS:
        raise RecipeError("there is no such kind of part", got=kind, hint=nearest(kind, KINDS))
    if factory is None or isinstance(factory, str):
        return lambda decorated: register(kind, decorated, name=name or factory)
    name = name or factory.__name__
    if name in table(kind):
        raise _taken(kind, name)
    _registered[kind][name] = factory
    return factory


def register_own(parts: Iterable[tuple[str, Part]]) -> None:
    """Register the classes that parts carry: records and workers know a class by its name only.

    >>> register_own(Recipe.load("digits/cnn", {"model": Part(MyNet)}).parts())  # doctest: +SKIP
    """
    for kind, part in parts:
        if part.factory is not None:
            register(kind, part.factory)


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
        hint = _there_is(kind, name)
        if kind == "model":
            hint += "; a class of your own comes in by --plugin FILE.py, or in Python by Part(MyClass, …)"
        raise RecipeError(f"there is no {kind} of this name", got=name, hint=hint)
    module, _, attribute = table(kind)[name].partition(":")
    room = KINDS[kind].room
    return getattr(importlib.import_module(f"{room}.{module}" if module else room), attribute)  # type: ignore[no-any-return]


def _there_is(kind: str, name: str) -> str:
    """The name that was probably meant, and all there are, by what they are for where the room says that."""
    groups: Mapping[str, tuple[str, ...]] = getattr(importlib.import_module(KINDS[kind].room), "GROUPS", {})
    if not groups:
        return nearest(name, names(kind))
    listing = {**groups, "your own": tuple(sorted(_registered[kind]))}
    text = "; ".join(f"for {what} {', '.join(some)}" for what, some in listing.items() if some)
    close = get_close_matches(name, names(kind), n=1, cutoff=0.65)
    return (f"did you mean {close[0]!r}? There are " if close else "there are ") + text.replace(
        "for your own", "your own"
    )


def factory_of(kind: str, part: Part) -> Factory:
    """The class or function that a part carries, or names."""
    if part.factory is None:
        return find(kind, part.use)
    if part.use in table(kind):
        raise _taken(kind, part.use)
    return part.factory


def is_own(kind: str, part: Part) -> bool:
    """Whether the class or function of a part is the user's own, and not one that ships."""
    return part.factory is not None or part.use in _registered[kind]


def present(kind: str, part: Part) -> bool:
    """Whether a part's class is at hand: somebody else's is not, until their plug-in is loaded."""
    return part.factory is not None or part.use in _registered[kind] or part.use in table(kind)


def build(kind: str, part: Part, **supplied: Any) -> Any:
    """Construct a part: its settings, plus those supplied values that its signature asks for."""
    known = resolve(kind, part, supplied)
    given = {name: value for name, value in supplied.items() if name in known.parameters}
    own = {name: value for name, value in known.settings.items() if name not in known.common}
    try:
        return known.factory(**given, **deepcopy(own))  # a part may do with its lists what it likes
    except (ParibusError, MemoryError):
        raise
    except Exception as error:
        rule = f"{kind} {part.use} cannot be made with these options: {message_of(error).splitlines()[0]}"
        raise RecipeError(rule, got=show(known.settings), hint=f"see: paribus show {part.use}") from error


class Resolved(NamedTuple):
    """A part at hand: its class or function, the parameters of that, and all options with their validated values.

    ``common`` are the options that all parts of the kind have beside those of their constructors: name → default.
    """

    factory: Factory
    parameters: frozenset[str]
    settings: dict[str, Any]
    common: dict[str, Any]

    @property
    def filled(self) -> dict[str, Any]:
        """All settings but the common ones that are at their defaults: those change nothing in a run."""
        return {name: it for name, it in self.settings.items() if name not in self.common or it != self.common[name]}


def resolve(kind: str, part: Part, further: Collection[str] = (), where: str = "") -> Resolved:
    """Find a part and validate its options, defaults filled in; once, for the part keeps what was found.

    Args:
        kind: of the part.
        part: it.
        further: parameters that are supplied beside :attr:`Kind.supplied`.
        where: the field that errors name; by default where parts of this kind usually stand.

    Raises:
        RecipeError: for an unknown option (with the nearest known one), a missing one, or a value of the wrong type.
    """
    factory = factory_of(kind, part)
    parameters = parameters_of(factory)
    filled = parameters & (frozenset(further) - KINDS[kind].supplied)
    key = (kind, factory, filled)
    if key not in part._resolved:
        values = _validated(schema(kind, factory, filled), part, where or part.field(kind))
        common = {option.name: option.default for option in common_options(kind) if option.name not in parameters}
        part._resolved[key] = Resolved(factory, parameters, values, common)
    return part._resolved[key]


@cache
def parameters_of(factory: Factory) -> frozenset[str]:
    """Names of all parameters of a class or function."""
    return frozenset(inspect.signature(factory).parameters)


def _validated(model: type[BaseModel], part: Part, where: str) -> dict[str, Any]:
    refuse_strange(where, model.model_fields, part.options)
    try:
        values = dict(model(**part.options))
        to_jsonable_python(values)
    except ValidationError as error:
        raise explain(error, where, model.model_fields) from None
    except PydanticSerializationError as error:
        raise RecipeError(
            f"options of {part.use} must be plain data: {error}", hint="use numbers, words and lists"
        ) from None
    return values


def _taken(kind: str, name: str) -> RecipeError:
    return RecipeError(f"{name!r} is the name of a {kind} that ships with paribus", hint="choose another name")
