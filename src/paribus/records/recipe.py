"""The recipe: everything that decides the outcome of a training, but the seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import to_jsonable_python

from paribus.chance import Seeds
from paribus.errors import RecipeError, nearest
from paribus.records import yaml
from paribus.records.fingerprint import fingerprint
from paribus.records.kinds import KINDS
from paribus.records.metric import Metric
from paribus.records.options import explain, refuse_strange
from paribus.records.parts import Part, augmentations, by_name, factory_of, is_own, present, resolve
from paribus.records.sections import SECTIONS, Budget, Chance, Section, Split, Training
from paribus.records.shortcuts import expand, unknown_field

WORDS = ("name", "about", "why")  # for people: what they say decides nothing
SUFFIXES = {".yaml", ".yml", ".json"}
LATER = {"norm_parts": None, "lookahead": 0, "agreeing": 0}  # newer fields of training: older runs must stay the same

PartField = Annotated[InstanceOf[Part], BeforeValidator(Part.of), PlainSerializer(Part.flat)]


def _read_optimizers(value: Any, info: ValidationInfo) -> Any:
    """``{discriminator: {lr: 0.0004}}``: options without a ``use`` change those of the recipe's ``optimizer``."""
    if not isinstance(value, Mapping):
        hint = "write optimizers: {discriminator: {lr: 0.0004}}"
        raise RecipeError("optimizers is a mapping of stages to optimizers", got=value, hint=hint)
    common = info.data["optimizer"].opened() if "optimizer" in info.data else {}
    return {
        stage: {**common, **options} if isinstance(options, Mapping) and "use" not in options else options
        for stage, options in value.items()
    }


