"""The interface of a task: all that loop, study and report know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import DataError, RecipeError
from paribus.records.metric import Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview


class Meter(Protocol):
    """Adds up figures over batches on the device, without waiting for it."""

    def update(self, stage: str, loss: Tensor, outputs: Any, batch: Batch) -> None:
        """Count one batch of one stage: its mean loss, and the outputs, one tensor or a tree of them, both detached."""
        ...

    def figures(self) -> dict[str, float]:
        """Metric name → value over everything counted so far."""
        ...

    def state(self) -> dict[str, Any]:
        """The sums themselves, tensors or plain values, to be saved in the middle of an epoch.

        Those of several processes are added up, see :func:`.meter.added`: nothing else may stand among them.
        """
        ...

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        ...


class Task(ABC):
    """What is learned. The loop steps, records and stops; all that depends on the kind of problem is here.

    Only :meth:`loss`, :meth:`meter` and :meth:`predict` must be written.

    Args:
        info: what is known of the data.
    """

    metrics: ClassVar[tuple[Metric, ...]]  # the first one is what a study compares by default
    supplies: ClassVar[frozenset[str]] = frozenset()  # what model_inputs gives beside the usual names
    details: ClassVar[tuple[Metric, ...]] = ()  # of figures that are one of many, like ``val/iou/road``
    scored: ClassVar[tuple[str, ...]] = ()  # metrics that are means over examples, which scores gives one by one
    draws: ClassVar[bool] = False  # whether its evaluation draws noise, the same every time, as denoising does
    reads: ClassVar[str] = ""  # what the files hold that it predicts for, where these are no pictures
    diagnosis: ClassVar[str] = ""  # ``module:function`` that finds faults in the records of a run
    least_per_class: int = 1  # examples of a class without which a loss that compares them says nothing

    def __init__(self, info: DataInfo) -> None:
        self.info = info

    @property
    def num_outputs(self) -> int:
        """How many numbers the model must give for each example, pixel or token: by default one per class."""
        return len(self.info.classes)

    def output_shape(self, batch: Batch) -> tuple[int, ...] | None:
        """The shape of what the network must give for a batch; ``None`` where its loss says what fits."""
        return None

    def model_inputs(self) -> dict[str, Any]:
        """What models are supplied with: constructor parameters that are no options, and their values.

        A task that has more to say of its examples adds names, and lists them in :attr:`supplies`, so that a model's
        parameter of such a name is no option either.
        """
        info = self.info
        return {
            "input_shape": info.network_shape,
            "in_channels": info.network_shape[0],
            "target_shape": info.target_shape,
            "num_outputs": self.num_outputs,
            "num_classes": len(info.classes),
            "num_tokens": len(info.text.vocabulary) if info.text else 0,
        }

    def companion(self) -> nn.Module | None:
        """What learns beside the model, is saved with it, and is no part of it: a projection, centres of classes.

        The task finds it as ``network.companion``. Who starts from the weights of such a run leaves it behind.
        """
        return None

    def check(self, prepared: PreparedData) -> None:  # noqa: B027 (most tasks take all data that fit their network)
        """Refuse data that this task cannot be trained on, before the first pass and the first step.

        Raises:
            ParibusError: with what is wrong.
        """

    def prepare(self, prepared: PreparedData) -> None:  # noqa: B027 (most tasks need what is known of the data alone)
        """Look at the data before the first step or the test, for what :attr:`info` does not say."""

    def learns_from(self) -> dict[str, Any]:
        """What a run writes down of runs that it learns from: what they are to it → facts, ``notes`` among them."""
        return {}

    def stages(self, network: nn.Module) -> Mapping[str, list[nn.Parameter]]:
        """Named sets of parameters, each with its own loss and optimizer, stepped in this order on every batch.

        Most tasks have one; a GAN has two.
        """
        return {"model": [parameter for parameter in network.parameters() if parameter.requires_grad]}

    def due(self, stage: str, step: int) -> bool:
        """Whether a stage takes a step on batch number ``step`` = 0, 1, …: a critic may step more often than others."""
        return True

    def at(self, step: int, epoch: float) -> None:  # noqa: B027
        """Training comes to batch number ``step``, ``epoch`` passes from its start: for losses that change with time.

        It is called before the stages of each batch, in a resumed training as well, so there is nothing to be saved.
        """

    @abstractmethod
    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Any]:
        """The mean loss of a batch for one stage (a scalar), and what the meter counts: one tensor, or a tree of them.

        It is also called in evaluation, under ``torch.inference_mode``: what needs gradients is left out there. Random
        draws from torch's global generators are repeatable in both.

        Where several processes train, each is given its share of the batch, and their losses count by their examples. A
        mean over something else (tokens, boxes) asks :func:`paribus.ranks.as_share` how many there are, and a loss that
        compares examples with each other :func:`paribus.ranks.whole` for those of all processes.
        """
        ...

    def joined(self, states: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """What :meth:`state` gives where one process has the examples of several, from what they give."""
        return next((state for state in states if state), {})

    def fitting(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Targets and weights (B,) of examples, for models that are fitted at once; no weights where all are equal.

        Raises:
            RecipeError: if the task has no such targets, or options that only steps can follow.
        """
        hint = "they are for classification and regression"
        raise RecipeError(
            "this task has nothing for models that are fitted at once", got=type(self).__name__, hint=hint
        )

    @abstractmethod
    def meter(self, split: str) -> Meter:
        """A fresh meter for a split of the data."""
        ...

    @abstractmethod
    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Predictions for some inputs, one row per example: for classes their probabilities."""
        ...

    def begin(self) -> None:  # noqa: B027 (most tasks keep nothing)
        """A pass over a split begins: forget what was kept from batch to batch."""

    def state(self) -> dict[str, Any]:
        """What is kept from batch to batch, tensors or plain values, for checkpoints in the middle of an epoch."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:  # noqa: B027
        """Restore what :meth:`state` gave."""

    def scores(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """The metrics in :attr:`scored` of each example (B,), in evaluation mode: their means are the figures.

        So two networks can be compared example by example, and what other examples would say can be estimated.
        """
        return {}

    def preview(self, network: nn.Module, batch: Batch) -> Preview | None:
        """Outputs for a few validation examples, in evaluation mode, for people to look at.

        Made after 1, 2, 4, … epochs and at the end; ``None`` where there is nothing to show.
        """
        return None

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """What the network makes of each example of a batch, in evaluation mode, for people to look at.

        Raises:
            DataError: if the task has nothing to say of single examples.
        """
        raise DataError("this task says nothing of single examples", got=type(self).__name__)

    def sample(self, network: nn.Module, count: int, *_: Any, **options: Any) -> Preview:
        """New examples drawn from a network in evaluation mode, for people to look at: pictures, or text.

        A task that can draw has its options as keyword-only parameters, whose types and ``Args:`` are their schema:
        ``temperature: Annotated[float, Field(gt=0)] = 1.0``. They arrive validated, without gradients, and with torch's
        global generators seeded by the caller.

        Raises:
            DataError: if the task draws nothing.
        """
        raise DataError("this task draws no examples", got=type(self).__name__)

    def errors(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """The error of each example (B,): of the network, and then, by name, of what needs no model, for comparison.

        Raises:
            DataError: if there is nothing to compare with.
        """
        raise DataError("this task knows nothing that a network could be compared with", got=type(self).__name__)

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """Predictions for some inputs as they are stored (B, …), one each; who asks names them.

        Raises:
            DataError: if the task has no words for them.
        """
        hint = "pb.load(run).predict(inputs) gives what the network says"
        raise DataError("this task makes no predictions for arrays", got=type(self).__name__, hint=hint)

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """Predictions for some files, one each; a file that cannot be read gets its reason.

        Raises:
            DataError: if the task makes no predictions for files.
        """
        raise DataError("this task makes no predictions for files", got=type(self).__name__)
