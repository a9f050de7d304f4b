"""Log what Lightning trains: ``Trainer(callbacks=[ParibusCallback(run)])`` with a ``run`` of ``pb.log``."""

from __future__ import annotations

from typing import Any

from paribus.integrations.required import required
from paribus.studies.log import Log

with required("lightning"):
    from lightning.pytorch import Callback


class ParibusCallback(Callback):  # type: ignore[misc]
    """What the module logged in an epoch (``self.log("val/loss", loss)``) is a row of the run.

    Args:
        run: from ``with pb.log(...) as run``.
    """

    def __init__(self, run: Log) -> None:
        self.run = run

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """After training and validation of an epoch."""
        self.run.log(trainer.callback_metrics, step=trainer.global_step, epoch=trainer.current_epoch)

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """After a validation, of which an epoch may have several; the one that only tries it out does not count."""
        if not trainer.sanity_checking:
            self.run.log(trainer.callback_metrics, step=trainer.global_step, epoch=trainer.current_epoch)
