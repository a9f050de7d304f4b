"""What a training was when it began, by hashes: what was claimed can be compared with what it left behind."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from paribus.data.deliver.loader import Loader
from paribus.data.prepare.prepared import PreparedData
from paribus.models.freezing import frozen_tensors
from paribus.models.network import Network
from paribus.models.weights import hash_of
from paribus.records.sections import Shuffle
from paribus.training.session import Session


def began(session: Session, prepared: PreparedData, train: Loader, order: Shuffle) -> dict[str, Any]:
    """Plain data for the record of a run, before its first step and before an interrupted one goes on.

    ``weights`` is the hash of all parameters that are drawn, and not all one number; ``frozen`` says of each tensor
    that must not change its hash, and for how many epochs (``None``: for good); ``rows`` has a hash of the examples of
    each split, and ``order`` one of the first batch. All are functions of recipe, data and seed, so a resumed run
    finds the same.
    """
    found: dict[str, Any] = {
        "frozen": _frozen(session.network),
        "rows": {split: digest(rows) for split, rows in prepared.rows.items()},
    }
    if drawn := {
        name: one for name, one in session.network.named_parameters() if one.numel() and one.min() < one.max()
    }:
        found["weights"] = hash_of(drawn)
    return found if session.fitted else {**found, "order": digest(_first(session, train, order))}


def digest(rows: Tensor) -> str:
    """A hash of rows (n,), in their order."""
    return hashlib.sha256(rows.cpu().long().numpy().tobytes()).hexdigest()[:16]


def _frozen(network: Network) -> dict[str, Mapping[str, Any]]:
    state = network.state_dict()
    named = {f"model.{name}": until for name, until in frozen_tensors(network.model, network.frozen_until).items()}
    return {
        name: {"sha256": hash_of({name: state[name]})[:16], "until": None if math.isinf(until) else until}
        for name, until in named.items()
        if name in state  # a buffer that is not saved holds nothing that was learned
    }


def _first(session: Session, train: Loader, order: Shuffle) -> Tensor:
    """The examples of the first batch of the first epoch, as the loader deals them out."""
    rows: Tensor = next(train.shuffled(session.seeds, 0, order=order)).rows
    return rows
