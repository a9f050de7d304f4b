"""What shells complete: recipes, their fields and values, runs and studies. Imports nothing that takes time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer

MOST = 200  # runs that are offered at once
SUFFIXES = (".yaml", ".yml", ".json")

Found = Iterable[tuple[str, str]]  # a word, and what it means


@cache
def words() -> dict[str, Any]:
    """The vocabulary: see :mod:`paribus.cli.vocabulary`."""
    text = Path(__file__).with_name("vocabulary.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def recipes(incomplete: str) -> Found:
    """Names of recipes, and recipe files."""
    yield from _fitting(((name, one["about"]) for name, one in words()["recipes"].items()), incomplete)
    yield from ((path, "a recipe file") for path in _files(incomplete))


def overrides(ctx: typer.Context, incomplete: str) -> Found:
    """Fields of the recipe that is named before, and behind ``=`` their values.

    Shells differ in what they take for a word: bash splits ``model.norm=ba`` at the sign, others do not.
    """
    parts, given = _parts(ctx), _given(ctx)
    varied = ctx.params.get("vary") or ()
    if given[-1:] == ["="] and varied:  # bash, behind --vary FIELD=
        yield from _listed(str(varied[-1]), incomplete, parts)
    elif given and given[-1].endswith("="):
        yield from _fitting(_values(given[-1].removesuffix("="), parts), incomplete)
    else:
        yield from _changed(parts, incomplete)


def vary(ctx: typer.Context, incomplete: str) -> Found:
    """Fields to be varied, and behind ``=`` their values one after the other."""
    field, equals, listed = incomplete.partition("=")
    if equals:
        yield from ((f"{field}={value}", about) for value, about in _listed(field, listed, _parts(ctx)))
    else:
        yield from _changed(_parts(ctx), incomplete)


def runs(ctx: typer.Context, incomplete: str) -> Found:
    """Runs below ``--runs``."""
    yield from _folders(ctx, incomplete, "run")


def studies_and_runs(ctx: typer.Context, incomplete: str) -> Found:
    """Studies and runs below ``--runs``."""
    yield from _folders(ctx, incomplete, "study", "run")


def things(ctx: typer.Context, incomplete: str) -> Found:
    """All that ``paribus show`` shows: recipes, parts, analyses, studies, runs."""
    yield from _folders(ctx, incomplete, "study", "run")
    known = words()
    yield from recipes(incomplete)
    for kind, parts in known["parts"].items():
        yield from _fitting(((name, f"{kind}: {one['about']}") for name, one in parts.items()), incomplete)
    yield from _fitting(known["analyses"].items(), incomplete)


def recipes_and_studies(ctx: typer.Context, incomplete: str) -> Found:
    """What can be planned."""
    yield from _folders(ctx, incomplete, "study")
    yield from recipes(incomplete)


def claims(incomplete: str) -> Found:
    """What verdicts can be about."""
    known = {
        "these": "had only other seeds been drawn",
        "like-these": "had other examples come from the same source",
        "examples": "had other examples been drawn to evaluate on",
    }
    yield from _fitting(known.items(), incomplete)


def executors(incomplete: str) -> Found:
    """Where runs can be computed."""
    from paribus.studies.executors import AUTO, EXECUTORS

    yield from _fitting(dict.fromkeys((AUTO, *EXECUTORS), "").items(), incomplete)


def analyses(incomplete: str) -> Found:
    """Names of analyses."""
    yield from _fitting(words()["analyses"].items(), incomplete)


def lists(incomplete: str) -> Found:
    """What ``paribus list`` lists."""
    from paribus.records.kinds import KINDS

    plurals = ("recipes", "runs", "studies", "searches", "analyses", *(one.plural for one in KINDS.values()))
    yield from _fitting(((one, "") for one in plurals), incomplete)


def _parts(ctx: typer.Context) -> dict[str, str]:
    """The parts that a recipe and the changes before the cursor name, by kind."""
    known = words()
    name = str(ctx.params.get("recipe") or next(iter(ctx.args), ""))
    parts = {"task": "classification", "optimizer": "sgd", "schedule": "constant", "stopping": "never"}
    if name in known["recipes"]:
        parts = dict(known["recipes"][name]["parts"])
    elif name.endswith(SUFFIXES):
        parts |= _parts_of_file(Path(name))
    for word in _given(ctx):
        field, _, value = word.partition("=")
        if value in known["parts"].get(kind := field.removesuffix(".use"), ()):
            parts[kind] = value
    return parts


def _parts_of_file(path: Path) -> dict[str, str]:
    """The parts that a recipe file names; none of one that cannot be read."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    base = content.get("base") if isinstance(content, dict) else None
    found = dict(words()["recipes"].get(base, {}).get("parts", {}))
    for kind in words()["parts"]:
        value = content.get(kind) if isinstance(content, dict) else None
        use = value.get("use") if isinstance(value, dict) else value
        if isinstance(use, str):
            found[kind] = use
    return found


