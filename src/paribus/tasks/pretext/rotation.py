"""By how much was this picture turned? (Gidaris et al., 2018)"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import DataError
from paribus.models.network import Network
from paribus.tasks.prediction import Prediction
from paribus.tasks.pretext.objective import Ask, Figures, Objective
from paribus.tasks.preview import Preview

TURNS = 4  # quarters of a circle


class Rotation(Objective):
    """Tell a picture from itself turned by one, two or three quarters: one turn each while training, all in evaluation.

    Raises:
        DataError: for pictures that are not square.
    """

    outputs = TURNS

    def __init__(self, info: DataInfo) -> None:
        super().__init__(info)
        _, height, width = info.input_shape
        if height != width:
            hint = f"set data.size={min(height, width)} where the data have it, or task.kind=simclr"
            raise DataError("only square pictures keep their shape when turned", got=f"{height}×{width}", hint=hint)

    def loss(self, ask: Ask, network: Network, batch: Batch) -> tuple[Tensor, Figures]:
        """Cross-entropy over the four turns."""
        inputs, turns = self.puzzle(batch.inputs, network.training)
        outputs = ask(inputs).float()
        return F.cross_entropy(outputs, turns), {"solved": (outputs.argmax(1) == turns).float().mean()}

    def puzzle(self, inputs: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        """Turned pictures and their turns: as many in training, in evaluation each in all four ways."""
        size = len(inputs)
        if training:
            turns = torch.randint(TURNS, (size,), device=inputs.device)
        else:
            turns = torch.arange(TURNS, device=inputs.device).repeat_interleave(size)
            inputs = inputs.repeat(TURNS, 1, 1, 1)
        return turned(inputs, turns), turns

    def predict(self, ask: Ask, network: Network, inputs: Tensor) -> Tensor:
        """Probabilities of the four turns (B, 4)."""
        return ask(inputs).float().softmax(1)

    def errors(self, ask: Ask, network: Network, batch: Batch) -> tuple[str, Tensor]:
        """The mean loss of each picture over its four turns."""
        inputs, turns = self.puzzle(batch.inputs, training=False)
        return "loss", F.cross_entropy(ask(inputs).float(), turns, reduction="none").view(TURNS, -1).mean(0)

    def answer(self, said: Tensor) -> Prediction:
        """The likeliest turn in degrees, and the probabilities of all."""
        figures = {f"{90 * turn}°": share for turn, share in enumerate(said.tolist())}
        return Prediction("", f"turned by {max(figures, key=figures.__getitem__)}", figures)

    def preview(self, ask: Ask, network: Network, batch: Batch) -> Preview:
        """Each picture turned, and as the network would turn it back."""
        turns = torch.arange(len(batch), device=batch.inputs.device) % TURNS
        given = turned(batch.inputs, turns)
        back = turned(given, -ask(given).argmax(1) % TURNS)
        shown = torch.stack([given, back, batch.inputs], 1).cpu()
        return Preview(shown, ("turned", "turned back", "truth"), title="By how much was a picture turned?")


def turned(inputs: Tensor, turns: Tensor) -> Tensor:
    """Square pictures (B, C, S, S), each turned against the clock by its number of quarters (B,)."""
    found = inputs.clone()
    for turn in range(1, TURNS):
        chosen = (turns == turn).nonzero()[:, 0]
        found[chosen] = inputs[chosen].rot90(turn, (2, 3))
    return found
