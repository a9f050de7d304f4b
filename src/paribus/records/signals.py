"""What a training recorded of its own inside: a row of ``signals.jsonl`` for each look at it.

Looks are taken before the first step, behind epochs 1, 2, 4, 8, … and behind the last one. They never change the
training, and cost little of its time: see ``paribus.training.probe``, which takes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Look:
    """What was seen of a training at one moment. Numbers may be infinite or no number: then that is what was seen.

    By *layer* means by the path of a module as in ``network.named_modules()``, ``model.layers.0.linear``, in the order
    in which they are called; by *stage* by the name of a stage of the task, ``model`` of most.

    Everywhere a name that is missing was not recorded: :attr:`unrecorded` says why. The *probe* is a fixed set of up to
    64 training examples, without augmentation. The *last step* is, for the look before the first step, that first one:
    the row is written behind it.

    Args:
        epoch: whole epochs done; 0 before the first step.
        step: steps done.
        probed: whether the probe was shown to the network; else the look holds only what the last step left behind.
            It is before the first step, behind the last one, and between them where enough steps have passed to pay
            for it.
        pieces: in how many pieces the probe was shown in training mode, none larger than a batch of training.
        piece: examples in each of them.
        lr: by stage, the learning rate of the last step, before the factors of the model's own groups.
        clipped: by stage, the share of steps since the look before whose gradient was longer than
            ``training.clip_norm``; nothing where that is not set.
        clip_factor: by stage, what gradients were multiplied by on average over all these steps: 1 if never clipped.
        weight_norm: by layer, the Euclidean norm of all its parameters.
        weight_deviation: by layer, of the numbers in its matrices and kernels: 0 where all are equal.
        update_ratio: by layer, ‖Δw‖/‖w‖ of the last step, all its parameters as one vector.
        step_gradient: by layer, the norm of the gradient of the last step, behind penalties and clipping.
        gradient: by layer, the norm of the gradient of the stage's loss over the probe.
        mean, deviation: by layer, of all its outputs over the probe, in evaluation mode.
        variation: by layer, how far its outputs depend on the example: root mean square over its outputs of their
            deviations over examples. 0 where it gives the same for every one.
        zeros: by activation, the share of its outputs that are exactly 0.
        dead: by activation, the share of its units (channels, features) that are 0 for every example and place.
        bends: by activation that is not bounded, the share of the variance of its outputs that no straight line in its
            inputs explains: .27 of a rectifier with normal inputs, 0 of none.
        saturated: by sigmoid or tanh, the share of its outputs within 1 % of their ends; by softmax, the share of its
            answers of which one class has all but 1 %.
        norm_mean: by batch norm, root mean square over channels of (running mean − probe's mean) / probe's deviation.
        norm_variance: by batch norm, mean over channels of the size of ln(running variance / probe's variance).
        norm_batches: by batch norm, how many batches its running statistics have seen.
        loss: by stage, over the probe in training mode: the mean over its pieces (see :attr:`pieces`).
        loss_eval: by stage, over the whole probe in evaluation mode. Without dropout and batch norm it is ``loss``; of
            a loss that is a sum over examples it is that times the number of pieces.
        loss_bias: by stage, in evaluation mode with the inputs of the last layer set to 0, so that its bias is all.
        gradient_square: by stage, an unbiased estimate of ‖G‖², the square of the true gradient's norm.
        gradient_variance: by stage, an unbiased estimate of tr Σ, the variance of the gradient of one example.
        outputs: of what the network gives for the probe in evaluation mode: ``mean``, ``deviation``, ``low``, ``high``;
            ``variation`` as that of a layer; ``simplex``, the share of examples whose numbers are probabilities that
            sum to 1; ``bend``, how far the network is from a straight line: root mean square of
            f((a+b)/2) − (f(a)+f(b))/2 over pairs of examples, divided by ``variation``.
        inputs: of what the model sees of the probe, each with a number by channel or column: ``mean``, ``deviation``,
            ``low``, ``high``, ``nan`` (share that is no finite number); of pictures also ``rough``, how far pixels side
            by side differ: 1 as of noise, near 0 where they are smooth. Only before the first step.
        targets: of the probe's, where they are numbers, likewise. Only before the first step.
        agreement: how far an example's nearest neighbour among the training examples tells its target, in the inputs
            as the model sees them: ``kappa``, 1 where it always does, and 0 where it does no more than chance;
            ``error``, its standard error there; ``mask_kappa`` and ``mask_error``, the same of the classes of pixels
            beyond what their places tell; ``distance``, the median distance to the nearest over that of two
            examples; ``examples``, how many were compared. Only before the first step.
        neighbours: by class (its number), how often its examples have a nearest neighbour of each class, in order.
            Only before the first step.
        batch_inputs: as inputs, of the first batch of training as the model sees it, augmented. With epoch 1.
        largest_class: the share of the most frequent class in each of the first batches. With epoch 1.
        unrecorded: name of a field → why it is not there.
    """

    epoch: int
    step: int
    probed: bool = False
    pieces: int = 0
    piece: int = 0
    lr: Numbers = field(default_factory=dict)
    clipped: Numbers = field(default_factory=dict)
    clip_factor: Numbers = field(default_factory=dict)
    weight_norm: Numbers = field(default_factory=dict)
    weight_deviation: Numbers = field(default_factory=dict)
    update_ratio: Numbers = field(default_factory=dict)
    step_gradient: Numbers = field(default_factory=dict)
    gradient: Numbers = field(default_factory=dict)
    mean: Numbers = field(default_factory=dict)
    deviation: Numbers = field(default_factory=dict)
    variation: Numbers = field(default_factory=dict)
    zeros: Numbers = field(default_factory=dict)
    dead: Numbers = field(default_factory=dict)
    bends: Numbers = field(default_factory=dict)
    saturated: Numbers = field(default_factory=dict)
    norm_mean: Numbers = field(default_factory=dict)
    norm_variance: Numbers = field(default_factory=dict)
    norm_batches: Numbers = field(default_factory=dict)
    loss: Numbers = field(default_factory=dict)
    loss_eval: Numbers = field(default_factory=dict)
    loss_bias: Numbers = field(default_factory=dict)
    gradient_square: Numbers = field(default_factory=dict)
    gradient_variance: Numbers = field(default_factory=dict)
    outputs: Numbers = field(default_factory=dict)
    inputs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    targets: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    agreement: Numbers = field(default_factory=dict)
    neighbours: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    batch_inputs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    largest_class: tuple[float, ...] = ()
    unrecorded: Mapping[str, str] = field(default_factory=dict)

    def noise_scale(self, stage: str = "model") -> float | None:
        """The simple noise scale tr Σ/‖G‖², in examples (McCandlish et al., 2018, equation 2.9).

        One look is a rough estimate: better are the sums of both over several looks, divided. ``None`` where it was not
        recorded, or where noise hides the gradient so that the estimate of ‖G‖² is not positive.
        """
        square, variance = self.gradient_square.get(stage), self.gradient_variance.get(stage)
        return variance / square if square is not None and variance is not None and square > 0 else None

    def plain(self) -> dict[str, Any]:
        """As a row of ``signals.jsonl``: what is empty is left out, ``"nan"`` and ``"inf"`` stand for such numbers."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: _written(value) for name, value in values.items() if value or name in _ALWAYS}

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Look | None:
        """Back from :meth:`plain`; ``None`` for what is no such row. Fields that are not known are passed over."""
        try:
            return cls(**{name: _FORMS[name](row[name]) for name in _FORMS if name in row})
        except (TypeError, ValueError, AttributeError):
            return None


_ALWAYS = ("epoch", "step", "probed")


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _written(entry) for name, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_written(entry) for entry in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _row(value: Any) -> tuple[float, ...]:
    return tuple(float(entry) for entry in value)


def _numbers(value: Any) -> dict[str, float]:
    return {name: float(entry) for name, entry in value.items()}


def _rows(value: Any) -> dict[str, tuple[float, ...]]:
    return {name: _row(entry) for name, entry in value.items()}


def _texts(value: Any) -> dict[str, str]:
    return {name: str(entry) for name, entry in value.items()}


_READERS: dict[str, Callable[[Any], Any]] = {  # type of a field, as it is written above → how it is read
    "int": _whole,
    "bool": bool,
    "Numbers": _numbers,
    "tuple[float, ...]": _row,
    "Mapping[str, tuple[float, ...]]": _rows,
    "Mapping[str, str]": _texts,
}
_FORMS = {entry.name: _READERS[str(entry.type)] for entry in fields(Look)}


def cohen(table: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Cohen's κ of a table of agreements (K, K), and its standard error where there is none (Cohen, 1960, eq. 9)."""
    count = sum(map(sum, table))
    sides = zip(map(sum, table), map(sum, zip(*table, strict=True)), strict=True)
    chance = sum(row * column for row, column in sides) / count**2
    if chance >= 1:
        return 0.0, 1.0
    same = sum(row[place] for place, row in enumerate(table)) / count
    return (same - chance) / (1 - chance), math.sqrt(chance / ((1 - chance) * count))
