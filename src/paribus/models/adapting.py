"""What a network takes from training examples before its first step, where its model asks for that."""

from __future__ import annotations

import torch

from paribus.data.prepare.prepared import PreparedData
from paribus.models.declarations import adapts
from paribus.models.network import Network

SHOWN = 2048  # training examples at most, spread evenly over all


def adapt(network: Network, prepared: PreparedData) -> None:
    """Show a model that asks for it some training examples as they are; not one whose weights were loaded.

    The examples are a function of the split alone, so every run of a seed begins alike, and a resumed one as well.
    """
    if not adapts(network.model) or network.loaded is not None:
        return
    rows = prepared.rows["train"]
    some = rows[:: -(-len(rows) // SHOWN)]
    batch = prepared.loader("train", len(some), "cpu").take(some)
    with torch.no_grad():
        network.model.adapt_to(network.scaled(batch.inputs))
