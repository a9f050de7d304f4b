"""A run in a few lines, for those who ask for it in Python: what it is, how it went, the layers of its network."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from io import StringIO

from paribus.errors import ParibusError
from paribus.records.run import RunFolder
from paribus.reports import brief
from paribus.reports.page import Page, Section, Table
from paribus.reports.render import to_snippet
from paribus.reports.terminal import WIDTH, print_page


@dataclass(frozen=True, repr=False)
class Summary:
    """A page that shows itself: as text where it is printed, as tables in a notebook."""

    page: Page

    def __repr__(self) -> str:
        from rich.console import Console

        out = StringIO()
        print_page(self.page, Console(file=out, width=WIDTH, highlight=False, markup=False, emoji=False))
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

    def _repr_html_(self) -> str:
        return "".join(to_snippet(replace(self.page, sections=(section,))) for section in self.page.sections)


def of_run(folder: RunFolder) -> Page:
    """What a run is and how it went; of a finished one also its layers, where they can be followed."""
    page = brief.run(folder) if folder.exists else Page("Run", summary=f"nothing in {folder.path} yet")
    return replace(page, sections=(*page.sections, *_layers(folder)))


def _layers(folder: RunFolder) -> tuple[Section, ...]:
    if folder.result is None:
        return ()
    from paribus.inference.trained import load
    from paribus.theory.layers import Row, table

    with suppress(ParibusError):  # a network of one's own may do what no table can say
        trained = load(folder)
        net = table(trained.network.model, trained.info.input_shape)
        return (Section("layers", tables=(Table(Row.HEADS, tuple(net.cells), Row.ALIGN),)),)
    return ()
