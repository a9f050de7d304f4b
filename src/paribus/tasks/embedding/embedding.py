"""Metric learning: points in a space where examples of one class are near, also of classes never seen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import DataError
from paribus.ranks import whole
from paribus.records.metric import EER, LOSS, ONE_SHOT, RECALL_AT_1, RECALL_AT_5, VERIFICATION, Metric
from paribus.tasks.embedding import losses, metrics
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.pictures import of_one_size
from paribus.tasks.prediction import Prediction, of_point
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

Loss = Literal["prototypes", "triplet", "contrastive", "centre", "arcface"]
CLOSED = ("centre", "arcface")  # which have a place for each class of the training examples
NEAREST = 4  # of each example, in a preview


class Embedding(Task):
    """Place examples in a space such that those of one class lie near each other.

    A class need not have been seen in training: of a new one a single example says where it is. ``one_shot`` is the
    share of examples that are nearest to the one example shown of their own class, among ``ways`` classes of one
    family (what stands before the slash of their names); ``recall_at_k`` that with one of their class among the k
    nearest others; ``verification`` the area under the ROC curve of telling pairs of one class from others.

    Args:
        loss: prototypes (the mean of a class's first examples in a batch is near its others), triplet, contrastive,
            centre (cross-entropy, and near to a learned centre), arcface (cross-entropy of angles with a margin).
        dimension: numbers of a point.
        normalise: whether points have length 1; prototypes are learned without, arcface always sees directions.
        mining: of the triplet loss: all triplets with a loss, the hardest of each example, or semi-hard ones.
        margin: of triplets and contrastive pairs a distance, of arcface an angle in radians.
        scale: of arcface's cosines.
        centre_weight: of the distances to centres, beside the cross-entropy; what outweighs that draws all points into
            one before they are told apart, the sooner the more classes there are.
        shots: of prototypes, examples of a class that make one; the batch has more of each: training.sampling=episodes
            with training.per_class above it.
        ways: classes among which one-shot classification chooses.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (ONE_SHOT, RECALL_AT_1, RECALL_AT_5, VERIFICATION, EER, LOSS)

    def __init__(
        self,
        info: DataInfo,
        loss: Loss = "prototypes",
        dimension: Annotated[int, Field(ge=1)] = 64,
        normalise: bool = True,
        mining: losses.Mining = "semi-hard",
        margin: Annotated[float, Field(gt=0)] = 0.2,
        scale: Annotated[float, Field(gt=0)] = 16.0,
        centre_weight: Annotated[float, Field(ge=0)] = 0.003,
        shots: Annotated[int, Field(ge=1)] = 1,
        ways: Annotated[int, Field(ge=2)] = 20,
    ) -> None:
        super().__init__(info)
        if not info.classes or info.target_shape:
            hint = "use data with classes: omniglot, or folder for your own"
            raise DataError("points are placed by the class of each example", got="no classes", hint=hint)
        self.kind, self.dimension, self.mining, self.margin = loss, dimension, mining, margin
        self.unit = normalise and loss in ("triplet", "contrastive")
        self.scale, self.centre_weight, self.shots, self.ways = scale, centre_weight, shots, ways
        self.least_per_class = 1 if loss in CLOSED else 1 + (shots if loss == "prototypes" else 1)
        families = [name.rpartition("/")[0] for name in info.classes]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(families))}
        self.families = [numbers[name] for name in families]
        self.known = torch.tensor([count > 0 for count in info.class_counts])  # (K,) classes that training has

    @property
    def num_outputs(self) -> int:
        """The numbers of a point."""
        return self.dimension

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, dimension)."""
        return len(batch), self.dimension

    def companion(self) -> nn.Module | None:
        """A direction or a centre for each class of the training examples, where the loss needs them."""
        return Classes(len(self.info.classes), self.dimension, self.kind == "centre") if self.kind in CLOSED else None

    def check(self, prepared: PreparedData) -> None:
        """Refuse classes that no pair can be made of, and fewer classes than one-shot classification chooses among.

        Raises:
            DataError: with how many there are.
        """
        labels: Tensor | None = getattr(prepared.examples, "labels", None)
        if labels is None:
            raise DataError("points are placed by the class of each example", got="no classes")
        train = labels[prepared.rows["train"]].bincount()
        if self.kind not in CLOSED and int(train.max()) < 2:
            rule = f"the {self.kind} loss compares examples of one class, and no class has two"
            raise DataError(rule, got=f"{len(labels):,} examples, one of each class", hint="use task.loss=arcface")
        usable = int((labels[prepared.rows["val"]].bincount() > 1).sum())
        if usable < self.ways:
            rule = f"one of {self.ways} classes is chosen, each of which needs two validation examples"
            hint = f"set task.ways={usable}" if usable > 1 else "hold out more classes: split.val"
            raise DataError(rule, got=f"{usable} such classes", hint=hint)

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss of a batch, and its points (B, dimension)."""
        z = self.points(network, batch.inputs)
        return self.of(whole(z), whole(batch.targets), getattr(network, "companion", None)), z

    def of(self, z: Tensor, labels: Tensor, companion: Classes | None = None) -> Tensor:
        """The loss of points (B, D); of classes that training has not, those with a place for each class have none."""
        if self.kind == "prototypes":
            return losses.prototypes(z, labels, self.shots)[0]
        if self.kind == "triplet":
            return losses.triplet(z, labels, self.margin, self.mining)
        if self.kind == "contrastive":
            return losses.contrastive(z, labels, self.margin)
        seen = self.known.to(labels.device)[labels]
        if companion is None or not bool(seen.any()):
            return z.sum() * 0
        return self._closed(z[seen], labels[seen], companion)

    def _closed(self, z: Tensor, labels: Tensor, companion: Classes) -> Tensor:
        if self.kind == "arcface":
            return losses.arcface(z, companion.weight, labels, self.margin, self.scale)
        near = losses.centre(z, companion.centres, labels)  # type: ignore[arg-type]
        return F.cross_entropy(z @ companion.weight.T, labels) + self.centre_weight * near

    def points(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Where examples lie (B, dimension)."""
        z: Tensor = network(inputs).float()
        return F.normalize(z, dim=1) if self.unit else z

    def meter(self, split: str) -> Means | PointsMeter:
        """While training the loss; otherwise all that distances between the points of the split tell."""
        return Means() if split == "train" else PointsMeter(self.families, self.ways, self.kind == "arcface")

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Points (B, dimension); of arcface, which learns angles, of length 1."""
        z = self.points(network, inputs)
        return F.normalize(z, dim=1) if self.kind == "arcface" else z

    def preview(self, network: nn.Module, batch: Batch) -> Preview | None:
        """Each picture, and the nearest of the others."""
        if len(self.info.input_shape) != 3 or self.info.input_shape[0] not in (1, 3) or len(batch) < 2:
            return None
        z = self.predict(network, batch.inputs)
        d = losses.distances(z, z).fill_diagonal_(torch.inf)
        order = d.argsort(1)[:, : min(NEAREST, len(batch) - 1)]
        shown = torch.cat([batch.inputs[:, None], batch.inputs[order]], 1).cpu()
        columns = ("picture", *(["nearest of the others"] * order.shape[1]))
        return Preview(shown, columns, title="Pictures, and those that lie near them")

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """How much farther the nearest example of its own class in the batch is than the nearest of another one."""
        z, labels, names = self.predict(network, batch.inputs), batch.targets, self.info.classes
        d = losses.distances(z, z).fill_diagonal_(torch.inf)
        same = labels[:, None] == labels
        own, other = (d.masked_fill(~one, torch.inf).min(1).values for one in (same, ~same))
        said = labels[d.argmin(1)]
        pictures = (
            batch.inputs[:, None] if len(self.info.input_shape) == 3 and batch.inputs.dtype == torch.uint8 else None
        )
        return Inspection(
            "distance to its own class − to another",
            (own - other).nan_to_num(0.0, posinf=1e6, neginf=-1e6),
            [names[one] for one in labels.tolist()],
            [names[one] for one in said.tolist()],
            pictures=pictures,
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The point of each picture."""
        return of_one_size(files, self.info, partial(self.predict_inputs, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The point of each example."""
        return [of_point(point) for point in self.predict(network, inputs).tolist()]


class Classes(nn.Module):
    """A direction for each class, and on request a centre.

    Args:
        classes: how many there are.
        dimension: of a point.
        centres: whether there are centres.
    """

    def __init__(self, classes: int, dimension: int, centres: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dimension))
        self.centres = nn.Parameter(torch.zeros(classes, dimension)) if centres else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Directions as a linear layer draws them (Glorot & Bengio, 2010), centres at the origin."""
        nn.init.xavier_uniform_(self.weight)
        if self.centres is not None:
            nn.init.zeros_(self.centres)


class PointsMeter:
    """Keeps the points of a split, which are only compared when all are there.

    Args:
        families: of each class.
        ways: of one-shot classification.
        directions: whether only the direction of a point counts.
    """

    def __init__(self, families: Sequence[int], ways: int, directions: bool) -> None:
        self.families, self.ways, self.directions = families, ways, directions
        self.loss = Means()
        self._kept: list[tuple[Tensor, Tensor]] = []

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch."""
        self.loss.update(stage, loss, outputs, batch)
        self._kept.append((outputs.detach().cpu(), batch.targets.cpu()))

    def figures(self) -> dict[str, float]:
        """The loss, retrieval, verification and one-shot classification, as far as the examples tell them."""
        z, labels = (torch.cat(some) for some in zip(*self._kept, strict=True))
        z = F.normalize(z, dim=1) if self.directions else z
        found = self.loss.figures()
        found |= {f"recall_at_{k}": value for k, value in metrics.recall_at(z, labels, (1, 5)).items()}
        if (pairs := metrics.verification(z, labels)) is not None:
            found |= {"verification": pairs.auroc, "eer": pairs.eer}
        if shares := metrics.one_shot(z, labels, self.families, self.ways):
            found["one_shot"] = sum(shares) / len(shares)
        return found

    def state(self) -> dict[str, Any]:
        """The points so far."""
        kept = [torch.cat(some) for some in zip(*self._kept, strict=True)]
        return {"loss": self.loss.state(), "kept": kept}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved points."""
        self.loss.load(state["loss"])
        self._kept = [tuple(state["kept"])] if state["kept"] else []