class Recipe(BaseModel):
    """A controlled experiment's recipe: data, model, task, optimizer, budget. Frozen; vary it with :meth:`override`.

    >>> recipe = Recipe.load("digits/cnn", {"model.norm": "batch"})
    >>> recipe.model.options["norm"]
    'batch'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    name: str = Field("custom", description="what people call this recipe; not part of its identity")
    about: str = Field("", description="one sentence on what it does; not part of its identity")
    why: str = Field("", description="the reason for it, which reports show; not part of its identity")
    data: PartField = Field(description="where the examples come from")
    split: Split = Split()
    augment: Annotated[dict[str, PartField], BeforeValidator(augmentations)] = Field(
        default_factory=dict, description="random changes to training examples, applied in this order"
    )
    model: PartField = Field(description="the network that is trained")
    task: PartField = Field(default=Part("classification"), description="what is learned: loss, metrics, predictions")
    optimizer: PartField = Field(default=Part("sgd"), description="the rule that updates the weights")
    optimizers: Annotated[dict[str, PartField], BeforeValidator(_read_optimizers)] = Field(
        default_factory=dict, description="optimizers of single stages of a task that has several, by stage"
    )
    schedule: PartField = Field(default=Part("constant"), description="how the learning rate changes over time")
    stopping: PartField = Field(default=Part("never"), description="when to stop before the budget is used")
    training: Training = Training()
    budget: Budget = Budget()
    chance: Chance = Chance()

    @classmethod
    def load(cls, source: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
        """Read a shipped recipe by its name (``digits/cnn``) or a recipe file by its path.

        Args:
            source: a name or a path that ends in ``.yaml``, ``.yml`` or ``.json``.
            overrides: field → value; dotted, or its last word where that can mean one field only (``lr``).
        """
        raw = read(source)
        return cls.read(override(raw, expand(overrides or {}, raw)[0]))

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Recipe:
        """Validate plain data.

        Raises:
            RecipeError: naming the field, the value and the nearest known name.
        """
        if strange := [field for field in raw if field not in cls.model_fields]:
            raise unknown_field(str(strange[0]), raw, cls.model_fields)
        for name, section in SECTIONS.items():
            refuse_strange(name, section.model_fields, given if isinstance(given := raw.get(name), Mapping) else {})
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise explain(error, "", _known_fields(error)) from None

    def override(self, changes: Mapping[str, Any]) -> Recipe:
        """A recipe with some fields changed: ``recipe.override({"optimizer.lr": 0.1})``, or ``{"lr": 0.1}``."""
        kept = {name: getattr(self, name) for name in Recipe.model_fields}  # what is validated stays so
        changes, _ = expand(changes, kept)
        touched = {path.partition(".")[0] for path in changes}
        return Recipe.read(override({**kept, **{name: _opened(kept[name]) for name in touched & {*kept}}}, changes))

    def plain(self) -> dict[str, Any]:
        """The recipe as plain data, as given (options at their defaults are left out)."""
        return self.model_dump()

    @cached_property
    def content(self) -> dict[str, Any]:
        """All that decides the outcome but the seed, as plain data: what a run writes down, and its identity.

        ``recipe`` has every option filled in and validated, ``sources`` the fingerprints of the user's own parts:
        ``model.MyNet`` → SHA-256.
        """
        sections = self.model_dump(exclude={*WORDS, "augment", "optimizers", *KINDS}, mode="json")
        recipe = {name: sections.get(name, {}) for name in Recipe.model_fields if name not in WORDS}
        for name, usual in LATER.items():
            if recipe["training"][name] == usual:
                del recipe["training"][name]
        sources = {}
        for field, (kind, part) in self.fields.items():
            known = resolve(kind, part, self._supplied if kind == "model" else (), field)
            group, _, name = field.partition(".")
            place, key = (recipe[group], name) if name else (recipe, group)
            place[key] = {"use": part.use, **to_jsonable_python(known.filled)}
            if is_own(kind, part):
                sources[f"{kind}.{part.use}"] = fingerprint(known.factory)
        return {"recipe": recipe, "sources": sources}

    def resolved(self) -> dict[str, Any]:
        """The recipe as plain data with every option filled in and validated."""
        return deepcopy(self.content["recipe"])

    def sources(self) -> dict[str, str]:
        """Fingerprints of the user's own parts in this recipe."""
        return dict(self.content["sources"])

    def settings(self, field: str) -> dict[str, Any]:
        """All options of the part at a field (``model``, ``augment.crop``), validated once for the whole recipe."""
        kind, part = self.fields[field]
        return resolve(kind, part, self._supplied if kind == "model" else (), field).settings

    def common(self, field: str) -> dict[str, Any]:
        """Those of the :meth:`settings` that all parts of a kind have: what every model can start from."""
        kind, part = self.fields[field]
        known = resolve(kind, part, self._supplied if kind == "model" else (), field)
        return {name: known.settings[name] for name in known.common}

    @cached_property
    def fields(self) -> dict[str, tuple[str, Part]]:
        """All parts with their kinds, by dotted field: ``model``, ``augment.crop``, ``optimizers.discriminator``."""
        single = {kind: (kind, getattr(self, kind)) for kind in KINDS if kind != "augment"}
        augment = {f"augment.{name}": ("augment", part) for name, part in self.augment.items()}
        stages = {f"optimizers.{stage}": ("optimizer", part) for stage, part in self.optimizers.items()}
        return {**single, **augment, **stages}

    @property
    def _supplied(self) -> frozenset[str]:
        """What the task supplies models with, beside :attr:`Kind.supplied`: no options of theirs."""
        if not present("task", self.task):
            return frozenset()
        return frozenset(getattr(factory_of("task", self.task), "supplies", ()))

    def parts(self) -> list[tuple[str, Part]]:
        """All parts with their kinds."""
        return list(self.fields.values())

    def figures_of_merit(self) -> tuple[Metric, ...]:
        """The figures of merit of its task, those of single classes included."""
        task = factory_of("task", self.task)
        return (*getattr(task, "metrics", ()), *getattr(task, "details", ()))

    def seeds(self, seed: int) -> Seeds:
        """The chance of a run with this seed."""
        return Seeds(seed, self.chance.model_dump(exclude_none=True))

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits that change when anything that decides the outcome changes."""
        text = json.dumps(self.content, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def yaml(self) -> str:
        """The recipe as a file that :meth:`load` reads."""
        return yaml.dump({key: value for key, value in self.plain().items() if value not in ("", {})})

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.yaml())}</pre>"


def read(source: str | Path) -> dict[str, Any]:
    """The plain data of a shipped recipe or a recipe file, as :meth:`Recipe.load` takes it."""
    return _read(str(source))


def _read(source: str, derived: tuple[str, ...] = ()) -> dict[str, Any]:
    """The plain data of a recipe, its base filled in; ``derived`` are the recipes that are based on it."""
    path = Path(source)
    if source in derived:
        raise RecipeError("a recipe cannot be its own base", got=" → ".join((*derived, source)))
    if path.suffix in SUFFIXES:
        raw, name = yaml.parse_file(path), path.stem
    elif source in shipped():
        raw, name = deepcopy(_parsed(source)), source
    else:
        raise RecipeError("there is no recipe of this name", got=source, hint=_meant(source))
    if not isinstance(raw, dict):
        raise RecipeError("a recipe is a mapping of fields", got=source, hint="see: paribus show digits/cnn")
    if base := raw.pop("base", None):
        beside = path.parent / str(base) if Path(str(base)).suffix in SUFFIXES else base
        ground = _read(str(beside), (*derived, source))
        raw = override({**ground, "about": "", "why": ""}, flatten({"name": name, **raw}))
    return {"name": name, **raw}


@cache
def _parsed(name: str) -> Any:
    """A shipped recipe; they stay what they are, and a session or a page asks for the same ones again and again."""
    text = resources.files("paribus.recipes").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.parse(text, where=name)


def _meant(name: str) -> str:
    """Recipes that a name may stand for: those of the family ``mnist``, those of every ``mlp``, or the nearest one."""
    if found := [one for one in shipped() if name in one.split("/")]:
        return f"did you mean {', '.join(found)}? A recipe of your own is a path that ends in .yaml"
    return f"{nearest(name, shipped())}; a recipe of your own is a path that ends in .yaml"


def shipped() -> list[str]:
    """Names of the recipes that come with paribus."""
    return [*_shipped()]


@cache
def _shipped() -> tuple[str, ...]:
    families = [family for family in resources.files("paribus.recipes").iterdir() if family.is_dir()]
    entries = [(family.name, entry.name) for family in families for entry in family.iterdir()]
    return tuple(sorted(f"{family}/{name.removesuffix('.yaml')}" for family, name in entries if name.endswith(".yaml")))


def override(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set dotted fields in plain recipe data.

    A new ``use`` starts that part afresh from its own defaults, so ``model.use=mlp`` never inherits a CNN's options;
    it is applied before the other fields, whatever their order.
    """
    result = deepcopy(dict(raw))
    for path in sorted(changes, key=lambda path: (path.count("."), not path.endswith(".use"))):
        _set(result, path.split("."), deepcopy(changes[path]))  # what is given stays as it is
    return result


