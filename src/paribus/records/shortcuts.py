"""Shortcuts: ``lr=0.1`` for ``optimizer.lr=0.1`` where it can mean one field only, and ``widths=16`` for ``[16]``.

A name without a dot is taken for the one field of the recipe that ends in it; where there are several, nothing is
guessed. Values are never changed but for one: where a list must stand, a single value is read as a list of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from itertools import combinations
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from paribus.errors import RecipeError, nearest
from paribus.records.kinds import KINDS
from paribus.records.options import Option, options
from paribus.records.parts import Part, augmentations, factory_of, find, names, present
from paribus.records.sections import SECTIONS
from paribus.records.wording import show

ALIASES: Mapping[str, str] = {  # what other libraries call them
    "learning_rate": "lr",
    "batch": "batch_size",
    "batchsize": "batch_size",
    "bs": "batch_size",
    "epoch": "epochs",
    "max_epochs": "epochs",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "max_steps": "steps",
    "wd": "weight_decay",
    "optim": "optimizer",
    "optimiser": "optimizer",
    "scheduler": "schedule",
    "dataset": "data",
    "net": "model",
    "network": "model",
}
ARGUMENTS = ("seed", "seeds", "device", "threads", "jobs", "runs", "plugin")  # of commands and classes, not of recipes


def expand(changes: Mapping[str, Any], recipe_raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Changes by dotted field, and what was taken for what.

    >>> expand({"lr": 0.1, "widths": 16}, {"data": "digits", "model": "mlp"})
    ({'optimizer.lr': 0.1, 'model.widths': [16]}, ['lr is read as optimizer.lr', 'widths is read as model.widths', \
'model.widths=16 is read as [16]'])

    A name that nothing in the recipe answers to is left as it is: whoever applies the changes refuses it.

    Args:
        changes: field → value; dotted, or the last word of a field alone.
        recipe_raw: the recipe that is changed, as plain data or as its fields.

    Raises:
        RecipeError: where a name can mean several fields, two names mean one, or a field is that of another group.
    """
    if not changes:
        return {}, []  # and import no part
    raw = _with_parts(recipe_raw, changes)
    known = fields_of(raw)
    expanded: dict[str, Any] = {}
    said: list[str] = []
    for name, value in changes.items():
        field = _field(name, value, known)
        if field in expanded:
            raise RecipeError(f"{field} is set twice", got=f"{name}={show(value)}", hint="leave one of them out")
        expanded[field] = fitted = _fitted(known.get(field), value)
        said += [f"{name} is read as {field}"] * (field != name)
        said += [f"{field}={show(value)} is read as {show(fitted)}"] * (fitted is not value)
    return expanded, said


def expand_factors(
    factors: Mapping[str, Sequence[Any]], recipe_raw: Mapping[str, Any]
) -> tuple[dict[str, list[Any]], list[str]]:
    """The same for fields that are varied, each with its values."""
    reference = {name: values[0] for name, values in factors.items() if values}
    recipe_raw = _with_parts(recipe_raw, reference)
    known = fields_of(_with_parts(recipe_raw, reference))
    for one, other in combinations(factors, 2):
        if (field := _field(one, None, known)) == _field(other, None, known):
            hint = f"vary {field} once, with all its values"
            raise RecipeError(f"{field} is varied twice", got=f"{one} and {other}", hint=hint)
    names, _ = expand({name: reference.get(name) for name in factors}, recipe_raw)
    found: dict[str, list[Any]] = {field: [] for field in names}
    said: dict[str, None] = {}  # in order, and once each
    for field, (name, values) in zip(names, factors.items(), strict=True):
        for value in values:
            expanded, taken = expand({name: value}, recipe_raw)
            found[field] += expanded.values()
            said |= dict.fromkeys(taken)
    return found, [*said]


def is_field(word: str, recipe_raw: Mapping[str, Any]) -> bool:
    """Whether a recipe has a group, a part or a field of this name, or of one that stands for it."""
    return word in SECTIONS or bool(_candidates(word, fields_of(recipe_raw)))


def unknown_field(path: str, recipe_raw: Mapping[str, Any], top: Mapping[str, Any]) -> RecipeError:
    """The error for a field that a recipe does not have: what is meant stands first.

    Args:
        path: what was written.
        recipe_raw: the recipe.
        top: the fields of a recipe, by name.
    """
    rule = "there is no such field in a recipe"
    head, _, rest = path.partition(".")
    if rest and head in top:
        return RecipeError(rule, got=path, hint=f"in a file write {head}: {{{rest}: VALUE}}")
    if rest:
        return RecipeError(rule, got=path, hint=nearest(head, top))
    if path in ARGUMENTS:
        return RecipeError(rule, got=path, hint=f"{path} is an argument beside the recipe: --{path} (Python: {path}=)")
    known = fields_of(recipe_raw)
    if found := _candidates(path, known):
        return RecipeError(rule, got=path, hint=f"did you mean {' or '.join(found)}?")
    if parts := _parts_with(ALIASES.get(path, path)):
        return RecipeError(rule, got=path, hint=_elsewhere(parts, recipe_raw))
    words = {*top, *(field.rpartition(".")[2] for field in known)}
    for word in get_close_matches(path, sorted(words), n=1, cutoff=0.6):
        found = [word] if word in top else _candidates(word, known)
    meant = f"did you mean {' or '.join(found)}? Available" if found else "available"
    return RecipeError(rule, got=path, hint=f"{meant}: {', '.join(sorted(top))}")


