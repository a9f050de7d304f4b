"""Somebody's own words for a page: Markdown as harmless HTML, divided by the names of what they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from paribus.errors import ParibusError
from paribus.files import read_regular
from paribus.reports.page import Words
from paribus.streams import escaped

LARGEST = 1 << 20  # bytes of a file of notes


@dataclass(frozen=True)
class Notes:
    """What stands above everything else, and what belongs to a name."""

    above: Words | None = None
    about: Mapping[str, Words] = field(default_factory=dict)


def read_notes(path: Path, names: Collection[str]) -> Notes:
    """A Markdown file; a heading that is one of the names begins what is said about it.

    Raises:
        ParibusError: if the file is no regular one of at most 1 MB, or cannot be read as text.
    """
    try:
        text = read_regular(path, LARGEST, ParibusError).decode()
    except OSError as error:
        rule = f"the notes cannot be read: {error.strerror}"
        raise ParibusError(rule, got=str(path), hint="check the path given to --notes") from None
    except UnicodeDecodeError:
        rule = "notes are a text in UTF-8, written in Markdown"
        raise ParibusError(rule, got=str(path), hint="save the file in UTF-8") from None
    return divided(escaped(text, keep="\n\r\t"), names)


def divided(text: str, names: Collection[str]) -> Notes:
    """Notes, cut at the headings that are names."""
    lines, known = text.splitlines(), {name.casefold(): name for name in names}
    cuts = [(0, "", 0)]
    tokens = _parser().parse(text)
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            name = known.get(content.content.strip().casefold())
            cuts += [(token.map[0], name, token.map[1])] if name is not None else []
    pieces: dict[str, str] = {}
    ends = [start for start, _, _ in cuts[1:]] + [len(lines)]
    for (_, name, start), end in zip(cuts, ends, strict=True):
        pieces[name] = "\n".join([*filter(None, [pieces.get(name)]), *lines[start:end]]).strip()
    words = {name: Words(piece, to_markup(piece)) for name, piece in pieces.items() if piece}
    return Notes(words.pop("", None), words)


def to_markup(text: str) -> Markup:
    """Markdown as HTML without anything that loads or runs: markup in it stays text, pictures become links."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"  # below the headings of the page
    return Markup(parser.renderer.render(tokens, parser.options, {}))


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
