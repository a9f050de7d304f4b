"""Options: the settings of a part, read from its signature, its type hints and its docstring."""

from __future__ import annotations

import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from paribus.errors import RecipeError, StudyError, nearest
from paribus.records.earlier import RENAMED
from paribus.records.kinds import KINDS

LARGEST = 2**63 - 1  # whole number that an array can count to
ALIKE = 0.9  # similarity of two names that are easily taken for each other: activation, activations
Factory = Callable[..., Any]
Design = TypeVar("Design", bound=BaseModel)


class Option(NamedTuple):
    """One setting of a part."""

    name: str
    annotation: Any
    default: Any  # inspect.Parameter.empty where it must be given
    text: str


@cache
def schema(kind: str, factory: Factory, further: frozenset[str] = frozenset()) -> type[BaseModel]:
    """The pydantic model of a part's options, made once; ``further`` as in :func:`options`."""
    return _model(factory, options(kind, factory, further))


@cache
def common_schema(kind: str) -> type[BaseModel]:
    """The pydantic model of the options that every part of a kind has."""
    return create_model(f"Every{kind.title()}", **_fields(common_options(kind)))


def keyword_options(function: Factory) -> type[BaseModel]:
    """The pydantic model of a function's keyword-only parameters, which are its options."""
    parameters = inspect.signature(function).parameters.values()
    return _model(function, _options(function, [it for it in parameters if it.kind is it.KEYWORD_ONLY]))


@cache
def options(kind: str, factory: Factory, further: frozenset[str] = frozenset()) -> tuple[Option, ...]:
    """The options of a part, in the order of its signature, and behind them those that all of its kind have.

    Args:
        kind: of the part.
        factory: its class or function.
        further: parameters that are filled in here beside :attr:`Kind.supplied`, and are no options therefore.
    """
    parameters = inspect.signature(factory).parameters
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    supplied = KINDS[kind].supplied | further
    own = [it for it in parameters.values() if it.name not in supplied and it.kind not in several]
    return (*_options(factory, own), *(it for it in common_options(kind) if it.name not in parameters))


@cache
def common_options(kind: str) -> tuple[Option, ...]:
    """The options that every part of a kind has; one that has a parameter of that name keeps its own."""
    if not KINDS[kind].common:
        return ()
    module, _, name = KINDS[kind].common.partition(":")
    common = getattr(importlib.import_module(module), name)
    return tuple(_options(common, inspect.signature(common).parameters.values()))


@cache
def describe(factory: Factory) -> tuple[str, dict[str, str]]:
    """The first sentence of a docstring, and what its ``Args:`` section says of each parameter.

    A class that inherits its constructor inherits what is said of its parameters.
    """
    text = inspect.cleandoc(factory.__doc__ or "")  # its own: nn.Module's says nothing about a network
    summary = _plain(text.split("\n\n")[0])
    bases = reversed(factory.__mro__) if inspect.isclass(factory) else (factory,)
    texts: dict[str, str] = {}
    for base in bases:
        texts |= _said_of_parameters(base.__doc__ or "")
    return summary, texts


def _plain(text: str) -> str:
    """A text of a docstring on one line, without the marks of its code."""
    return " ".join(text.replace("``", "").split())


def _said_of_parameters(text: str) -> dict[str, str]:
    from docstring_parser import ParseError, google  # not before it is needed

    try:
        said = google.parse(text).params
    except ParseError:  # a base class of another package, documented in another style
        return {}
    return {entry.arg_name: _plain(entry.description or "") for entry in said if entry.args[0] == "param"}


