"""Pretexts: tasks whose answers the pictures hold themselves, so that no labels are needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.models.network import Network
from paribus.records.metric import LOSS, SOLVED, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.pictures import of_one_size
from paribus.tasks.prediction import Prediction
from paribus.tasks.pretext.contrast import Contrast
from paribus.tasks.pretext.objective import Objective
from paribus.tasks.pretext.reconstruction import Reconstruction
from paribus.tasks.pretext.rotation import Rotation
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

Kind = Literal["rotation", "simclr", "masked", "denoising"]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class Pretext(Task):
    """Learn from pictures without their labels, so that a network can start from these weights (model.weights).

    Args:
        kind: of the puzzle: by how much a picture was turned; which two views are of one picture; what was in hidden
            patches; what was under noise.
        crop: of simclr, the least share of a picture's area that a view shows.
        colour: of simclr, the largest relative change of brightness, contrast and saturation.
        temperature: of simclr, by which similarities are divided.
        dimension: of simclr, numbers that views are compared by.
        hidden: but for rotation, numbers that the model's last layer gives to what comes behind it.
        share: of masked, how much of a picture is hidden.
        patch: of masked, height and width of what is hidden at a time.
        sigma: of denoising, standard deviation of the noise in grey levels of 255.
    """

    draws: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = (LOSS, SOLVED)

    def __init__(
        self,
        info: DataInfo,
        kind: Kind = "rotation",
        crop: Share = 0.3,
        colour: Annotated[float, Field(ge=0, le=1)] = 0.5,
        temperature: Annotated[float, Field(gt=0)] = 0.2,
        dimension: Count = 64,
        hidden: Count = 256,
        share: Annotated[float, Field(gt=0, lt=1)] = 0.6,
        patch: Count = 4,
        sigma: Annotated[float, Field(gt=0, le=255)] = 50.0,
    ) -> None:
        super().__init__(info)
        self.kind = kind
        self.objective: Objective
        if kind == "rotation":
            self.objective = Rotation(info)
        elif kind == "simclr":
            self.objective = Contrast(info, crop, colour, temperature, hidden, dimension)
        elif kind == "masked":
            self.objective = Reconstruction(info, share, patch, 0.0, hidden)
        else:
            self.objective = Reconstruction(info, 0.0, 1, sigma, hidden)

    @property
    def num_outputs(self) -> int:
        """What the pretext reads of the last layer."""
        return self.objective.outputs

    def companion(self) -> nn.Module | None:
        """What comes behind the last layer: a projection, or a decoder."""
        return self.objective.companion()

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Any]:
        """The pretext's loss, and figures that are means over the batch."""
        return self.objective.loss(network, own(network), batch)

    def meter(self, split: str) -> Means:
        """The loss, and where the puzzle has an answer of few, how often it was solved."""
        return Means(lambda outputs, batch: outputs)  # type: ignore[arg-type, return-value]

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities of turns (B, 4), projections (B, dimension), or restored pictures (B, C, H, W)."""
        return self.objective.predict(network, own(network), inputs)

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """The puzzle and its solution."""
        return self.objective.preview(network, own(network), batch)

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The pictures that the puzzle is hardest for."""
        figure, errors = self.objective.errors(network, own(network), batch)
        names = self.info.classes
        truth = [names[label] for label in batch.targets.tolist()] if names and batch.targets.ndim == 1 else ()
        shown = batch.inputs[:, None] if self.info.input_shape[0] in (1, 3) else None
        return Inspection(figure, errors, truth, pictures=shown)

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The turn of each picture, its projection, or the picture restored."""
        return of_one_size(files, self.info, partial(self.predict_inputs, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The same for pictures (B, C, H, W)."""
        return [self.objective.answer(said) for said in self.predict(network, inputs)]


def own(network: nn.Module) -> Network:
    """The network of a run, of which a pretext needs more than its outputs."""
    inner = getattr(network, "_orig_mod", network)  # of a compiled one
    assert isinstance(inner, Network)
    return inner
