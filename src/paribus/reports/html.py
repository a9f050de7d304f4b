"""Jinja's templates of all pages: every text is escaped unless it is known to be markup."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from paribus.plots import theme
from paribus.streams import escaped

TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """The templates, with the filter ``mathml`` for formulas."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_seen,
    )
    found.filters["mathml"] = mathml
    found.globals["night"] = theme.NIGHT
    return found


def piece(template: str, **content: Any) -> Markup:
    """A template filled in, to stand within a page."""
    return Markup(environment().get_template(template).render(**content))


def shell(title: str, body: Markup, style: str) -> str:
    """A page that needs nothing else: no script, no request.

    Args:
        title: of the window.
        body: what ``piece`` made.
        style: file of style rules among the templates.
    """
    return environment().get_template("shell.html").render(title=title, body=body, style=style)


def _seen(value: Any) -> Any:
    """A value as a page shows it: what is not to be seen in a name is."""
    return escaped(value, keep="\n\t") if type(value) is str else value


def mathml(latex: str) -> Markup:
    """A formula in the size of a displayed one, as MathML, which browsers draw without a script."""
    from latex2mathml.converter import convert

    found = str(convert(latex, display="inline")).replace('display="inline"', 'displaystyle="true"', 1)
    return Markup(re.sub(r"<mi>&#x000([67].);</mi>", r'<mi mathvariant="normal">&#x000\1;</mi>', found))  # \mathrm
