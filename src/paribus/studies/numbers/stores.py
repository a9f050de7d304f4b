"""Stores of other tools → tables, as far as evidence asks for their runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from paribus.exchange.frame import frame
from paribus.exchange.stores import read
from paribus.studies.numbers.conclude import Options
from paribus.studies.numbers.table import Table


def table_of_store(place: Path, options: Options, name: str | None = None) -> tuple[Table, Options]:
    """The runs of a store as a table, and what is then to be said of it: which columns are seed and step.

    Raises:
        ParibusError: if it is no store that is known, or holds no run.
        EvidenceError: for a parameter or a figure that no run has.
    """
    store = read(place)
    found = frame(store, options.metric, options.arms, options.seed)
    about = {"store": f"{place.name} ({store.kind})", "runs": len(store.runs)}
    table = Table(found.columns, name or place.absolute().stem, about=about, said=found.notes)
    return table, replace(options, arms=found.arms, seed=found.seed, by_epoch=options.by_epoch or found.step)
