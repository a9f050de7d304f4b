"""Activation sheets as text and as a page of their own: formulas in MathML, curves in SVG, no script, no request."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from paribus.plots.activations import activations
from paribus.reports.html import mathml, shell
from paribus.theory.activations import Activation, Sheet, overview
from paribus.theory.activations.sheet import spans
from paribus.theory.derivations.record import Table


def as_text(sheets: Sequence[Sheet]) -> str:
    """One sheet in full, several as one table."""
    if len(sheets) > 1:
        return f"{overview(sheets)}\n\n{_proof(sheets)}"
    return "\n".join([*_info(sheets[0]), "", str(sheets[0].values), "", _proof(sheets)])


def as_html(sheets: Sequence[Sheet]) -> str:
    """A page: the table of all, then each with its formulas, its curves and its values."""
    title = "Activations" if len(sheets) > 1 else sheets[0].activation.name
    body = [f"<h1>{escape(title)}</h1>"]
    if len(sheets) > 1:
        body += [_table(overview(sheets)), f'<p class="proof">{escape(_proof(sheets))}</p>']
    body += [_section(sheet, alone=len(sheets) == 1) for sheet in sheets]
    return shell(title, Markup("\n".join(body)), "activations.css")


def _info(sheet: Sheet) -> list[str]:
    return [sheet.activation.name, *(f"  {name:<13}{value}" for name, value in _entries(sheet))]


def _entries(sheet: Sheet) -> list[tuple[str, str]]:
    f = sheet.activation
    entries = [
        ("f(x)", f.formula.text),
        ("f′(x)", f.derivative.text + (" with y = f(x)" if _where(f) else "")),
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
    formulas = f"f(x) = {f.formula.latex}", rf"f'(x) = {f.derivative.latex}{_where(f)}"
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _properties(sheet) if value)
    words = [
        *(f'<div class="formula">{mathml(formula)}</div>' for formula in formulas),
        f"<dl>{rows}</dl>",
        f'<p class="proof">{escape(_proof([sheet]))}</p>',
    ]
    heading = "" if alone else f"<h2>{escape(f.name)}</h2>"
    columns = "".join(words), activations([f]).svg() + _table(sheet.values)
    return (
        f'<section>{heading}<div class="sheet">{"".join(f"<div>{column}</div>" for column in columns)}</div></section>'
    )


def _where(f: Activation) -> str:
    """What a derivative adds that is written with the value y."""
    return r",\quad y = f(x)" if f.derivative.text.startswith(("y", "1 - y")) else ""


def _table(table: Table) -> str:
    heads = "".join(f"<th>{escape(head)}</th>" for head in table.heads)
    rows = "".join(f"<tr>{''.join(map(_cell, cells))}</tr>" for cells in table.rows)
    return f"<table><tr>{heads}</tr>{rows}</table>"


def _cell(value: object) -> str:
    return f'<td class="number">{value:.6g}</td>' if isinstance(value, float) else f"<td>{escape(str(value))}</td>"


def _proof(sheets: Sequence[Sheet]) -> str:
    worst = max(sheet.max_relative_error for sheet in sheets)
    return f"verified against central differences, ranges and Lipschitz constants on a grid; largest error {worst:.1e}"
