"""Parts: plain classes (or functions) whose constructor is their schema.

A model, a data source, an augmentation, a task, an optimizer, a schedule, a stopping rule: each is registered under a
name, and its *knobs* are the parameters of its constructor, read from the type hints and the docstring. Some
parameters are not knobs: those named in :attr:`Kind.supplied` are filled in by paribus when the part is built.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import PydanticSerializationError, to_jsonable_python

from paribus.errors import RecipeError, nearest

Factory = Callable[..., Any]


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Args:
        room: the module whose ``PARTS`` table names the built-in parts and where they are.
        supplied: constructor parameters that paribus fills in.
        about: one sentence for people.
    """

    room: str
    supplied: frozenset[str]
    about: str


KINDS: Mapping[str, Kind] = {
    "data": Kind("paribus.data", frozenset(), "where the examples come from"),
    "augment": Kind("paribus.data.augmentation", frozenset(), "random changes to training examples"),
    "model": Kind(
        "paribus.models",
        frozenset({"input_shape", "in_channels", "num_outputs", "num_classes"}),
        "the network that is trained",
    ),
    "task": Kind("paribus.tasks", frozenset({"facts"}), "what is learned: loss, metrics, predictions"),
    "optimizer": Kind("paribus.training.optimizers", frozenset({"params"}), "the rule that updates the weights"),
    "schedule": Kind("paribus.training.schedules", frozenset(), "how the learning rate changes over time"),
    "stopping": Kind("paribus.training.stopping", frozenset(), "when to stop before the budget is used"),
}


class Knob(NamedTuple):
    """One setting of a part."""

    name: str
    annotation: Any
    default: Any  # inspect.Parameter.empty where it must be given
    text: str


@dataclass(frozen=True, init=False)
class Part:
    """A part in a recipe: a registered name and the knobs that differ from its defaults.

    ``Part("cnn", norm="batch")`` names a registered part; ``Part(MyNet, width=64)`` takes a class as it is.
    """

    use: str
    knobs: dict[str, Any]
    factory: Factory | None = field(compare=False, repr=False)

    def __init__(self, use: str | Factory, /, **knobs: Any) -> None:
        object.__setattr__(self, "use", use if isinstance(use, str) else use.__name__)
        object.__setattr__(self, "knobs", knobs)
        object.__setattr__(self, "factory", None if isinstance(use, str) else use)

    @classmethod
    def of(cls, value: Any) -> Part:
        """Read what people write for a part: a name, a class, or ``{use: name, knob: value}``."""
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
        raise RecipeError("a part is a name or a mapping with 'use'", got=value, hint="write {use: NAME, knob: value}")

    def field(self, kind: str) -> str:
        """The dotted field under which its knobs lie in a recipe: ``model``, ``augment.crop``."""
        return f"augment.{self.use}" if kind == "augment" else kind

    def __reduce__(self) -> tuple[Any, ...]:
        return Part.of, (self.flat(),)  # by name: a class of the user's travels in its own way, see registered()

    def flat(self) -> dict[str, Any]:
        """The part as plain data, the way it stands in a recipe file."""
        return {"use": self.use, **self.knobs}


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


def load_plugin(path: str | Path) -> None:
    """Run a Python file of the user's and register what it defines.

    Its ``register`` calls count; every public ``torch.nn.Module`` of the file becomes a model under its own name.
    """
    path = Path(path)
    if not path.is_file():
        raise RecipeError("a plug-in is a Python file", got=str(path), hint="check the path given to --plugin")
    name = f"paribus_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RecipeError("a plug-in is a Python file", got=str(path), hint="its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise RecipeError(f"the plug-in fails with {type(error).__name__}: {error}", got=str(path)) from error
    torch = sys.modules.get("torch")
    known = {id(factory) for parts in _registered.values() for factory in parts.values()}
    for label, value in vars(module).items():
        own = inspect.isclass(value) and value.__module__ == name and not label.startswith("_")
        if own and torch is not None and issubclass(value, torch.nn.Module) and id(value) not in known:
            register("model", value)


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


def fingerprint(kind: str, name: str) -> str | None:
    """SHA-256 of the source of a user's part, ``None`` for a built-in one: editing it makes another recipe."""
    factory = _registered[kind].get(name)
    if factory is None:
        return None
    try:
        source = inspect.getsource(factory)
    except (OSError, TypeError):  # typed at a prompt or in a notebook: fall back on the compiled code
        entries = {"": factory} if inspect.isfunction(factory) else vars(factory)
        source = repr([(label, _essence(entry)) for label, entry in entries.items() if label != "__firstlineno__"])
    return hashlib.sha256(source.encode()).hexdigest()


