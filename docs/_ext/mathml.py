"""Formulas as MathML in the pages themselves: browsers draw them without a script, a font server or a network."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator

RENDERER = "mathml"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_html_math_renderer(RENDERER, inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """``$x$`` within a line."""
    translator.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """``$$x$$`` on a line of its own."""
    translator.body.append(f'<div class="formula">{mathml(node, "block")}</div>\n')
    raise nodes.SkipNode


def mathml(node: Any, display: str) -> str:
    """The formula of a node; a formula that cannot be read is a warning, and warnings fail the build."""
    latex = node.astext().strip()
    try:
        return converted(latex, display)
    except Exception as error:  # whatever the converter meets
        getLogger(__name__).warning("cannot set %r: %s", latex, error, location=node)
        return escape(latex)


def converted(latex: str, display: str = "inline") -> str:
    """LaTeX as MathML.

    Raises:
        ValueError: a command or an environment is unknown; the converter would print its name or its ampersands.
    """
    result = str(convert(latex, display=display))
    if unknown := re.search(r"\\[A-Za-z]+|&(?=<)", result):
        raise ValueError(f"{unknown[0]} is unknown")
    return result
