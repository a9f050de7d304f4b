"""Activation sheets as text and as a page of their own: formulas in MathML, curves in SVG, no script, no request."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from paribus.plots.activations import activations
from paribus.theory.activations import Sheet, overview
from paribus.theory.activations.sheet import spans
from paribus.theory.derivation import Table
from paribus.theory.page import PAGE, STYLE, mathml

MORE = "svg { max-width: 100%; height: auto; } section { border-top: 1px solid #e6e9ed; margin-top: 2rem; }"


def as_text(sheets: Sequence[Sheet]) -> str:
    """One sheet in full, several as one table."""
    if len(sheets) > 1:
        return f"{overview(sheets)}\n\n{_proof(sheets)}"
    return "\n".join([*_facts(sheets[0]), "", str(sheets[0].values), "", _proof(sheets)])


def as_html(sheets: Sequence[Sheet]) -> str:
    """A page: the table of all, then each with its formulas, its curves and its values."""
    title = "Activations" if len(sheets) > 1 else sheets[0].activation.name
    body = [f"<h1>{escape(title)}</h1>"]
    if len(sheets) > 1:
        body += [_table(overview(sheets)), f'<p class="proof">{escape(_proof(sheets))}</p>']
    body += [_section(sheet, alone=len(sheets) == 1) for sheet in sheets]
    return PAGE.format(title=escape(title), style=STYLE + MORE, body="\n".join(body))


def _facts(sheet: Sheet) -> list[str]:
    return [sheet.activation.name, *(f"  {name:<13}{value}" for name, value in _entries(sheet))]


def _entries(sheet: Sheet) -> list[tuple[str, str]]:
    f = sheet.activation
    entries = [
        ("f(x)", f.formula.text),
        ("f′(x)", f.derivative.text + (" with y = f(x)" if "y" in f.derivative.text else "")),
        *_properties(sheet),
    ]
    return [(name, value) for name, value in entries if value]


def _properties(sheet: Sheet) -> list[tuple[str, str]]:
    f = sheet.activation
    centred = "yes" if sheet.centred else f"no: mean {sheet.mean:.3f} for standard normal inputs"
    kinks = ", ".join(f"{kink:g}" for kink in f.kinks)
    return [
        ("range", sheet.range),
        ("zero-centred", centred),
        ("Lipschitz", f"{f.lipschitz:.6g}"),
        ("|f′| < 0.01", spans(sheet.saturation)),
        ("kinks at", kinks),
        ("source", f.source),
    ]


def _section(sheet: Sheet, alone: bool) -> str:
    f = sheet.activation
    formulas = f"f(x) = {f.formula.latex}", f"f'(x) = {f.derivative.latex}"
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _properties(sheet) if value)
    parts = [
        "" if alone else f"<h2>{escape(f.name)}</h2>",
        *(f'<div class="formula">{mathml(formula)}</div>' for formula in formulas),
        f"<dl>{rows}</dl>",
        activations([f]).svg(),
        _table(sheet.values),
        f'<p class="proof">{escape(_proof([sheet]))}</p>',
    ]
    return "<section>" + "\n".join(parts) + "</section>"


def _table(table: Table) -> str:
    def row(tag: str, cells: Sequence[object]) -> str:
        shown = (f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in cells)
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in shown) + "</tr>"

    return f"<table>{row('th', table.heads)}{''.join(row('td', cells) for cells in table.rows)}</table>"


def _proof(sheets: Sequence[Sheet]) -> str:
    worst = max(sheet.max_relative_error for sheet in sheets)
    return f"verified against central differences, ranges and Lipschitz constants on a grid; largest error {worst:.1e}"
