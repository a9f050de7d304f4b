"""Log what fastai trains: ``learner.fit(3, cbs=ParibusCallback(run))`` with a ``run`` of ``pb.log``."""

from __future__ import annotations

from paribus.integrations.required import required
from paribus.studies.log import Log

with required("fastai"):
    from fastai.callback.core import Callback


class ParibusCallback(Callback):  # type: ignore[misc]
    """What the recorder shows of an epoch (``train_loss``, ``valid_loss``, metrics) is a row of the run.

    Args:
        run: from ``with pb.log(...) as run``.
    """

    order = 60  # behind the recorder

    def __init__(self, run: Log) -> None:
        self.logged = run

    def after_epoch(self) -> None:
        """After training and validation of an epoch."""
        names = self.recorder.metric_names[1:-1]  # between the number of the epoch and the time
        self.logged.log(dict(zip(names, self.recorder.values[-1], strict=False)), epoch=self.epoch)
