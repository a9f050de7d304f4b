"""Models that are fitted at once, from all training examples, in the place of steps along gradients.

To the loop such a fit is one step on one batch that holds all examples: recorded, saved and judged like any other.
Of a recipe's fields for steps (optimizer, schedule, budget, batches) none applies.
"""

from __future__ import annotations

from importlib import import_module

import torch

from paribus import threads
from paribus.data.deliver.loader import Batch
from paribus.models.network import Network
from paribus.training.session import Session

SEEDS = 2**32  # that scikit-learn knows


def fit(session: Session, batch: Batch) -> None:
    """Fit the model to a batch of all training examples, in the order of the data: theirs must not decide."""
    with session.stopwatch.paused():
        import_module("sklearn.ensemble")  # to load a library is no training
    task, network = session.task, session.network
    assert session.fitted
    assert isinstance(network, Network)
    ordered = batch.rows.argsort()
    targets, weights = task.fitting(batch)
    with torch.no_grad(), threads.limited(torch.get_num_threads()):
        inputs = network.scaled(batch.inputs)[ordered]
        given = None if weights is None else weights[ordered]
        session.fitted.fit_at_once(inputs, targets[ordered], given, session.noise_key % SEEDS)
    with torch.inference_mode():
        loss, outputs = task.loss("model", network, batch)
    session.meter.update("model", loss, outputs, batch)
    session.step += 1
    session.batches_done += 1
