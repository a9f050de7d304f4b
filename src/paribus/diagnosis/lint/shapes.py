"""(N, 1) against (N,): no operation silently broadcasts outputs against targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from paribus.chance import key, seeded
from paribus.data import trees
from paribus.data.deliver.loader import Batch
from paribus.diagnosis.lint.outcome import Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject

EXAMPLES = (7, 5, 11, 13)  # numbers of examples that hardly any other axis has
PAIRED = {  # operations that compare their first two arguments value by value
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss", "gaussian_nll_loss", "kl_div",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss",
}  # fmt: skip
COMPARED = {
    "sub", "__sub__", "__rsub__", "rsub", "subtract", "eq", "__eq__", "ne", "__ne__", "lt", "__lt__", "gt", "__gt__",
    "le", "__le__", "ge", "__ge__", "isclose", "dist", "mul", "__mul__", "__rmul__", "div", "__truediv__", "add",
    "__add__", "__radd__", "where", "cosine_similarity", "pairwise_distance",
}  # fmt: skip
OUTPUT, TARGET = 1, 2  # bits


class Watch(TorchFunctionMode):
    """Sees every operation of torch, and which tensors come from outputs and which from targets.

    Args:
        targets: what outputs are compared with.
    """

    def __init__(self, targets: Any) -> None:
        super().__init__()
        self.marks: dict[int, int] = {}
        self.alive: list[Tensor] = []  # so that no two tensors get the same id
        self.found: dict[str, None] = {}
        self.mark(targets, TARGET)

    def mark(self, tree: Any, kind: int) -> None:
        """Say what some tensors are."""
        for leaf in _tensors(tree):
            self.marks[id(leaf)] = self.marks.get(id(leaf), 0) | kind
            self.alive.append(leaf)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Carry the marks over, and look at shapes."""
        given = [*_tensors(args), *_tensors(kwargs)]
        kinds = [self.marks.get(id(one), 0) for one in given]
        name = getattr(func, "__name__", "")
        if name in PAIRED | COMPARED:
            self._look(name, given[:2], kinds[:2])
        made = func(*args, **(kwargs or {}))
        if union := reduce(or_, kinds, 0):
            self.mark(made, union)
        return made

    def _look(self, name: str, given: list[Tensor], kinds: list[int]) -> None:
        if len(given) < 2 or {*kinds} != {OUTPUT, TARGET}:
            return
        shapes = [tuple(one.shape) for one in given]
        if shapes[0] == shapes[1] or min(one.numel() for one in given) <= 1:
            return
        try:
            together = torch.broadcast_shapes(*shapes)
        except RuntimeError:
            return  # torch refuses it itself
        grows = together.numel() > max(one.numel() for one in given)
        if grows or name in PAIRED:
            order = kinds.index(OUTPUT)
            self.found[f"{name}: outputs {shapes[order]} against targets {shapes[1 - order]} → {tuple(together)}"] = (
                None
            )


def broadcast(subject: Subject) -> Verdict:
    """The loss and the figures of one batch, under a watch of shapes."""
    task, network, prepared = subject.task, subject.network, subject.prepared
    taken = {*prepared.info.input_shape, *prepared.info.target_shape, len(prepared.info.classes)}
    rows = prepared.rows["train"]
    size = next((number for number in EXAMPLES if number not in taken and number <= len(rows)), min(7, len(rows)))
    batch = prepared.loader("train", size, "cpu").take(rows[:size])
    found = watched(task, network, batch)
    if not found:
        return kept(f"the loss and the figures of {size} examples compare outputs and targets of the same shape")
    return broken(
        f"outputs and targets of different shapes are spread against each other ({len(found)} times)",
        "give both the same shape, outputs.squeeze(1) or targets[:, None], before they are compared",
        operation=found[0],
    )


def watched(task: Any, network: nn.Module, batch: Batch) -> list[str]:
    """The operations that broadcast outputs of a network against the targets of a batch."""
    network.eval()
    task.begin()
    with torch.no_grad(), seeded(key("watch")), Watch(batch.targets) as watch:
        hook = network.register_forward_hook(lambda _, __, made: watch.mark(made, OUTPUT))
        try:
            meter = task.meter("val")
            for stage in task.stages(network):
                loss, outputs = task.loss(stage, network, batch)
                meter.update(stage, loss, outputs, batch)
        finally:
            hook.remove()
    return list(watch.found)


def _tensors(tree: Any) -> Iterator[Tensor]:
    """All tensors in arguments of whatever form."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, trees.Ragged):
        yield tree.values
    elif isinstance(tree, Mapping):
        for entry in tree.values():
            yield from _tensors(entry)
    elif isinstance(tree, (tuple, list)):
        for entry in tree:
            yield from _tensors(entry)