def flatten(raw: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted fields; lists and empty mappings stay values."""
    flat: dict[str, Any] = {}
    for key, value in raw.items():
        if isinstance(value, Mapping) and value:
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _set(raw: dict[str, Any], keys: list[str], value: Any) -> None:
    head, *rest = keys
    if head not in Recipe.model_fields:
        raise unknown_field(".".join(keys), raw, Recipe.model_fields)
    if not rest:
        raw[head] = value
        return
    if head == "augment" and head in raw:
        raw[head] = by_name(raw[head])
    elif head in KINDS and isinstance(raw.get(head), (str, Part)):
        raw[head] = Part.of(raw[head]).opened()
    use = KINDS[head].default if head in KINDS else None
    place = raw.setdefault(head, {"use": use} if use else {})
    if not isinstance(place, dict):
        raise RecipeError(
            f"{head} has no fields here", got=place, hint=f"change {head} as a whole, or its fields, not both"
        )
    if rest == ["use"] and _called(place.get("use")) != _called(value):
        raw[head] = {"use": value}
        return
    for key in rest[:-1]:
        if not isinstance(place.get(key), dict):
            place[key] = {}
        place = place[key]
    place[rest[-1]] = value


def _called(use: Any) -> Any:
    return getattr(use, "__name__", use)


def _opened(value: Any) -> Any:
    """A field of a recipe as mappings that can be changed; classes of the user's own stay in them."""
    if isinstance(value, Part):
        return value.opened()
    if isinstance(value, dict):
        return {name: _opened(entry) for name, entry in value.items()}
    return value.model_dump() if isinstance(value, Section) else value


def _known_fields(error: ValidationError) -> Mapping[str, Any]:
    *path, _ = error.errors(include_url=False)[0]["loc"] or ("",)
    section = Recipe.model_fields[str(path[0])].annotation if path else Recipe
    return section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
