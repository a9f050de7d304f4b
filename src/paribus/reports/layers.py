"""Tables of layers in a terminal."""

from __future__ import annotations

from rich.console import Group
from rich.text import Text

from paribus.reports.terminal import console, table
from paribus.theory.layers import Comparison, Equality, Measurement, Table, page
from paribus.theory.layers.refuse import by


def print_table(net: Table, explain: bool = False) -> None:
    """Every layer and their sums; with ``explain`` every number with its formula."""
    out = console()
    out.print(Group(Text(net.title, style="bold"), Text(f"input {by(net.input)}")))
    out.print()
    out.print(table(page.HEADS, page.rows(net), page.ALIGN))
    if explain:
        out.print()
        lines = [[str(row.number), row.name, what, how] for row in net.rows for what, how in row.explained.items()]
        out.print(table(["", "layer", "", "worked out"], lines, "rlll"))
    for note in page.notes(net):
        out.print(Text(f"note: {note}", style="dim"))


def print_measurement(found: Measurement) -> None:
    """Predicted beside measured; whatever differs is shown."""
    out = console()
    out.print()
    out.print(Text(page.verdict(found), style="bold"))
    out.print(table(page.CHECK_HEADS, page.check_rows(page.shown(found)), page.CHECK_ALIGN))
    kept = page.amount(found.held) if found.held else "nothing"
    out.print(Text(f"torch keeps {kept} of one example for the backward pass, weights aside (measured)", style="dim"))


def print_comparison(both: Comparison) -> None:
    """Two nets side by side."""
    out = console()
    out.print(Text(f"A: {both.first.title}"))
    out.print(Text(f"B: {both.second.title}"))
    out.print()
    out.print(table(["", "A", "B", "B/A"], both.rows(), "lrrr"))


def print_equality(found: Equality) -> None:
    """A net with convolutions in place of its fully connected layers, and the proof."""
    print_table(found.convolved)
    console().print(Text("\n" + str(found).splitlines()[-1], style="bold"))
