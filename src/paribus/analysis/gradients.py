"""How a gradient fares on its way back through the layers: measured, and below the bound that Jacobians set it.

Backward through a block with Jacobian J a gradient g becomes Jᵀg, so it grows by the largest singular value of J at
most. Through many blocks the bound is the product: far below 1 it must vanish (Hochreiter, 1991; Bengio et al., 1994).
A block x + f(x) has the Jacobian I + J_f, which hands on what f loses (He et al., 2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from operator import mul
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.chance import seeded
from paribus.data.deliver.loader import Batch
from paribus.errors import DataError
from paribus.inference.trained import Trained, batches, prepared_with
from paribus.models.adapting import adapt
from paribus.models.declarations import fits_at_once
from paribus.models.network import Network, assemble
from paribus.tasks.task import Task

When = Literal["final", "start"]

SMALL = 1024  # values of a layer up to which its Jacobian is computed whole; of others the largest stretch is iterated
STEPS = 30  # of that iteration
VANISHED, EXPLODED = 1e-4, 1e4  # of the first layer's gradient over the last one's
IDLE = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
HOLDERS = (nn.Sequential, nn.ModuleList)


@dataclass(frozen=True)
class Layer:
    """A layer, or a block of several, on the way of the gradient.

    Args:
        name: path of the module.
        activation: mean over the examples of ‖∂loss/∂h‖, h the output.
        weight: ‖∂loss/∂W‖ of their mean loss, over all parameters within; ``None`` where there are none.
        ratio: ‖∂loss/∂h‖ over that at the end of the chain, for the first example; ``None`` off the chain.
        bound: Π of the largest singular values of the Jacobians of the chain's later blocks, there; ``None`` likewise.
    """

    name: str
    activation: float
    weight: float | None
    ratio: float | None
    bound: float | None


@dataclass(frozen=True)
class Gradients:
    """Gradients by layer.

    Args:
        at: the weights that were looked at: the final ones, or those of the start.
        layers: in the order in which they run.
        exact: whether all Jacobians were computed whole; else their largest stretch was iterated, from below.
        examples: that the norms are means over.
    """

    at: str
    layers: tuple[Layer, ...]
    exact: bool
    examples: int

    @property
    def reach(self) -> float:
        """The gradient at the output of the first layer over that of the last."""
        first, last = self.layers[0].activation, self.layers[-1].activation
        return first / last if last else math.nan

    @property
    def word(self) -> str:
        """Whether it vanishes on its way, explodes, or arrives."""
        if math.isnan(self.reach):
            return "cannot be said"
        return "vanishes" if self.reach < VANISHED else "explodes" if self.reach > EXPLODED else "arrives"


def gradients(
    trained: Trained, *, at: When = "final", examples: Annotated[int, Field(ge=1, le=512)] = 32, bounds: bool = True
) -> Gradients:
    """Follow the gradient of the loss of some training examples back through the layers.

    Norms are those of evaluation, so that examples do not depend on each other.

    Args:
        trained: the network.
        at: whether with the weights of the end, or with those that training started from.
        examples: of the training split.
        bounds: whether to compute how far each block can stretch a gradient, which takes most of the time.

    Raises:
        DataError: for a task with several losses, or a network without layers to be followed.
    """
    task, recipe = trained.task, trained.recipe
    network = trained.network if at == "final" else _as_it_began(trained)
    if fits_at_once(network.model):
        raise DataError("a model that is fitted at once follows no gradient", got=recipe.model.use)
    stages = task.stages(network)
    if len(stages) != 1:
        raise DataError("the gradient of one loss is followed, and this task has several", got=", ".join(stages))
    batch = next(batches(trained, "train", examples))
    with seeded(0), _all_trained(network):
        passed = _passed(network, task, next(iter(stages)), batch)
        if len(passed) < 2:
            raise DataError(
                "this network has no layers that a gradient could be followed through", got=recipe.model.use
            )
        start, end = _chain(passed)
        stretches = [_stretch(one.block, one.given[:1]) for one in passed[start + 1 : end]] if bounds else []
    products = list(accumulate((size for size, _ in reversed(stretches)), mul, initial=1.0))[::-1]
    last = passed[end - 1].of(0)
    layers = []
    for place, one in enumerate(passed):
        inside = start <= place < end and end - start > 1 and last > 0
        ratio = one.of(0) / last if inside else None
        layers.append(
            Layer(one.name, one.mean, one.weight, ratio, products[place - start] if inside and bounds else None)
        )
    return Gradients(at, tuple(layers), all(whole for _, whole in stretches), len(batch))


def _as_it_began(trained: Trained) -> Network:
    """The network with the weights of its run before the first step."""
    network = assemble(trained.recipe.model, trained.task, trained.recipe.seeds(trained.seed))
    adapt(network, prepared_with(trained, "train"))
    return network.eval()


@dataclass
class _Passed:
    """A block that was passed once: its input and output, and the gradient that came back."""

    name: str
    block: nn.Module
    given: Tensor
    source: int  # the identity of its input
    result: int  # and that of its output
    gradient: Tensor | None = None
    weight: float | None = None

    def of(self, example: int) -> float:
        """‖∂loss/∂h‖ of an example, whose loss is one of B in the mean."""
        return 0.0 if self.gradient is None else float(self.gradient[example].double().norm()) * len(self.gradient)

    @property
    def mean(self) -> float:
        """The mean of that over all examples."""
        sizes = [self.of(example) for example in range(len(self.given))]
        return math.fsum(sizes) / len(sizes)


@dataclass
class _Way:
    """What was met on the way forward; outputs are held, so that no identity is used twice."""

    met: dict[str, list[_Passed]] = field(default_factory=dict)
    held: list[Tensor] = field(default_factory=list)

    def meet(self, name: str, block: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        """A block has run."""
        if not (given and isinstance(given[0], Tensor) and isinstance(output, Tensor) and output.requires_grad):
            return
        one = _Passed(name, block, given[0].detach(), id(given[0]), id(output))
        self.held += [given[0], output]
        self.met.setdefault(name, []).append(one)
        output.register_hook(partial(setattr, one, "gradient"))


def blocks(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers and blocks that a network itself runs one after the other, with their paths."""
    found = dict(_blocks(model, ""))
    while len(found) == 1 and any(True for _ in next(iter(found.values())).children()):  # all of it in one module
        [(path, only)] = found.items()
        found = dict(_blocks(only, path))
    yield from found.items()


