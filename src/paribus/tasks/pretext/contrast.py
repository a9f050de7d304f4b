"""Which two views are of one picture? (SimCLR: Chen et al., 2020)"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.data.augmentation.colour import Colour
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.resized_crop import ResizedCrop
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.models.network import Network
from paribus.ranks import whole
from paribus.tasks.prediction import Prediction, of_point
from paribus.tasks.pretext.objective import Ask, Figures, Objective
from paribus.tasks.preview import Preview

VIEWS = 2


class Contrast(Objective):
    """Two random views of each picture shall lie near each other, and far from those of all others in the batch.

    Behind the model's last layer come a ReLU and another linear layer, the projection, which only this task uses.

    Args:
        info: what is known of the data.
        crop: least share of a picture that a view shows.
        colour: how much brightness, contrast and saturation of a view may change.
        temperature: of the similarities.
        hidden: numbers that the last layer gives.
        dimension: numbers in the projection.
    """

    def __init__(
        self, info: DataInfo, crop: float, colour: float, temperature: float, hidden: int, dimension: int
    ) -> None:
        super().__init__(info)
        self.views = Compose({"crop": ResizedCrop(crop), "flip": Flip(), "colour": Colour(colour, colour, colour)})
        self.temperature, self.outputs, self.dimension = temperature, hidden, dimension

    def companion(self) -> nn.Module:
        """The second layer of the projection."""
        return nn.Sequential(nn.ReLU(), nn.Linear(self.outputs, self.dimension))

    def loss(self, ask: Ask, network: Network, batch: Batch) -> tuple[Tensor, Figures]:
        """NT-Xent; as ``solved`` the share of views whose nearest one is the other of their picture."""
        own = self._projected(ask, network, torch.cat(self.two(batch)))
        z = torch.cat([whole(view) for view in own.chunk(VIEWS)])
        return nt_xent(z, self.temperature), {"solved": found(z).float().mean()}

    def two(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Two views of each picture (B, C, H, W), by torch's generator and the example's own number."""
        keys = torch.randint(1 << 62, (VIEWS,)).tolist()
        first, second = (self.views(batch.inputs, key, batch.rows)[0] for key in keys)
        return first, second

    def predict(self, ask: Ask, network: Network, inputs: Tensor) -> Tensor:
        """Projections of length 1 (B, dimension)."""
        return self._projected(ask, network, inputs)

    def errors(self, ask: Ask, network: Network, batch: Batch) -> tuple[str, Tensor]:
        """1 − the cosine between the two views of each picture."""
        first, second = (self._projected(ask, network, view) for view in self.two(batch))
        return "1 − cosine of two views", 1 - (first * second).sum(1)

    def answer(self, said: Tensor) -> Prediction:
        """The projection, number by number."""
        return of_point(said.tolist())

    def preview(self, ask: Ask, network: Network, batch: Batch) -> Preview:
        """Two views of each picture, and that second view which the network holds to be nearest to the first."""
        first, second = self.two(batch)
        a, b = (self._projected(ask, network, view) for view in (first, second))
        nearest = second[(a @ b.T).argmax(1)]
        shown = torch.stack([batch.inputs, first, second, nearest], 1).cpu()
        return Preview(shown, ("picture", "a view", "another", "nearest to it"), title="Two views of each picture")

    def _projected(self, ask: Ask, network: Network, views: Tensor) -> Tensor:
        assert network.companion is not None
        return F.normalize(network.companion(ask(views)).float(), dim=1)


def nt_xent(z: Tensor, temperature: float) -> Tensor:
    """The normalised temperature-scaled cross-entropy (Chen et al., 2020, equation 1), mean over all views.

    Args:
        z: (2B, D) of length 1; rows i and i + B are of one picture.
        temperature: by which cosines are divided.
    """
    return F.cross_entropy(_others(z) / temperature, _partner(z))


def found(z: Tensor) -> Tensor:
    """Whether each view's nearest one is the other of its picture: (2B, D) → (2B,)."""
    return _others(z).argmax(1) == _partner(z)


def _others(z: Tensor) -> Tensor:
    """Cosines (2B, 2B) of every view with all others, −∞ with itself."""
    return (z @ z.T).masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -torch.inf)


def _partner(z: Tensor) -> Tensor:
    return torch.arange(len(z), device=z.device).roll(len(z) // 2)
