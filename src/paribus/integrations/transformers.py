"""Log what Hugging Face's Trainer trains: ``Trainer(callbacks=[ParibusCallback(run)])`` with a ``run`` of ``log``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from paribus.integrations.required import required
from paribus.studies.log import Log

with required("transformers"):
    from transformers import TrainerCallback


class ParibusCallback(TrainerCallback):  # type: ignore[misc]
    """What the trainer logs in an epoch (``loss``, ``eval_accuracy``) is a row of the run: the last of each figure.

    Args:
        run: from ``with pb.log(...) as run``.
    """

    def __init__(self, run: Log) -> None:
        self.run = run

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Whenever the trainer logs: every so many steps, and after an evaluation."""
        if state.is_world_process_zero:
            self.run.log(logs or {}, step=state.global_step, epoch=math.ceil(state.epoch or 0))