def _blocks(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        place = f"{path}.{name}" if path else name
        if isinstance(child, HOLDERS):
            yield from _blocks(child, place)
        elif not isinstance(child, IDLE):
            yield place, child


def _passed(network: Network, task: Task, stage: str, batch: Batch) -> list[_Passed]:
    """The blocks that were passed once, with their gradients."""
    way = _Way()
    hooks = [block.register_forward_hook(partial(way.meet, name)) for name, block in blocks(network.model)]
    try:
        loss, _ = task.loss(stage, network, batch)
        loss.backward()
    finally:
        for hook in hooks:
            hook.remove()
    found = [ones[0] for ones in way.met.values() if len(ones) == 1]
    for one in found:
        slopes = [it.grad.double().norm() for it in one.block.parameters() if it.grad is not None]
        one.weight = float(torch.stack(slopes).norm()) if slopes else None
    return found


def _chain(passed: Sequence[_Passed]) -> tuple[int, int]:
    """The longest run of blocks of which each takes just what the one before gives: its ends as of a slice."""
    best = start = 0
    longest = (0, 1)
    for place in range(1, len(passed) + 1):
        if place == len(passed) or passed[place].source != passed[place - 1].result:
            if place - start > best:
                best, longest = place - start, (start, place)
            start = place
    return longest


def _stretch(block: nn.Module, x: Tensor) -> tuple[float, bool]:
    """The largest singular value of the Jacobian of a block at an input (1, …), and whether that was computed whole."""
    with torch.no_grad():
        outputs = block(x).numel()
    if max(outputs, x.numel()) <= SMALL:
        jacobian = torch.autograd.functional.jacobian(block, x).reshape(outputs, x.numel())
        return float(torch.linalg.matrix_norm(jacobian.double(), 2)), True
    vector = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).to(x)
    size = 0.0
    for _ in range(STEPS):
        vector = vector / (vector.norm() or 1.0)
        _, image = torch.autograd.functional.jvp(block, x, vector)
        size = float(image.norm())
        _, vector = torch.autograd.functional.vjp(block, x, image)
    return size, False


@contextmanager
def _all_trained(network: nn.Module) -> Iterator[None]:
    """Let gradients reach frozen layers too, and leave none behind."""
    needed = [(it, it.requires_grad) for it in network.parameters()]
    for it, _ in needed:
        it.requires_grad_(True)
    try:
        yield
    finally:
        for it, trained in needed:
            it.requires_grad_(trained)
            it.grad = None
