"""Log what Keras trains: ``model.fit(..., callbacks=[ParibusCallback(run)])`` with a ``run`` of ``pb.log``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paribus.integrations.required import required
from paribus.studies.log import Log

with required("keras"):
    from keras.callbacks import Callback


class ParibusCallback(Callback):  # type: ignore[misc]
    """What an epoch of ``fit`` reports (``loss``, ``val_accuracy``) is a row of the run.

    Args:
        run: from ``with pb.log(...) as run``.
    """

    def __init__(self, run: Log) -> None:
        super().__init__()
        self.run = run

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """After training and validation of an epoch."""
        self.run.log(logs or {}, epoch=epoch)