def fields_of(recipe_raw: Mapping[str, Any]) -> dict[str, Any]:
    """All fields below the groups and parts of a recipe: dotted name → type; unknown parts have none."""
    found = dict(_section_fields())
    for field, kind, part in _parts(recipe_raw):
        found |= {f"{field}.{option.name}": option.annotation for option in _options(kind, part)}
    return found


@cache
def _section_fields() -> dict[str, Any]:
    return {
        f"{name}.{field}": info.rebuild_annotation()
        for name, section in SECTIONS.items()
        for field, info in section.model_fields.items()
    }


def _field(name: str, value: Any, known: Mapping[str, Any]) -> str:
    """The field that a name means."""
    if "." in name:
        _check_group(name, value, known)
        return name
    if name in {*SECTIONS, *KINDS, "name", "about", "optimizers"}:
        return name
    found = _candidates(name, known)
    if len(found) > 1:
        raise RecipeError(f"{name} can mean several fields", got=name, hint=f"write {' or '.join(found)}")
    return found[0] if found else name


def _candidates(name: str, known: Mapping[str, Any]) -> list[str]:
    """The fields whose last word is the name; else those that it stands for."""
    for word in (name, ALIASES.get(name, name)):
        if found := [field for field in known if field.rpartition(".")[2] == word]:
            return found
        if word in KINDS:
            return [word]
    return [f"augment.{name}"] if name in names("augment") else []


def _check_group(path: str, value: Any, known: Mapping[str, Any]) -> None:
    """Refuse ``training.epochs`` where ``budget.epochs`` is meant: right word, wrong group."""
    group, _, word = path.rpartition(".")
    siblings = [field.rpartition(".")[2] for field in known if field.rpartition(".")[0] == group]
    if not siblings or path in known or word == "use" or get_close_matches(word, siblings, cutoff=0.5):
        return  # right, or a slip of which those who read the group's fields know more
    own = [f"{group}.{sibling}" for sibling in siblings if sibling == ALIASES.get(word)]
    if meant := own or _candidates(word, known):
        hint = f"did you mean {' or '.join(meant)}?"
        raise RecipeError(f"there is no {path}", got=f"{word}={show(value)}", hint=hint)


def _fitted(kind: Any, value: Any) -> Any:
    """A single value as a list of one where only a list is valid."""
    if not isinstance(value, (str, int, float)) or not _may_be_list(kind):
        return value
    adapter = TypeAdapter(kind)
    return value if not _valid(adapter, [value]) or _valid(adapter, value) else [value]


def _may_be_list(kind: Any) -> bool:
    return get_origin(kind) in (list, tuple, Sequence) or any(map(_may_be_list, get_args(kind)))


def _valid(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _with_parts(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with its parts exchanged as the changes ask for: their options are what names may mean."""
    named = {ALIASES.get(name, name): value for name, value in changes.items()}
    chosen = {kind: named[kind] for kind in KINDS if kind in named}
    chosen |= {kind: changes[f"{kind}.use"] for kind in KINDS if f"{kind}.use" in changes}
    return {**raw, **chosen}


def _parts(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Part]]:
    """Field, kind and part of all that a recipe names or has by default; what is no part is refused elsewhere."""
    for kind in KINDS:
        with suppress(RecipeError):
            if kind == "augment":
                yield from [(f"augment.{name}", kind, it) for name, it in augmentations(raw.get(kind) or {}).items()]
            else:
                yield kind, kind, Part.of(raw.get(kind) or KINDS[kind].default)
    stages = raw.get("optimizers")
    for stage, value in stages.items() if isinstance(stages, Mapping) else ():
        with suppress(RecipeError):
            common = Part.of(raw.get("optimizer") or KINDS["optimizer"].default).use
            inherits = isinstance(value, Mapping) and "use" not in value
            yield f"optimizers.{stage}", "optimizer", Part.of({"use": common, **value} if inherits else value)


def _options(kind: str, part: Part) -> tuple[Option, ...]:
    return options(kind, factory_of(kind, part)) if present(kind, part) else ()


def _parts_with(option: str) -> dict[str, list[str]]:
    """Kind → names of the parts that have this option."""
    found = {
        kind: [name for name in names(kind) if any(it.name == option for it in options(kind, find(kind, name)))]
        for kind in KINDS
    }
    return {kind: parts for kind, parts in found.items() if parts}


def _elsewhere(parts: Mapping[str, list[str]], raw: Mapping[str, Any]) -> str:
    """Which other parts have what this recipe's have not."""
    having = "; ".join(f"{kind}={' or '.join(found)}" for kind, found in parts.items())
    used = ", ".join(f"{kind}={part.use}" for field, kind, part in _parts(raw) if kind in parts and field == kind)
    return f"it comes with {having}" + (f"; this recipe has {used}" if used else "")
