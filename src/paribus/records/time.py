"""When in a training something happens."""

from __future__ import annotations

from typing import NamedTuple


class Time(NamedTuple):
    """When in a training: ``step`` of ``steps`` (from 0), with ``per_epoch`` steps an epoch."""

    step: int
    steps: int
    per_epoch: int

    @property
    def epoch(self) -> float:
        """Epochs done so far, with fraction."""
        return self.step / self.per_epoch
