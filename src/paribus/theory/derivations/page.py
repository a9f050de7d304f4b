"""A derivation as a page of its own: formulas in MathML, which browsers draw without a script or a request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from paribus.theory.derivations.record import Derivation, Step, Table
from paribus.theory.derivations.words import answer_label, cell_text, error_text, shape_text

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>{style}</style>
</head><body>
{body}
</body></html>
"""

STYLE = """
.derivation { max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; background: #fff; color: #1b1f24;
  font: 17px/1.55 Charter, "Bitstream Charter", "Iowan Old Style", Palatino, Georgia, serif; }
.derivation h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 1.2rem; }
.derivation h2 { font-size: 1.05rem; font-weight: 600; margin: 2rem 0 .6rem; color: #444c56; }
.derivation code { font: .86em ui-monospace, "DejaVu Sans Mono", monospace; color: #444c56; overflow-wrap: anywhere; }
.derivation math { font: 1.08em "STIX Two Math", "Latin Modern Math", "Cambria Math", math; }
.derivation mtd[columnalign="left"] { text-align: left; padding-left: 0; }
.derivation mtd[columnalign="right"] { text-align: right; padding-right: 0; }
.derivation dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: 0; }
.derivation dt { color: #6a737d }
.derivation dd { margin: 0 }
.derivation ol { list-style: none; counter-reset: step; margin: 0; padding: 0; }
.derivation ol > li { counter-increment: step; border-top: 1px solid #e6e9ed; padding: .7rem 0 .8rem 2.2rem;
  position: relative; }
.derivation ol > li::before { content: counter(step); position: absolute; left: 0; color: #8b949e; }
.derivation .rule { display: flex; justify-content: space-between; gap: 1rem; font-weight: 600; }
.derivation .error { font-weight: 400; font-size: .85rem; color: #57806a; white-space: nowrap; }
.derivation .formula { overflow-x: auto; padding: .45rem 0 .2rem; }
.derivation .note { color: #57606a; font-size: .92rem; }
.derivation .answer { background: #f4f7fb; border-left: 3px solid #4269a5; padding: .5rem 1rem .7rem; margin: .6rem 0; }
.derivation .proof { margin-top: 1.6rem; color: #2f6b4a; font-size: .95rem; }
.derivation table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.derivation th, .derivation td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #e6e9ed; }
.derivation th { color: #57606a; font-weight: 600; }
"""


def as_html(derivation: Derivation) -> str:
    """A self-contained page: every step with its rule and error, the answers, and the proof. No script, no request."""
    return PAGE.format(title=escape(derivation.title), style=STYLE, body=_article(derivation))


def as_fragment(derivation: Derivation) -> str:
    """The same for the cell of a notebook."""
    return f"<style>{STYLE}</style>\n{_article(derivation)}"


def mathml(latex: str) -> str:
    """A formula as MathML, in the size of a displayed one."""
    from latex2mathml.converter import convert

    found = str(convert(latex, display="inline")).replace('display="inline"', 'displaystyle="true"', 1)
    return re.sub(r"<mi>&#x000([67].);</mi>", r'<mi mathvariant="normal">&#x000\1;</mi>', found)  # \mathrm


def _article(derivation: Derivation) -> str:
    sections = [
        f"<h1>{escape(derivation.title)}</h1>",
        _facts(derivation),
        "<h2>Steps</h2>\n<ol>" + "".join(map(_step, derivation.steps)) + "</ol>" if derivation.steps else "",
        *map(_table, derivation.tables),
        _answers(derivation),
        _proof(derivation),
    ]
    return '<article class="derivation">' + "\n".join(filter(None, sections)) + "</article>"


def _facts(derivation: Derivation) -> str:
    shapes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in derivation.shapes.items())
    rows = [("given", _formula(derivation.given.latex) + _code(derivation.given.text))]
    rows += [("shapes", _code(shapes)), ("layout", escape(derivation.layout))]
    rows += [("assumed", "<br>".join(map(escape, derivation.assumptions)))]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value) + "</dl>"


def _step(step: Step) -> str:
    error = f'<span class="error">{escape(error_text(step.max_relative_error))}</span>'
    note = f'<div class="note">{escape(step.note)}</div>' if step.note else ""
    equation = _formula(f"{step.before.latex} = {step.after.latex}")
    return f'<li><div class="rule"><span>{escape(step.rule)}</span>{error}</div>{equation}{note}</li>\n'


def _answers(derivation: Derivation) -> str:
    boxes = [
        f'<div class="answer">{_formula(f"{answer_label(derivation, key)} = {found.latex}")}{_code(found.text)}</div>'
        for key, found in derivation.answers.items()
    ]
    return f"<h2>Answer{'s' if len(boxes) > 1 else ''}</h2>\n" + "\n".join(boxes) if boxes else ""


def _proof(derivation: Derivation) -> str:
    verdict = "Verified" if derivation.verified else "Not verified"
    return (
        f'<p class="proof">{verdict} on {derivation.draws} random draws of sizes and values, every step and the '
        f"answers, against {escape(derivation.oracle)}. Largest relative error {derivation.max_relative_error:.1e}.</p>"
    )


def _table(table: Table) -> str:
    heads = _row("th", table.heads)
    rows = "\n".join(_row("td", map(cell_text, row)) for row in table.rows)
    return f"<h2>{escape(table.title)}</h2>\n<table>{heads}\n{rows}</table>"


def _row(cell: str, values: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(value)}</{cell}>" for value in values) + "</tr>"


def _formula(latex: str) -> str:
    return f'<div class="formula">{mathml(latex)}</div>'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
