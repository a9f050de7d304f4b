"""What a map is asked about: a class of each picture, and, where every pixel has a class, the pixels that count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from paribus.errors import DataError
from paribus.tasks.task import Task


@dataclass(frozen=True)
class Question:
    """Why does the network see these classes in these pictures?

    Args:
        inputs: (B, C, H, W) float32, pictures in stored values.
        classes: (B,) int64.
        where: (B, H, W) bool, the pixels whose class is asked about; ``None`` where a picture has one class.
    """

    inputs: Tensor
    classes: Tensor
    where: Tensor | None = None

    def __len__(self) -> int:
        return len(self.classes)

    def read(self, values: Tensor) -> Tensor:
        """The values of the class (B,), from those of all classes (B, K) or (B, K, H, W): there their mean."""
        own = values[torch.arange(len(values), device=values.device), self.classes.to(values.device)]
        if self.where is None:
            return own
        where = self.where.to(values.device)
        return (own * where).sum((1, 2)) / where.sum((1, 2)).clamp(min=1)

    def take(self, which: Tensor | slice) -> Question:
        """Some of the pictures."""
        return Question(self.inputs[which], self.classes[which], None if self.where is None else self.where[which])

    def of(self, inputs: Tensor) -> Question:
        """The same about other pictures."""
        return replace(self, inputs=inputs)


def logits(network: nn.Module, inputs: Tensor) -> Tensor:
    """What the network gives before its last function, float32 (B, K) or (B, K, H, W).

    Behind a softmax a class also gains where others lose; what speaks for it is its own logit (Selvaraju et al., 2017).
    """
    final = getattr(getattr(network, "model", network), "final", None)
    if not isinstance(final, (nn.Softmax, nn.Sigmoid)):
        outputs: Tensor = network(inputs)
        return outputs.float()
    seen: list[Tensor] = []
    hook = final.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        network(inputs)
    finally:
        hook.remove()
    return seen[-1].float()


@torch.no_grad()
def shares(task: Task, network: nn.Module, question: Question) -> Tensor:
    """The probabilities of the classes that are asked about (B,); of pixels their mean."""
    return question.read(task.predict(network, question.inputs))


def refuse_training(network: nn.Module) -> None:
    """Refuse a network in training mode, whose dropout and batch norm would be other ones in every pass.

    Raises:
        DataError: with the first module that is in training mode.
    """
    for name, module in network.named_modules():
        if module.training:
            rule = "the network is in training mode, where dropout and batch norm depend on chance and on the batch"
            raise DataError(rule, got=name or type(network).__name__, hint="call network.eval() first")


@contextmanager
def watching(modules: dict[str, nn.Module]) -> Iterator[list[Call]]:
    """Collects what modules give while the network runs, one after the other."""
    calls: list[Call] = []

    def hooked(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def keep(_: nn.Module, __: tuple[object, ...], output: object) -> None:
            if isinstance(output, Tensor):
                calls.append(Call(name, module, output, output._version))

        return module.register_forward_hook(keep)

    hooks = [hooked(name, module) for name, module in modules.items()]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


@dataclass(frozen=True, eq=False)
class Call:
    """What a module gave.

    Args:
        name: of the module.
        module: it.
        output: (B, …).
        version: how often that memory had been written to then.
    """

    name: str
    module: nn.Module
    output: Tensor
    version: int

    @property
    def overwritten(self) -> bool:
        """Whether somebody has written into the output since: it is no longer what the module gave."""
        return self.output._version != self.version
