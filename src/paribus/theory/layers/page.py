"""Tables of layers as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from paribus.theory.layers.refuse import by

if TYPE_CHECKING:
    from paribus.theory.layers.measure import Check, Measurement
    from paribus.theory.layers.row import Row
    from paribus.theory.layers.table import Table

Cells = tuple[str, ...]
HEADS = ("", "layer", "output", "parameters", "multiplications", "field", "jump", "memory")
ALIGN = "rlrrrrrr"
CHECK_HEADS = ("", "layer", "quantity", "predicted", "measured", "equal")
CHECK_ALIGN = "rllrrl"


def rows(table: Table) -> list[Cells]:
    """All layers and their sums, as they are printed."""
    totals = (
        "",
        "all",
        by(table.output),
        f"{table.parameters:,}",
        f"{table.multiplications:,}",
        by(table.field or ()),
        "",
        amount(table.memory),
    )
    return [*map(_cells, table.rows), totals]


def _cells(row: Row) -> Cells:
    jumps = [f.jump for f in row.fields or ()]
    return (
        str(row.number),
        row.name + ("" if row.sources in ((row.number - 1,), ()) else f"  ← {', '.join(map(_source, row.sources))}"),
        by(row.output),
        f"{row.parameters.value:,}" if row.parameters.value else "–",
        _multiplications(row),
        "?" if row.fields is None else by([f.size for f in row.fields]),
        "?" if row.fields is None else "×".join(map(str, jumps)) if any(jumps) else "",
        amount(row.memory.value),
    )


def _source(number: int) -> str:
    return str(number) if number else "input"


def _multiplications(row: Row) -> str:
    if row.multiplications is None:
        return "?"
    return f"{row.multiplications.value:,}" if row.multiplications.value else "–"


def amount(size: int) -> str:
    """Bytes with a unit of thousands: 3.21 MB."""
    if size < 1000:
        return f"{size} B" if size else "–"
    unit, power = next((u, p) for u, p in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if size >= p)
    return f"{size / power:.3g} {unit}" if size / power < 999.5 else f"{size / power:,.0f} {unit}"


def notes(table: Table) -> list[str]:
    """What a reader must know to read the table right."""
    found = ["multiplications: products with weights and of attention, each with the addition that follows it"]
    if any(row.layer.kind == "bn" for row in table.rows):
        found.append("batch norm: only scale and shift are trained; Keras also counts the running mean and variance")
    if any(row.layer.kind in ("rnn", "lstm", "gru") for row in table.rows):
        biases = (
            "one bias vector (GRU two), as in Keras" if table.convention == "keras" else "two bias vectors, as torch"
        )
        found.append(f"recurrent cells have {biases}, unless a layer says bias1 or bias2")
    if table.unknown:
        found.append(f"not known, and left out of the sums: the multiplications of {', '.join(table.unknown)}")
    return found


def text(table: Table, explain: bool = False) -> str:
    """The table as plain text; with ``explain`` every number with its formula."""
    lines = [f"{table.title}", f"input {by(table.input)}", ""]
    grid = aligned(HEADS, rows(table), ALIGN)
    for line, row in zip(grid, [None, *table.rows, None], strict=True):
        lines.append(line)
        if explain and row is not None:
            lines += [f"      {what}: {how}" for what, how in row.explained.items()]
    return "\n".join([*lines, *(f"note: {note}" for note in notes(table))])


def aligned(heads: Cells, cells: Sequence[Cells], align: str) -> list[str]:
    """Lines whose columns stand below each other."""
    columns = list(zip(heads, *cells, strict=True))
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(_set(*cell) for cell in zip(line, widths, align, strict=True)).rstrip() for line in (heads, *cells)
    ]


def _set(cell: str, width: int, side: str) -> str:
    return cell.rjust(width) if side == "r" else cell.ljust(width)


def check_rows(checks: Sequence[Check]) -> list[Cells]:
    """Checks as they are printed."""
    return [
        (str(c.number or ""), c.layer, c.quantity, said(c.predicted), said(c.measured), _verdict(c)) for c in checks
    ]


def _verdict(check: Check) -> str:
    word = "not predicted" if check.predicted is None else "yes" if check.equal else "NO"
    return word + (f"; {check.note}" if check.note else "")


def said(value: object) -> str:
    """A number, a shape or ranges of inputs."""
    if isinstance(value, tuple):
        pairs = [f"{part[0]}–{part[1]}" if isinstance(part, tuple) else str(part) for part in value]
        return " × ".join(pairs)
    return "?" if value is None else f"{value:,}"


def shown(measurement: Measurement) -> list[Check]:
    """The checks that are printed: the whole net's, the last receptive field and all that differ."""
    fields = [check for check in measurement.checks if check.quantity == "receptive field" and check.equal]
    counted = [check for check in measurement.checks if check.predicted is None and check.measured]
    unknown = [check for check in counted if check.quantity == "multiplications"]
    return [*measurement.totals, *fields[-1:], *unknown, *(check for check in measurement.different if check.number)]


