"""A safe subset of YAML with the scalars of version 1.2.

Plain scalars follow YAML 1.2 (``1e-3`` is a number, ``no`` is a word). Tags, anchors, duplicate keys, great depth
and great size are refused, each with its line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from paribus.errors import RecipeError
from paribus.files import read_regular

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_INTEGER = re.compile(r"[-+]?[0-9][0-9_]{0,99}\Z")  # longer ones are read as floats: infinite, and refused as such
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_WORDS = {
    **{"true": True, "false": False, "null": None, "~": None, "": None},
    **{".nan": math.nan, ".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf},
}


def scalar(text: str) -> Any:
    """The value of an unquoted scalar: number, true/false, null, or the text itself."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.match(text):
        return int(text.replace("_", ""))
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return text


class _Loader(yaml.SafeLoader):
    """Builds plain Python values from events, with limits."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _at(event, "anchors and aliases are not allowed in recipes")
        if getattr(event, "tag", None):
            raise _at(event, f"tags are not allowed in recipes: {event.tag}")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _at(event, f"nesting is limited to {MAX_DEPTH} levels")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_document(self, node: yaml.Node) -> Any:
        """Refuse ``budget.epochs: 3`` beside ``budget: {epochs: 1}``: one would hide the other."""
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        groups = {key.value for key, _ in entries if isinstance(key.value, str)}
        for key, _ in entries:
            if isinstance(key.value, str) and "." in key.value and (group := key.value.partition(".")[0]) in groups:
                raise _at(key, f"{key.value} stands beside {group}, which holds it too; write it in one place")
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _at(key_node, "keys must be plain words")
            if key in seen:
                raise _at(key_node, f"the key {key!r} stands here twice")
            seen.add(key)
        return super().construct_mapping(node, deep=True)


def _plain(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return scalar(node.value) if node.style is None else node.value


_Loader.yaml_implicit_resolvers = {}  # every plain scalar reaches _plain as a string
_Loader.add_constructor("tag:yaml.org,2002:str", _plain)


def parse(text: str, where: str = "recipe") -> Any:
    """Parse YAML text into dicts, lists and scalars.

    Raises:
        RecipeError: with line and column, for anything that is not plain data.
    """
    size = len(text.encode(errors="replace"))
    if size > MAX_BYTES:
        raise RecipeError(f"a recipe file is at most {MAX_BYTES:,} bytes", got=f"{size:,} bytes")
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where
        raise RecipeError(f"{error.problem or error.context}", got=place, hint="correct this line") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"not readable as YAML: {error}", got=where) from None
    except RecursionError:
        raise RecipeError(f"nesting is limited to {MAX_DEPTH} levels", got=where) from None


def parse_file(path: Path) -> Any:
    """Parse a YAML file."""
    try:
        content = read_regular(path, MAX_BYTES, RecipeError)
        return parse(content.decode("utf-8"), where=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read the recipe file: {error}", got=str(path)) from None


def parse_value(text: str) -> Any:
    """The value on the right of ``field=value``: a scalar, a ``[list]`` or a ``{mapping}``."""
    text = text.strip()
    return parse(text, where=text) if text[:1] in {"[", "{", "'", '"'} else scalar(text)


def split_values(text: str) -> list[Any]:
    """Split ``none,batch`` or ``[32,64],[64,128]`` at its top-level commas and parse each piece."""
    return [parse_value(piece) for piece in split(text)]


def split(text: str) -> list[str]:
    """The pieces between the top-level commas of a list of values."""
    pieces, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and pieces[-1].rstrip()[-1:] in "[{,:":  # not the one in: it's
            quote = character
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            pieces.append("")
        else:
            pieces[-1] += character
    if not all(map(str.strip, pieces)):
        raise RecipeError(
            "a value is missing between the commas", got=text or "nothing", hint="for no value write null"
        )
    return pieces


def dump(value: Any) -> str:
    """``value`` as block YAML that :func:`parse` reads back, in the given order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


_BREAKS = {"\x85", "\u2028", "\u2029"}  # line ends that PyYAML forgets to escape in other quotes


class _Dumper(yaml.SafeDumper):
    """Flat lists on one line; text that would read as something else is quoted."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    flat = not any(isinstance(entry, (list, dict)) for entry in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "'" if not isinstance(scalar(value), str) else '"' if _BREAKS.intersection(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(str, _represent_text)


def _at(event: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
