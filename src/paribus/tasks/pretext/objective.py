"""What every pretext says of itself: how its loss is made of pictures alone, and what people look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import DataError
from paribus.models.network import Network
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview

Ask = Callable[[Tensor], Tensor]  # stored pictures (B, C, H, W) → what the pretext's part of the last layer gives
Figures = Mapping[str, Tensor]


class Objective(ABC):
    """A pretext.

    Args:
        info: what is known of the data.

    Raises:
        DataError: if the examples are no pictures.
    """

    outputs: int  # numbers that it reads of the last layer

    def __init__(self, info: DataInfo) -> None:
        if len(info.input_shape) != 3 or not info.mean:
            hint = "use data with pictures: cifar10, or folder for your own"
            raise DataError(
                "a pretext is learned from pictures", got=f"examples of shape {info.input_shape}", hint=hint
            )
        self.info = info

    def companion(self) -> nn.Module | None:
        """What is trained behind the last layer of the model, if anything is."""
        return None

    @abstractmethod
    def loss(self, ask: Ask, network: Network, batch: Batch) -> tuple[Tensor, Figures]:
        """The mean loss of a batch, and further means over it; labels are not read."""
        ...

    @abstractmethod
    def predict(self, ask: Ask, network: Network, inputs: Tensor) -> Tensor:
        """What it makes of pictures, one row for each."""
        ...

    @abstractmethod
    def errors(self, ask: Ask, network: Network, batch: Batch) -> tuple[str, Tensor]:
        """What the error of one example is called, and that of each (B,)."""
        ...

    @abstractmethod
    def answer(self, said: Tensor) -> Prediction:
        """One row of :meth:`predict` for people."""
        ...

    @abstractmethod
    def preview(self, ask: Ask, network: Network, batch: Batch) -> Preview:
        """The puzzle and its solution for a few pictures."""
        ...
