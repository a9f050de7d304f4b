"""The classes of a run: how many examples of each there are, and how much each counts in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paribus.data.balance import class_weights
from paribus.records.metric import RECALL, details
from paribus.records.run import RunFolder
from paribus.records.wording import NONE, clean, format_figure
from paribus.reports.page import Table

FEWEST, MOST = 2, 100  # classes of which there is something to say
DRAWN = {
    "balanced": "An epoch drew as many examples of every class (training.sampling=balanced).",
    "sqrt": "An epoch drew examples of each class in proportion to the root of its size (training.sampling=sqrt).",
}


def table(folder: RunFolder) -> Table | None:
    """One row for each class of a classification; ``None`` of another task."""
    info, result = folder.info(), folder.result
    names = info.get("classes") or ()
    shares = details(result.metrics).get(f"val/{RECALL.name}", {}) if result else {}
    if not shares or not FEWEST <= len(names) <= MOST:
        return None
    weights, metrics = weights_of(folder) or {}, folder.figures_of_merit()
    rows = tuple(
        (
            clean(name),
            f"{count:,}",
            f"{weights[name]:.3g}" if name in weights else "1",
            format_figure(f"val/{RECALL.name}", shares[name], metrics) if name in shares else NONE,
        )
        for name, count in zip(names, info["class_counts"], strict=True)
    )
    return Table(("class", "training examples", "weight in the loss", "validation recall"), rows, "lrrr")


def weights_of(folder: RunFolder) -> dict[str, float] | None:
    """The weight of each class in the loss, by name; ``None`` where all weigh the same, or nobody can tell."""
    info, options = folder.info(), _field(folder, "task")
    if not {"class_weights", "beta"} <= options.keys() or options["class_weights"] == "none" or not info:
        return None
    found = class_weights(options["class_weights"], info["class_counts"], options["beta"])
    return dict(zip(info["classes"], found, strict=True))


def sampled(folder: RunFolder) -> str:
    """What an epoch draws, where that is not every example once."""
    return DRAWN.get(_field(folder, "training").get("sampling", "all"), "")


def _field(folder: RunFolder, name: str) -> Mapping[str, Any]:
    """A part of the recipe as it was written down, with all its options; nothing is imported for it."""
    found = folder.read().get("recipe", {}).get(name)
    return found if isinstance(found, Mapping) else {}
