"""Reference tables made from the code at build time, so that they cannot go stale.

Writes Markdown files into ``reference/generated``, which the pages of the reference include.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from paribus import errors
from paribus.cli.app import app
from paribus.records.kinds import KINDS
from paribus.records.options import common_options, common_schema, describe, schema
from paribus.records.parts import find, parameters_of, table
from paribus.records.recipe import Recipe, shipped
from paribus.records.sections import Section
from paribus.records.study import show

CODE = re.compile(r'"[^"]+"|--[\w-]+|\b[\w.]*[=*/][^\s;]*[^\s;:,.]')  # words of a help text that are to be typed


def setup(sphinx: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    sphinx.connect("builder-inited", lambda sphinx: write(Path(sphinx.srcdir) / "reference" / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(folder: Path) -> None:
    """Write all pieces; a file that would not change is left alone, so that rebuilding is quick."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = {"parts": parts(), "fields": fields(), "recipes": recipes(), "errors": tree()}
    for name, text in {**pieces, **{f"options-{name}": text for name, text in commands().items()}}.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def parts() -> str:
    """Every part that ships, by kind, with its options."""
    lines = []
    for kind in KINDS:
        lines += [f"## {KINDS[kind].heading}", "", sentence(KINDS[kind].about), ""]
        if common := common_options(kind):
            known = common_schema(kind).model_json_schema()["properties"]
            shared = {option.name: known[option.name] for option in common}
            lines += [f"Every {kind} also has:", "", *listing(kind, shared), ""]
        for name in sorted(table(kind)):
            lines += part(kind, name)
    return "\n".join(lines)


def part(kind: str, name: str) -> list[str]:
    """One part: heading, sentence, options."""
    factory = find(kind, name)
    prefix = f"augment.{name}" if kind == "augment" else kind
    options = schema(kind, factory).model_json_schema().get("properties", {})
    common = {option.name for option in common_options(kind)} - parameters_of(factory)
    own = {option: about for option, about in options.items() if option not in common}
    return [f"### {name}", "", describe(factory)[0], "", *listing(prefix, own), ""]


def listing(prefix: str, options: Mapping[str, Any]) -> list[str]:
    """A table of options."""
    rows = [
        [
            f"`{prefix}.{option}`",
            f"`{show(about['default'])}`" if "default" in about else "must be given",
            values(about),
            sentence(about.get("description", "")),
        ]
        for option, about in options.items()
    ]
    return grid(["field", "default", "values", "meaning"], rows)


def fields() -> str:
    """The sections of a recipe that belong to paribus itself."""
    lines = []
    for name, field in Recipe.model_fields.items():
        section = field.annotation
        if not (inspect.isclass(section) and issubclass(section, Section)):
            continue
        properties = section.model_json_schema()["properties"]
        rows = [
            [f"`{name}.{key}`", f"`{show(about['default'])}`", values(about), sentence(about["description"])]
            for key, about in properties.items()
        ]
        lines += [f"### {name}", "", inspect.getdoc(section) or "", ""]
        lines += [*grid(["field", "default", "values", "meaning"], rows), ""]
    return "\n".join(lines)


def recipes() -> str:
    """Every recipe that ships, by what it learns, with what it is made of."""
    found: dict[str, list[list[str]]] = {}
    for name in shipped():
        recipe = Recipe.load(name)
        row = [f"`{name}`", f"`{recipe.model.use}`", sentence(recipe.about)]
        found.setdefault(recipe.task.use, []).append(row)
    lines = []
    for task, rows in sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        lines += [f"### {task}", "", *grid(["recipe", "model", "what it does"], rows), ""]
    return "\n".join(lines)


def commands() -> dict[str, str]:
    """The options of every command, by its name, in the words of its ``--help``."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        options = [one for one in command.params if one.param_type_name == "option" and one.name != "help"]
        rows = [[option(one), default(one), CODE.sub(r"`\g<0>`", one.help)] for one in options]
        found[name] = "\n".join(grid(["option", "default", "meaning"], rows))
    return found


def option(one: Any) -> str:
    """An option as it is typed."""
    words = "/".join([*one.opts, *one.secondary_opts])
    return f"`{words} {one.metavar}`" if one.metavar else f"`{words}`"


def default(one: Any) -> str:
    """What holds without the option, where that is a value."""
    if one.default is None or one.default is False or one.default == "":
        return ""
    value = f"{one.default:g}" if isinstance(one.default, float) else str(one.default)
    return f"`{one.opts[0] if one.default is True else value}`"


def tree() -> str:
    """All exceptions with their exit codes."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ParibusError)]
    rows = [
        [f"`{kind.__name__}`", f"`{kind.__mro__[1].__name__}`", str(kind.exit_code), describe(kind)[0]]
        for kind in sorted(kinds, key=lambda kind: (len(kind.__mro__), kind.__name__))
    ]
    return "\n".join(grid(["exception", "is a", "exit code", "raised for"], rows))


def grid(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table; nothing without rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    heads = list(heads)
    return ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *lines] if lines else []


def values(about: Mapping[str, Any]) -> str:
    """Which values a field takes, from its schema."""
    if "anyOf" in about:
        return " or ".join(map(values, about["anyOf"]))
    if "enum" in about:
        return ", ".join(f"`{show(value)}`" for value in about["enum"])
    if about.get("type") == "array":
        return f"list of {values(about.get('items', {})).replace('integer', 'integers')}"
    if about.get("type") == "null":
        return "`null`"
    if about.get("type") == "boolean":
        return "`true`, `false`"
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = ", ".join(f"{sign} {about[key]:g}" for key, sign in bounds.items() if key in about)
    text = f"{about.get('type', 'any')} {limits}".strip().replace("string", "text")
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
