"""From a page to HTML and Markdown: every text is escaped unless it is known to be markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from paribus.plots.chart import Chart
from paribus.plots.engine import LANGUAGE, NotDrawn
from paribus.reports.html import TEMPLATES, environment
from paribus.reports.page import Figure, Page
from paribus.streams import escaped, say

MISSING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="30">'
    '<text x="4" y="20" font-family="sans-serif" font-size="13">This picture could not be drawn.</text></svg>'
)
MARK = "\n<!-- drawn from "  # before the hash
_SPECIAL = re.compile(r"[\\`*_<>|#~$&]|!(?=\[)|\](?=[(\[:])")  # a bracket alone makes no link


class Raw(str):
    """Text that is Markdown already."""


def to_html(page: Page, drawn: dict[str, str]) -> str:
    """One page of HTML that needs nothing else; ``drawn`` holds the SVG text of its figures by name."""
    return environment().get_template("page.html").render(page=page, pictures=_inlined(page.figures, drawn))


def to_snippet(page: Page) -> str:
    """The answers and the first section of a page, to stand within another one."""
    section = page.sections[0]
    figures = (section.figure,) if section.figure else ()
    pictures = _inlined(figures, {figure.name: figure.chart.svg() for figure in figures})
    return environment().get_template("snippet.html").render(page=page, section=section, pictures=pictures)


def to_markdown(page: Page, folder: str = "figures") -> str:
    """The same page as Markdown; its figures are files in ``folder``."""
    text = _markdown().get_template("page.md").render(page=page, folder=folder)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def draw(page: Page, before: Path | None = None) -> dict[str, str]:
    """All figures of a page as SVG text, by name; where one cannot be drawn, its place says so.

    Args:
        page: whose figures.
        before: a folder with pictures that :func:`marked` wrote: what shows the same is not drawn again.
    """
    drawn, problem = {}, None
    for figure in page.figures:
        try:
            known = before and _drawn_before(figure, before / f"{figure.name}.svg")
            drawn[figure.name] = known or figure.chart.svg()
        except NotDrawn as error:
            drawn[figure.name], problem = MISSING, error
    if problem is not None:
        say(f"note: the page is written without some of its pictures\n{problem}")
    return drawn


def marked(page: Page, drawn: Mapping[str, str]) -> dict[str, str]:
    """The pictures as files that say what they were drawn from: a rerun draws only what has changed."""
    charts = {figure.name: figure.chart for figure in page.figures}
    return {name: svg + _mark(charts[name], svg) if svg != MISSING else svg for name, svg in drawn.items()}


def _drawn_before(figure: Figure, path: Path) -> str:
    """The picture in a file, where it is whole and was drawn from the same specification by the same engine."""
    try:
        svg, start, rest = path.read_text(encoding="utf-8").rpartition(MARK)
    except (OSError, ValueError):
        return ""
    return svg if start + rest == _mark(figure.chart, svg) else ""


def _mark(chart: Chart, svg: str) -> str:
    """The last line of a picture's file: one hash over what was drawn, by what, and the picture."""
    made = json.dumps([version("vl-convert-python"), LANGUAGE, chart.spec, svg])
    return f"{MARK}{sha256(made.encode()).hexdigest()} -->\n"


def inline(svg: str, alt: str) -> Markup:
    """SVG text as a part of a page: its identifiers are its own, and it says what it shows."""
    mark = "p" + sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(?<= id=")|(?<=url\(#)', f"{mark}-", svg)
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1))  # its texts are escaped


def escape_markdown(value: Any) -> str:
    """Text that reads as itself in Markdown: no markup, no link, no cell of a table ends in it."""
    if isinstance(value, Raw):
        return value
    return _SPECIAL.sub(lambda match: "\\" + match.group(), " ".join(escaped(str(value), keep="\n").splitlines()))


def fence(code: str) -> Raw:
    """A block of code whose content cannot end it."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    bar = "`" * max(3, longest + 1)
    shown = escaped(code.rstrip(), keep="\n\r\t")
    return Raw(f"{bar}\n{shown}\n{bar}")


def rule(align: str) -> Raw:
    """The line below the heads of a table."""
    return Raw("| " + " | ".join("---:" if side == "r" else "---" for side in align) + " |")


def _inlined(figures: Iterable[Figure], drawn: Mapping[str, str]) -> dict[str, Markup]:
    return {figure.name: inline(drawn[figure.name], figure.alt) for figure in figures}


@cache
def _markdown() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # HTML's escapes are not Markdown's; ``finalize`` sees every value instead
        finalize=escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"fence": fence, "rule": rule, "raw": Raw, "heading": lambda level: Raw("#" * level)}
    return environment
