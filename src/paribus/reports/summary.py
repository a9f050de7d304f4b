"""A run or a model in a few lines, for those who ask in Python: what it is, how it went or what training it costs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.errors import ParibusError
from paribus.records.run import RunFolder
from paribus.reports import brief
from paribus.reports.page import Page, Section, Table
from paribus.reports.render import to_snippet
from paribus.reports.terminal import WIDTH, print_page

if TYPE_CHECKING:
    from paribus.records.recipe import Recipe


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
        first, *others = self.page.sections or (Section(),)
        below = (replace(self.page, question="", summary="", sections=(section,)) for section in others)
        return "".join(map(to_snippet, (replace(self.page, sections=(first,)), *below)))


def summary(
    recipe: Recipe | str | Path,
    changes: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    measure: bool = True,
    **fields: Any,
) -> Summary:
    """A model before it is trained: its layers, its parameters, the memory of a step, the seconds of an epoch.

    >>> pb.summary("digits/cnn", norm="batch")  # doctest: +SKIP

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        changes: field → value; dotted, or its last word where that can mean one field only.
        seed: the seed that all streams of chance follow.
        device: where it would be trained: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        measure: whether to take a few steps, which time and measured memory need.
        fields: further changes as keywords.

    Raises:
        ParibusError: whatever a training would refuse before its first step.
    """
    from paribus.records.given import recipe_of
    from paribus.records.parts import register_own
    from paribus.reports.costs import costs_page
    from paribus.training.costs import costs

    found = recipe_of(recipe, changes, fields)
    register_own(found.fields.values())
    return Summary(costs_page(costs(found, seed, device=device, measure=measure)))


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