def verdict(measurement: Measurement) -> str:
    """How many predictions hold."""
    all_ = sum(check.predicted is not None for check in measurement.checks)
    wrong = len(measurement.different)
    if wrong:
        return f"{all_} predictions checked on the running net: {wrong} differ"
    return f"{all_} predictions checked on the running net: all equal"


def measured_text(measurement: Measurement) -> str:
    """Predicted beside measured, as plain text."""
    lines = aligned(CHECK_HEADS, check_rows(shown(measurement)), CHECK_ALIGN)
    held = amount(measurement.held) if measurement.held else "nothing"
    kept = f"torch keeps {held} of one example for the backward pass, weights aside (measured)"
    return "\n".join([verdict(measurement), *lines, kept])


def piece(table: Table) -> str:
    """The table as a piece of HTML, for a notebook or a page."""
    noted = "".join(f"<p class='note'>{escape(note)}</p>" for note in notes(table))
    grid = _html_table(HEADS, rows(table), ALIGN, [row.explained for row in table.rows])
    return f"<div class='layers'><style>{STYLE}</style>{grid}{noted}</div>"


def page(table: Table, measurement: Measurement | None = None) -> str:
    """A page that needs nothing else: the table, a picture of sizes and fields, and the measurement if there is one."""
    measured = ""
    if measurement is not None:
        grid = _html_table(CHECK_HEADS, check_rows(measurement.checks), CHECK_ALIGN, [])
        details = f"<details><summary>every check</summary>{grid}</details>"
        short = _html_table(CHECK_HEADS, check_rows(shown(measurement)), CHECK_ALIGN, [])
        measured = f"<h2>Measured</h2><p>{escape(verdict(measurement))}</p>{short}{details}"
    title = escape(table.title)
    sums = f"{table.parameters:,} parameters, {table.multiplications:,} multiplications, {amount(table.memory)}"
    body = f"<p>input {by(table.input)}: {sums}</p>{_picture(table)}{piece(table)}{measured}"
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{title}</title>"
    return (
        f"<!doctype html><html lang='en'><head>{head}</head><body class='layers'><h1>{title}</h1>{body}</body></html>\n"
    )


def _picture(table: Table) -> str:
    """Output size and receptive field along the first axis, layer by layer."""
    from paribus.scratch.svg import chart

    known = [row for row in table.rows if row.fields and any(f.jump for f in row.fields)]
    if len(known) < 2:
        return ""
    series = {
        "outputs": [(float(row.number), float((row.fields or ())[0].outputs)) for row in known],
        "field": [(float(row.number), float((row.fields or ())[0].size)) for row in known],
    }
    words = "outputs along the first axis, and how many inputs each of them sees"
    return f"<figure>{chart(series, words, 'layer', 'values')}</figure>"


def _html_table(heads: Cells, cells: Sequence[Cells], align: str, explained: Sequence[dict[str, str]]) -> str:
    head = "".join(f"<th class='{side}'>{escape(name)}</th>" for name, side in zip(heads, align, strict=True))
    lines = []
    for number, row in enumerate(cells):
        hint = "\n".join(f"{a}: {b}" for a, b in explained[number].items()) if number < len(explained) else ""
        inside = "".join(f"<td class='{side}'>{escape(cell)}</td>" for cell, side in zip(row, align, strict=True))
        lines.append(f"<tr title='{escape(hint)}'>{inside}</tr>" if hint else f"<tr>{inside}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


STYLE = """
.layers { font: 15px/1.5 system-ui, sans-serif; }
body.layers { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1f2933; background: #fff; }
body.layers h1 { font: 600 .95rem/1.6 ui-monospace, monospace; white-space: pre-line; overflow-wrap: anywhere; }
.layers table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
.layers th { text-align: left; color: #5b6775; border-bottom: 2px solid #dde2e7; }
.layers th, .layers td { padding: .25rem .7rem; vertical-align: top; }
.layers td { border-bottom: 1px solid #dde2e7; }
.layers .r { text-align: right; white-space: nowrap; }
.layers .l { text-align: left; }
.layers tbody tr:last-child td { border-top: 2px solid #dde2e7; }
.layers .note { color: #5b6775; font-size: 13px; margin: .3rem 0; }
.layers figure { margin: 1rem 0; overflow-x: auto; }
"""
