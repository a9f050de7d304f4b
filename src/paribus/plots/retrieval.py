"""How well a threshold on the distance tells pairs of one class from others."""

from __future__ import annotations

from paribus.analysis.retrieval import Retrieval
from paribus.plots.chart import Chart
from paribus.plots.errors import panel
from paribus.plots.grammar import finish


def verification(found: Retrieval) -> Chart:
    """ROC curves of the network's points and of the inputs."""
    rows = [{"x": x, "y": y, "class": name} for name, one in found.spaces.items() for x, y in one.roc]
    names = list(found.spaces)
    roc = panel(rows, "Pairs of one class", "false positive rate", "true positive rate", names, diagonal=True)
    return finish(
        {"concat": [roc], "bounds": "flush"}, "Verification by distance", "Dashed: distances that say nothing."
    )
