"""Escaping for Markdown, and SVG within a page."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from paribus.reports.render import escape_markdown, fence, inline


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a](javascript:alert(1))",
        "[a](javascript:alert(1))",
        "![a](https://example.org/x.png)",
        "[a][b] and [b]: https://example.org",
        "`code` **bold** _it_ ~~gone~~ # no heading",
        "a | b \\| c",
        "&lt;b&gt; &amp;",
        "<https://example.org>",
        "line\n# one",
    ],
)
def test_text_reads_as_itself(text: str) -> None:
    html = MarkdownIt("commonmark").render("x " + escape_markdown(text))
    plain = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert plain == f"<p>x {' '.join(text.splitlines())}</p>\n"


@pytest.mark.parametrize("code", ["plain", "```", "a\n`````\nb"])
def test_a_fence_holds_its_code(code: str) -> None:
    (token,) = MarkdownIt("commonmark").parse(fence(code))
    assert token.content == code + "\n"


def test_R27_orders_to_a_terminal_in_code_are_shown() -> None:
    assert "n\\x1b[31mx" in fence("paribus study --name n\x1b[31mx")


def test_identifiers_of_a_picture_are_its_own() -> None:
    svg = '<svg width="1"><clipPath id="clip0"/><g clip-path="url(#clip0)"/></svg>'
    one, other = inline(svg, 'a "quoted" alt'), inline(svg.replace('"1"', '"2"'), "b")
    name = one.split(' id="')[1].split('"')[0]
    assert f"url(#{name})" in one
    assert name not in other
    assert "&quot;quoted&quot;" in one