def _given(ctx: typer.Context) -> list[str]:
    """The changes before the cursor, put together where bash has split them; the last one may end in ``=``."""
    found: list[str] = []
    for word in map(str, (*(ctx.params.get("overrides") or ()), *ctx.args)):
        if found and (word.startswith("=") or found[-1].endswith("=")):
            found[-1] += word
        else:
            found.append(word)
    return found


def _fields(parts: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All fields that can be set with these parts, with what is known of them."""
    known = words()
    for kind, some in known["parts"].items():
        if kind == "augment":
            for name, part in some.items():
                yield f"augment.{name}", {"about": part["about"], "values": ["true", "false"]}
                yield from ((f"augment.{name}.{option}", about) for option, about in part["options"].items())
            continue
        yield kind, {"about": f"another {kind}", "values": list(some)}
        if part := some.get(parts.get(kind, "")):
            options = {**known["common"].get(kind, {}), **part["options"]}
            yield from ((f"{kind}.{option}", about) for option, about in options.items())
    yield from known["fields"].items()


def _changed(parts: dict[str, str], incomplete: str) -> Found:
    """``FIELD=VALUE`` as far as it is written; the only field that fits comes with its values."""
    field, equals, _ = incomplete.partition("=")
    if equals:
        yield from _fitting(((f"{field}={value}", about) for value, about in _values(field, parts)), incomplete)
        return
    found = [(name, about) for name, about in _fields(parts) if name.startswith(incomplete)]
    if len(found) == 1 and len(found[0][1]["values"]) > 1:
        name, about = found[0]
        yield from ((f"{name}={value}", about["about"]) for value in about["values"])
    else:
        yield from ((f"{name}=", about["about"]) for name, about in found)


def _listed(field: str, incomplete: str, parts: dict[str, str]) -> Found:
    """Values with commas between them, those that are written already left out."""
    before, comma, _ = incomplete.rpartition(",")
    fresh = ((value, about) for value, about in _values(field, parts) if value not in before.split(","))
    yield from _fitting(((f"{before}{comma}{value}", about) for value, about in fresh), incomplete)


def _values(field: str, parts: dict[str, str]) -> Found:
    about = dict(_fields(parts)).get(field.removesuffix(".use"), {"values": [], "about": ""})
    yield from ((value, about["about"]) for value in about["values"])


def _folders(ctx: typer.Context, incomplete: str, *kinds: str) -> Found:
    from paribus.records.store import named

    root = Path(str(ctx.params.get("runs") or "runs"))
    yield from _fitting([("last", "what was written last")], incomplete)
    for kind in kinds:
        yield from _fitting(((name, kind) for name in named(root, kind)), incomplete, MOST)


def _files(incomplete: str) -> Iterator[str]:
    """Recipe files and folders on the way to them."""
    folder, slash, start = incomplete.rpartition("/")
    place = Path(folder + slash) if slash else Path()
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path.name.startswith(start) and not path.name.startswith(".") and path.suffix in SUFFIXES:
            yield f"{folder}{slash}{path.name}"


def _fitting(found: Found, incomplete: str, most: int = 1000) -> Found:
    fitting = (one for one in found if one[0].startswith(incomplete))
    yield from (one for _, one in zip(range(most), fitting, strict=False))
