"""Tables of layers in a terminal and as a page."""

from __future__ import annotations

from rich.console import Group

from paribus.reports.page import Figure, Page, Section
from paribus.reports.page import Table as View
from paribus.reports.terminal import console, table, text
from paribus.theory.layers import Check, Comparison, Equality, Measurement, Row, Table
from paribus.theory.layers.text import amount


def layers_page(net: Table, found: Measurement | None = None) -> Page:
    """The table with a picture of sizes and fields; a line of it shows its formulas when pointed at."""
    from paribus.plots.layers import boxes, sizes

    hints = ["\n".join(f"{what}: {how}" for what, how in row.explained.items()) for row in net.rows]
    view = View(Row.HEADS, tuple(net.cells), Row.ALIGN, hints=(*hints, ""))
    chart = sizes(net)
    figure = Figure("sizes", chart, chart.title) if chart else None
    drawing = boxes(net)
    drawn = (Section("The net", figure=Figure("net", drawing, drawing.title)),) if drawing else ()
    sums = f"{net.parameters:,} parameters, {net.multiplications:,} multiplications, {amount(net.memory)}"
    return Page(
        kind="Layers",
        title=net.title,
        question="What do the layers of this net give, hold and cost?",
        answers=(),
        summary=f"{net.came}: {sums}",
        warnings=tuple(net.notes),
        sections=(Section("Layers", figure=figure, tables=(view,)), *drawn, *(_measured(found) if found else ())),
    )


def _measured(found: Measurement) -> tuple[Section, ...]:
    short, whole = (
        View(Check.HEADS, tuple(c.cells for c in some), Check.ALIGN) for some in (found.shown, found.checks)
    )
    return Section("Measured", (found.verdict, found.kept), tables=(short,)), Section("Every check", tables=(whole,))


def print_table(net: Table, explain: bool = False) -> None:
    """Every layer and their sums; with ``explain`` every number with its formula."""
    out = console()
    out.print(Group(text(net.title, "bold"), text(net.came)))
    out.print()
    out.print(table(Row.HEADS, net.cells, Row.ALIGN))
    if explain:
        out.print()
        lines = [[str(row.number), row.name, what, how] for row in net.rows for what, how in row.explained.items()]
        out.print(table(["", "layer", "", "worked out"], lines, "rlll"))
    for note in net.notes:
        out.print(text(f"note: {note}", "dim"))


def print_measurement(found: Measurement) -> None:
    """Predicted beside measured; whatever differs is shown."""
    out = console()
    out.print()
    out.print(text(found.verdict, "bold"))
    out.print(table(Check.HEADS, [check.cells for check in found.shown], Check.ALIGN))
    out.print(text(found.kept, "dim"))


def print_comparison(both: Comparison) -> None:
    """Two nets side by side."""
    out = console()
    out.print(text(f"A: {both.first.title}"))
    out.print(text(f"B: {both.second.title}"))
    out.print()
    out.print(table(both.HEADS, both.rows(), both.ALIGN))


def print_equality(found: Equality) -> None:
    """A net with convolutions in place of its fully connected layers, and the proof."""
    print_table(found.convolved)
    console().print(text("\n" + found.proof, "bold"))
