"""Activation functions as text and as a page: formulas in MathML, curves in SVG, no script, no request."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.plots.activations import activations
from paribus.reports.html import environment
from paribus.reports.page import Table as View
from paribus.reports.render import inline
from paribus.theory.activations import Activation, Sheet, overview
from paribus.theory.activations.sheet import spans
from paribus.theory.derivations.record import Table


def as_text(sheets: Sequence[Sheet]) -> str:
    """One sheet in full, several as one table."""
    if len(sheets) > 1:
        return f"{overview(sheets)}\n\n{_proof(sheets)}"
    return "\n".join([*_facts(sheets[0]), "", str(sheets[0].values), "", _proof(sheets)])


def as_html(sheets: Sequence[Sheet]) -> str:
    """A page: the table of all, then each with its formulas, its curves and its values."""
    several = len(sheets) > 1
    title, every = ("Activations", _view(overview(sheets))) if several else (sheets[0].activation.name, None)
    content = {"all": every, "proof": _proof(sheets), "sheets": [_shown(sheet) for sheet in sheets]}
    return environment().get_template("activations.html").render(title=title, **content)


def _shown(sheet: Sheet) -> dict[str, object]:
    """What the page says of one activation."""
    f = sheet.activation
    chart = activations([f])
    return {
        "name": f.name,
        "formulas": (f"f(x) = {f.formula.latex}", rf"f'(x) = {f.derivative.latex}{_where(f)}"),
        "properties": [(name, value) for name, value in _properties(sheet) if value],
        "proof": _proof([sheet]),
        "curves": inline(chart.svg(), chart.title),
        "points": _view(sheet.values),
    }


def _facts(sheet: Sheet) -> list[str]:
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


def _where(f: Activation) -> str:
    """What a derivative adds that is written with the value y."""
    return r",\quad y = f(x)" if f.derivative.text.startswith(("y", "1 - y")) else ""


def _view(table: Table) -> View:
    """A table of theory as one of a report."""
    rows = tuple(tuple(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) for row in table.rows)
    align = "".join("r" if isinstance(value, float) else "l" for value in table.rows[0])
    return View(tuple(table.heads), rows, align)


def _proof(sheets: Sequence[Sheet]) -> str:
    worst = max(sheet.max_relative_error for sheet in sheets)
    return f"verified against central differences, ranges and Lipschitz constants on a grid; largest error {worst:.1e}"
