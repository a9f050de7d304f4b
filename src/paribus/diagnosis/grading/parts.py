"""Networks, losses and orders of somebody's own, plugged in as users plug theirs in.

Here the faults hide that no field of a recipe can make.

What a recipe says of them is a number, so that nothing in the records names a fault, and the sound ones among them
(number 0) look just like the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.chance import Seeds, permutation
from paribus.data.dataset import Dataset
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.cache import load
from paribus.data.sources.arrays.arrays import Arrays
from paribus.data.sources.series.seasons import Seasons
from paribus.data.write.writer import Writer
from paribus.models.initialisation import initialise
from paribus.records.parts import Part, build, names, register
from paribus.records.sections import Split
from paribus.records.time import Time
from paribus.tasks.classification import Classification
from paribus.tasks.regression import Regression
from paribus.training.schedules import Schedule

Core = Literal["mlp", "cnn", "resnet18", "unet", "lstm", "gru", "rnn"]
State = tuple[Tensor, ...]


class Assembled(nn.Module):
    """A network that somebody put together from a shipped one.

    Args:
        input_shape: shape of one example.
        num_outputs: how many numbers the network gives.
        target_shape: of one target.
        num_tokens: size of the vocabulary.
        core: the network inside.
        inner: its options.
        plan: how it is put together.
        value: a number that the plan takes.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        target_shape: tuple[int, ...] = (),
        num_tokens: int = 0,
        *,
        core: Core = "mlp",
        inner: dict[str, Any] = {},  # noqa: B006  read only
        plan: int = 0,
        value: float = 0.0,
    ) -> None:
        super().__init__()
        supplied = {"input_shape": input_shape, "num_outputs": num_outputs, "target_shape": target_shape}
        self.core = build("model", Part(core, **inner), **supplied, num_tokens=num_tokens)
        initialise(self.core, int(torch.randint(2**31, ())))
        self.loaded = ["core"]  # drawn here, and changed below
        self.before, self.behind = BEFORE.get(plan, _same), BEHIND.get(plan, _same)
        self.plan, self.value = plan, value
        if plan == RAW:
            self.input_scaling = ((0.0,), (1.0 / value,))
        with torch.no_grad():
            CHANGES.get(plan, _leave)(self.core, value)

    def forward(self, x: Tensor) -> Tensor:
        """What the network inside makes of it."""
        return self.behind(self.core(self.before(x, self.value)), self.value)

    def advance(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Go on from a state, where the network inside can."""
        found, after = self.core.advance(self.before(x, self.value), state)
        return self.behind(found, self.value), after


def _same(x: Tensor, value: float) -> Tensor:
    return x


def _leave(core: nn.Module, value: float) -> None:
    pass


def _classes(z: Tensor) -> int:
    """The axis of the classes: the last one of sequences, else the second."""
    return 2 if z.ndim == 3 else 1


BEFORE: Mapping[int, Callable[[Tensor, float], Tensor]] = {9: lambda x, value: x / value}
BEHIND: Mapping[int, Callable[[Tensor, float], Tensor]] = {
    5: lambda z, value: (z / value).softmax(_classes(z)),
    6: lambda z, value: (z - value).relu().sigmoid(),
    7: lambda z, value: (z - value).relu(),
}
RAW = 8  # the network sees inputs as they are stored, times the value


def _scale(core: nn.Module, value: float) -> None:
    for parameter in core.parameters():
        if parameter.ndim > 1:
            parameter.mul_(value)


def _constant(core: nn.Module, value: float) -> None:
    for parameter in core.parameters():
        if parameter.ndim > 1:
            parameter.fill_(value)


def _push_down(core: nn.Module, value: float) -> None:
    """Biases of all layers but the last, or of the norms behind them, far below zero."""
    biased = [module for module in core.modules() if getattr(module, "bias", None) is not None]
    for module in biased[:-1]:
        assert isinstance(module.bias, Tensor)
        module.bias.fill_(-value)


def _slopes(core: nn.Module, value: float) -> None:
    """Rectifiers that let ``value`` of what is negative pass."""
    for module in list(core.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(value))


def _momentum(core: nn.Module, value: float) -> None:
    for module in core.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = value


def _recurrence(core: nn.Module, value: float) -> None:
    for name, parameter in core.named_parameters():
        if "weight_hh" in name:
            parameter.mul_(value)


def _without_bias(core: nn.Module, value: float) -> None:
    """No biases in the layers up to this share of the depth."""
    layers = (module for module in core.modules() if isinstance(module, (nn.Linear, nn.Conv2d)))
    biases = [bias for layer in layers if isinstance(bias := layer.bias, Tensor)]
    for bias in biases[: math.ceil(value * len(biases))]:
        bias.zero_()
        bias.requires_grad_(False)


CHANGES: Mapping[int, Callable[[nn.Module, float], None]] = {
    1: _scale,
    2: _constant,
    3: _push_down,
    4: _slopes,
    10: _momentum,
    11: _recurrence,
    12: _without_bias,
}


class Named(Classification):
    """Classes, by a loss of somebody's own.

    Args:
        form: of the loss.
        value: a number that it takes.
    """

    def __init__(self, info: DataInfo, form: int = 0, value: float = 1.0) -> None:
        super().__init__(info)
        self.form, self.value = form, value

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss of the batch, and what the model gave (B, classes)."""
        loss, outputs = super().loss(stage, network, batch)
        if self.form == 0:
            return loss, outputs
        if self.form == 1:
            return loss * len(batch) * self.value, outputs
        found = {2: outputs.softmax(1), 3: outputs, 4: outputs.sigmoid()}[self.form]
        return F.mse_loss(found, F.one_hot(batch.targets, outputs.shape[1]).float()), outputs


class Numbered(Regression):
    """Numbers, by a loss of somebody's own.

    Args:
        form: of the loss.
        value: a number that it takes.
    """

    def __init__(self, info: DataInfo, form: int = 0, value: float = 1.0) -> None:
        super().__init__(info)
        self.factor = value if form else 0.0

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss of the batch, and what the model gave."""
        loss, outputs = super().loss(stage, network, batch)
        return (loss * len(batch) * self.factor if self.factor else loss), outputs


class Ordered:
    """Arrays that come in an order of their own.

    Args:
        content: SHA-256 of the arrays, which are in the cache.
        together: examples that stand together.
    """

    def __init__(self, content: str, together: int = 1) -> None:
        self.content, self.together = content, together

    def key(self) -> Mapping[str, Any]:
        """The arrays; the order is made anew for every run."""
        return {"content": self.content}

    def write(self, cache: Writer) -> None:
        """Store the same examples."""
        given = load(Arrays(content=self.content))
        cache.start(
            classes=given.classes,
            shape=given.input_shape,
            dtype=given.columns["inputs"].dtype,
            count=len(given),
            target_dtype=given.columns["targets"].dtype,
        )
        for split, (start, stop) in given.official.items():
            inputs, targets = given.take(torch.arange(start, stop))
            cache.add(inputs.numpy(), targets.numpy(), split)

    def to_examples(self, dataset: Dataset) -> Dataset:
        """The same examples, whose training rows come in batches of one class where several stand together."""
        if self.together == 1:
            return dataset
        return Together(**{one.name: getattr(dataset, one.name) for one in fields(dataset)}).by(self.together)


class Together(Dataset):
    """Examples of which batches are cut from the classes one by one."""

    sequential: ClassVar[bool] = True
    size = 1

    def by(self, size: int) -> Together:
        """With batches of so many."""
        object.__setattr__(self, "size", size)
        return self

    def to(self, device: torch.device) -> Together:
        """With inputs and targets on a device."""
        moved = super().to(device)
        assert isinstance(moved, Together)
        return moved.by(self.size)

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """The training rows in such an order that the loader, which reads in many places at once, meets one class."""
        rows = super().split(section, seeds)
        train = rows["train"]
        labels = self.labels
        assert labels is not None
        by_class = train[labels[train].argsort(stable=True)]
        batches = by_class[: len(by_class) // self.size * self.size].view(-1, self.size)
        mixed = batches[permutation(seeds.key("order", "together"), len(batches))]  # (batches, size)
        return {**rows, "train": mixed.T.reshape(-1)}


class Metered(Seasons):
    """A generated series with a second column that was measured elsewhere.

    Args:
        steps: how many hours.
        lead: hours by which the second column is ahead; 0 for none.
        noise: deviation of what is new in every hour.
        memory: share of the last hour's deviation that stays.
        seed: of the noise.
        length: steps of the past in a window.
        horizon: steps that are forecast.
    """

    def __init__(
        self,
        steps: int = 1200,
        lead: int = 0,
        noise: float = 1.0,
        memory: float = 0.8,
        seed: int = 0,
        length: int = 24,
        horizon: int = 6,
    ) -> None:
        super().__init__(steps, noise=noise, memory=memory, seed=seed, length=length, horizon=horizon)
        self.lead = lead

    def key(self) -> Mapping[str, Any]:
        """All that the series depends on."""
        return {**super().key(), "lead": self.lead}

    def write(self, cache: Any) -> None:
        """Generate both columns."""
        import numpy as np

        from paribus.data.sources.series.frequency import HOUR, NAMED
        from paribus.data.sources.series.grid import Regular
        from paribus.data.sources.series.reading import Layout
        from paribus.data.sources.series.seasons import START
        from paribus.data.sources.series.writing import write

        hourly, values = NAMED[HOUR], self.values()
        other = np.roll(values, -self.lead) + np.random.default_rng([self.seed, 1]).normal(0, 0.2, self.steps)
        times = np.concatenate([[START], hourly.after(START, self.steps - 1)])
        one = Regular("", int(hourly.steps(times)[0]), times, np.stack([values, other], 1))
        write(cache, [one], hourly, Layout("time", ("value",), ("other",)), False)


class Restarts(Schedule):
    """The learning rate falls along half a cosine, again and again (Loshchilov & Hutter, 2017).

    Args:
        every: epochs between restarts.
    """

    def __init__(self, every: int = 4) -> None:
        self.every = every

    def factor(self, time: Time) -> float:
        """½(1 + cos πt), t from 0 to 1 between restarts."""
        return 0.5 * (1 + math.cos(math.pi * (time.epoch % self.every) / self.every))


OWN: Mapping[str, Mapping[str, type]] = {
    "model": {"assembled": Assembled},
    "task": {"named": Named, "numbered": Numbered},
    "data": {"ordered": Ordered, "metered": Metered},
    "schedule": {"restarts": Restarts},
}


def plug_in() -> None:
    """Make them known in this process."""
    for kind, name, factory in _missing():
        register(kind, factory, name=name)


def _missing() -> Iterator[tuple[str, str, type]]:
    for kind, parts in OWN.items():
        known = names(kind)
        yield from ((kind, name, factory) for name, factory in parts.items() if name not in known)