def refuse_strange(where: str, kinds: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse true and false where pydantic would read 1 and 0, and whole numbers that no array can count to.

    Args:
        where: the field below which the values stand.
        kinds: name → what pydantic knows of the field.
        values: name → value.

    Raises:
        RecipeError: naming the first.
    """
    for name, value in values.items():
        several = value if isinstance(value, (list, tuple)) else [value]
        whole = [one for one in several if isinstance(one, int)]
        if any(isinstance(one, bool) for one in whole) and name in kinds and not _takes_bool(kinds[name].annotation):
            rule = f"{where}.{name} is neither true nor false"
            raise RecipeError(rule, got=value, hint=f"write {where}.{name}=NUMBER")
        if any(abs(one) > LARGEST for one in whole):
            raise RecipeError(f"{where}.{name} is at most {LARGEST:,}", got=value, hint="write a smaller number")


def _takes_bool(kind: Any) -> bool:
    if kind in (bool, Any, object) or isinstance(kind, (bool, typing.TypeVar)):
        return True
    return any(map(_takes_bool, typing.get_args(kind)))


def explain(error: ValidationError, where: str, known: Mapping[str, Any]) -> RecipeError:
    """One :class:`RecipeError` for the first problem that pydantic found."""
    first = error.errors(include_url=False)[0]
    path = ".".join([where, *map(str, first["loc"])]) if where else ".".join(map(str, first["loc"]))
    name = str(first["loc"][-1]) if first["loc"] else path
    if first["type"] == "extra_forbidden":
        hint = f"it is called {RENAMED[path]} now" if path in RENAMED else nearest(name, known)
        return RecipeError(f"there is no {path}", got=f"{name}={first['input']}", hint=hint)
    if first["type"] == "missing":
        return RecipeError(f"{path} must be given", hint=f"add {path}=VALUE")
    if first["type"] == "literal_error":
        choices = re.findall(r"'([^']*)'", first["ctx"]["expected"])
        rule = f"{path} is one of {', '.join(choices)}"
        other = _taking(first["input"], name, known)
        hint = f"{path.removesuffix(name)}{other} is another field, and takes {first['input']}" if other else ""
        return RecipeError(rule, got=first["input"], hint=hint or nearest(str(first["input"]), choices))
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return RecipeError(f"{path} {message[0].lower()}{message[1:]}", got=first.get("input"), hint=f"correct {path}")


def _taking(value: object, name: str, known: Mapping[str, Any]) -> str:
    """The field of nearly the same name that has this word among its choices, as activations beside activation."""
    similar = (other for other in get_close_matches(name, known, cutoff=ALIKE) if other != name)
    choices = {other: typing.get_args(getattr(known[other], "annotation", None)) for other in similar}
    return next((other for other, words in choices.items() if isinstance(value, str) and value in words), "")


def designed(kind: type[Design], fields: Mapping[str, Any]) -> Design:
    """A design from its fields, validated.

    Raises:
        StudyError: naming the field and the value.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        problem = explain(error, "", kind.model_fields)
        raise StudyError(problem.rule, got=problem.got or "nothing", hint=problem.hint) from None


def _options(factory: Factory, parameters: Iterable[inspect.Parameter]) -> list[Option]:
    texts = describe(factory)[1]
    return [Option(it.name, _type_of(it, factory), it.default, texts.get(it.name, "")) for it in parameters]


def _model(factory: Factory, found: Iterable[Option]) -> type[BaseModel]:
    config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), arbitrary_types_allowed=True, allow_inf_nan=False
    )
    return create_model(factory.__name__, __config__=config, **_fields(found))


def _fields(found: Iterable[Option]) -> dict[str, Any]:
    """As pydantic takes them."""
    fields: dict[str, Any] = {}
    for option in found:
        default = ... if option.default is inspect.Parameter.empty else option.default
        fields[option.name] = (option.annotation, Field(default, description=option.text))
    return fields


def _type_of(parameter: inspect.Parameter, factory: Factory) -> Any:
    """The type of one parameter, whatever the hints of the others name; that of its default if it has no hint."""
    if parameter.annotation is not parameter.empty:
        place = factory.__init__ if inspect.isclass(factory) else factory
        alone = SimpleNamespace(__annotations__={"it": parameter.annotation})
        with suppress(NameError):  # a hint that names something local
            return typing.get_type_hints(alone, getattr(place, "__globals__", {}), include_extras=True)["it"]
    return Any if parameter.default in (None, parameter.empty) else type(parameter.default)