def build(kind: str, part: Part, **supplied: Any) -> Any:
    """Construct a part: its knobs, validated, plus those supplied values that its signature asks for."""
    factory = find(kind, part.use)
    wanted = inspect.signature(factory).parameters
    return factory(
        **{name: value for name, value in supplied.items() if name in wanted},
        **settings(kind, part),
    )


def settings(kind: str, part: Part) -> dict[str, Any]:
    """All knobs of a part with their validated values, defaults filled in.

    Raises:
        RecipeError: for an unknown knob (with the nearest known one), a missing one, or a value of the wrong type.
    """
    model = schema(kind, find(kind, part.use))
    try:
        values = dict(model(**part.knobs))
        to_jsonable_python(values)
    except ValidationError as error:
        raise explain(error, part.field(kind), model.model_fields) from None
    except PydanticSerializationError as error:
        raise RecipeError(
            f"knobs of {part.use} must be plain data: {error}", hint="use numbers, words and lists"
        ) from None
    return values


def schema(kind: str, factory: Factory) -> type[BaseModel]:
    """The pydantic model of a part's knobs."""
    fields: dict[str, Any] = {}
    for knob in knobs(kind, factory):
        default = ... if knob.default is inspect.Parameter.empty else knob.default
        fields[knob.name] = (knob.annotation, Field(default, description=knob.text))
    config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), arbitrary_types_allowed=True, allow_inf_nan=False
    )
    return create_model(factory.__name__, __config__=config, **fields)


@cache
def knobs(kind: str, factory: Factory) -> tuple[Knob, ...]:
    """The knobs of a part, in the order of its signature."""
    texts = describe(factory)[1]
    found = []
    for name, parameter in inspect.signature(factory).parameters.items():
        if name in KINDS[kind].supplied or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        found.append(Knob(name, _type_of(parameter, factory), parameter.default, texts.get(name, "")))
    return tuple(found)


def describe(factory: Factory) -> tuple[str, dict[str, str]]:
    """The first sentence of a docstring, and what its ``Args:`` section says of each parameter."""
    text = inspect.cleandoc(factory.__doc__ or "")  # its own: nn.Module's says nothing about a network
    summary = " ".join(text.split("\n\n")[0].split())
    _, _, rest = text.partition("Args:\n")
    block = re.split(r"\n\S", rest)[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", block, flags=re.MULTILINE)
    return summary, {name: " ".join(entry.split()) for name, entry in entries}


def explain(error: ValidationError, where: str, known: Mapping[str, Any]) -> RecipeError:
    """One :class:`RecipeError` for the first problem that pydantic found."""
    first = error.errors(include_url=False)[0]
    path = ".".join([where, *map(str, first["loc"])]) if where else ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return RecipeError(f"there is no {path}", got=str(first["loc"][-1]), hint=nearest(str(first["loc"][-1]), known))
    if first["type"] == "missing":
        return RecipeError(f"{path} must be given", hint=f"add {path}=VALUE")
    message = first["msg"].removeprefix("Value error, ")
    return RecipeError(f"{path}: {message[0].lower()}{message[1:]}", got=first.get("input"), hint=f"change {path}")


def _essence(value: Any) -> Any:
    """What a function does, and what a constant is, but not where it stood: the same in every process."""
    value = getattr(value, "__func__", getattr(value, "fget", value))
    if inspect.isfunction(value):
        return _essence(value.__code__)
    if isinstance(value, CodeType):
        return value.co_code, value.co_names, [_essence(constant) for constant in value.co_consts]
    if isinstance(value, frozenset):  # which has no order of its own
        return sorted(map(repr, value))
    return repr(value) if isinstance(value, (int, float, str, bytes, tuple)) else type(value).__name__


def _type_of(parameter: inspect.Parameter, factory: Factory) -> Any:
    """The type of one parameter, whatever the hints of the others name; that of its default if it has no hint."""
    if parameter.annotation is not parameter.empty:
        place = factory.__init__ if inspect.isclass(factory) else factory
        alone = SimpleNamespace(__annotations__={"it": parameter.annotation})
        with suppress(NameError):  # a hint that names something local
            return typing.get_type_hints(alone, getattr(place, "__globals__", {}), include_extras=True)["it"]
    return Any if parameter.default in (None, parameter.empty) else type(parameter.default)
