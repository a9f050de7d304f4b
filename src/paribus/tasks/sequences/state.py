"""The recurrent state of a network between the passages of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class RecurrentState:
    """Recurrent states behind passages that were read, kept until the next passage is read.

    They are found by their row, so it does not matter into which batches or pieces of batches a text is cut: the
    passage in row r goes on from the state behind row r − 1, or from none.

    Args:
        rows: (n,) the passages behind which the states are, rising.
        states: each (depth, n, width), without gradients.
    """

    rows: Tensor | None = None
    states: tuple[Tensor, ...] = field(default=())

    def through(self, network: nn.Module, inputs: Tensor, rows: Tensor) -> Tensor:
        """What a network says at every position of some passages (B, T, outputs), going on where the last ones ended.

        Args:
            network: one that keeps a state has a method ``advance(inputs, state) → (outputs, state)``; any other reads
                each passage on its own.
            inputs: (B, T) tokens.
            rows: (B,) of the passages, rising.
        """
        advance = getattr(getattr(network, "model", network), "advance", None)
        if advance is None:
            outputs: Tensor = network(inputs)
            return outputs
        outputs, states = advance(inputs, self._before(rows))
        self._keep(rows, tuple(state.detach() for state in states))
        return outputs

    def state(self) -> dict[str, Any]:
        """As tensors for a checkpoint."""
        return {} if self.rows is None else {"rows": self.rows, "states": list(self.states)}

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> RecurrentState:
        """Back from a checkpoint."""
        return cls(state["rows"], tuple(state["states"])) if state else cls()

    @classmethod
    def of(cls, several: Sequence[RecurrentState]) -> RecurrentState:
        """Those of several readers, each of its own passages."""
        found = cls()
        for one in several:
            if one.rows is not None:
                found._keep(one.rows, one.states)
        return found

    def _before(self, rows: Tensor) -> tuple[Tensor, ...] | None:
        """Take out the states behind the rows before these; zeros stand where there is none."""
        if self.rows is None:
            return None
        waiting, states, n = self.rows.to(rows.device), self.states, len(rows)
        if states[0].device != rows.device:  # from a checkpoint
            states = tuple(state.to(rows.device) for state in states)
        if torch.equal(waiting[:n] + 1, rows):  # as a rule
            self.rows, self.states = waiting[n:], tuple(state[:, n:] for state in states)
            return tuple(state[:, :n].contiguous() for state in states)
        places = torch.searchsorted(waiting, rows - 1).clamp(max=len(waiting) - 1)
        known = waiting[places] == rows - 1  # (n,)
        others = ~torch.isin(waiting, rows - 1)
        self.rows, self.states = waiting[others], tuple(state[:, others] for state in states)
        return tuple(state[:, places] * known[:, None] for state in states)

    def _keep(self, rows: Tensor, states: tuple[Tensor, ...]) -> None:
        """Put new states beside those not yet used: of other pieces of the same batch."""
        if self.rows is not None and len(self.rows):
            rows = torch.cat([self.rows, rows])
            order = rows.argsort()
            rows = rows[order]
            pairs = zip(self.states, states, strict=True)
            states = tuple(torch.cat([old, new], 1)[:, order] for old, new in pairs)
        self.rows, self.states = rows, states
