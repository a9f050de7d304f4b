"""Who holds what in one training step: predicted from the layers, measured on a real step, and what would save some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import seeded, set_seed
from paribus.data.deliver.loader import Batch
from paribus.errors import DataError
from paribus.inference.trained import Trained, prepared_with
from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.theory.layers import Table
from paribus.theory.layers.saved import by_layer
from paribus.training.checkpointing import chains, checkpointed, segments
from paribus.training.costs import Memory, layers_of, predicted
from paribus.training.distributed.group import One
from paribus.training.execution import Settings
from paribus.training.failures import as_out_of_memory
from paribus.training.loaders import Loaders
from paribus.training.session import Session
from paribus.training.step import gradient, step
from paribus.training.trial import held, now, size
from paribus.training.watch import LOSS, Moment, Watched, watched

ROUNDS = 5  # steps of each way that are timed in turn
PIECES = (2, 4)  # of a batch, in accumulation
SHOWN = 240  # moments of a step that are kept in the record
LAYERS = 30  # that are told apart; more are taken together by the modules that hold them


@dataclass(frozen=True)
class Layer:
    """What a layer, or a module of several, holds in a step.

    Args:
        path: of the module within the network; ``loss`` for what is kept outside of it.
        predicted: bytes of activations by its kind, for this batch; ``None`` where the layers cannot be followed.
        activations: bytes that were kept for the backward pass, by the layer that needs them first.
        parameters: bytes of parameters and buffers.
        gradients: bytes of their gradients.
        state: bytes that the optimizer keeps for them.
    """

    path: str
    predicted: int | None
    activations: int
    parameters: int
    gradients: int
    state: int


@dataclass(frozen=True)
class Way:
    """A way to take the same step.

    Args:
        name: of it.
        peak: bytes beyond what lies there between two steps, at the moment of most.
        slower: seconds of a step over those of a plain one: the median, and the ends, over a few rounds.
        difference: the largest difference of a gradient from the plain one, over the largest gradient; 0 to the last
            bit.
    """

    name: str
    peak: int
    slower: tuple[float, float, float]
    difference: float


@dataclass(frozen=True)
class StepMemory:
    """Who holds what in one training step.

    Args:
        batch: examples that go through the network at once.
        device: where the step was taken.
        precision: of its operations.
        kinds: what is held, by kind, predicted and measured.
        problem: why no layer is predicted, if so.
        layers: in the order in which they run.
        moments: of the step, the largest of neighbouring ones.
        peak: the moment of most bytes.
        allocator: the peak that the device's own allocator tells, beyond what is there between two steps; ``None`` on
            the CPU, whose allocator does not.
        ways: the plain step first, then those that hold less.
        divided: chain → its layers and into how many segments checkpointing divides them.
    """

    batch: int
    device: str
    precision: str
    kinds: tuple[Memory, ...]
    problem: str
    layers: tuple[Layer, ...]
    moments: tuple[Moment, ...]
    peak: Moment
    allocator: int | None
    ways: tuple[Way, ...]
    divided: Mapping[str, tuple[int, int]]

    @property
    def resident(self) -> int:
        """Bytes that lie there between two steps: parameters, optimizer state, moving average."""
        return sum(one.measured or 0 for one in self.kinds if one.what not in ("gradients", "activations"))


def memory(
    trained: Trained, *, batch: Annotated[int, Field(ge=1)] | None = None, device: str = "auto", compare: bool = True
) -> StepMemory:
    """Take a training step of a run again, and see what it holds; the run stays as it is.

    Args:
        trained: the network.
        batch: how many examples go through the network at once; as its recipe has it by default.
        device: where the step is taken: auto, cpu, cuda, cuda:1 or mps.
        compare: whether to take the step with checkpointing and with accumulation too.

    Raises:
        DataError: for a model that is fitted at once, or a batch that the training examples do not fill.
        OutOfMemory: if the step needs more than there is.
    """
    recipe, threads = trained.recipe, torch.get_num_threads()
    prepared = prepared_with(trained, "train")
    examples = len(prepared.rows["train"])
    if batch is not None:
        if batch > examples:
            raise DataError("a batch cannot be larger than the training split", got=batch, hint=f"at most {examples}")
        training = recipe.training.model_copy(update={"batch_size": batch, "accumulate": 1})
        recipe = recipe.model_copy(update={"training": training})
    try:
        with seeded(0):  # steps set torch's generator, which is given back as it was
            session = Session(recipe, prepared, recipe.seeds(trained.seed), Settings(device, 1))
            if session.fitted:
                rule = "a model that is fitted at once takes no steps"
                raise DataError(rule, got=recipe.model.use, hint="ask a network that is trained step by step")
            session.network.load_state_dict(trained.network.state_dict())
            data = Loaders.of(recipe, prepared, session.execution.device)
            piece = next(data.train.shuffled(session.seeds, 0, augment=data.augment, order=data.order))
            piece = piece.chunks(recipe.training.accumulate)[0]
            session.group = One(parts=session.group.share.parts)
            return _seen(session, piece, recipe, layers_of(session, prepared), compare)
    except (RuntimeError, MemoryError) as error:
        raise as_out_of_memory(error) from error
    finally:
        torch.set_num_threads(threads)


def _seen(
    session: Session, batch: Batch, recipe: Recipe, layers: tuple[Table | None, str], compare: bool
) -> StepMemory:
    """A session's steps on a batch."""
    time = Time(0, 1, 1)
    session.begin_epoch()
    step(session, batch, time)  # after which the optimizer holds what it does
    expected = predicted(recipe, session, layers[0], len(batch))
    seen = watched(session, batch, time)
    measured = {**held(session), "activations": max(moment.activations for moment in seen.moments)}
    return StepMemory(
        batch=len(batch),
        device=session.execution.device,
        precision=session.execution.precision,
        kinds=tuple(replace(one, measured=measured[one.what]) for one in expected),
        problem=layers[1],
        layers=tuple(_layers(session, seen, layers[0], len(batch))),
        moments=tuple(_thinned(seen.moments)),
        peak=seen.peak,
        allocator=seen.allocator,
        ways=tuple(_ways(session, batch, time, seen)) if compare else (),
        divided={path: (len(it), segments(len(it))) for path, it in chains(session.network.model).items()},
    )


def _layers(session: Session, seen: Watched, net: Table | None, examples: int) -> Iterator[Layer]:
    """What each module holds, as deep as there are few of them."""
    kept = Counter({_within(path): size for path, size in seen.kept.items()})
    foreseen = _predicted(net, examples) if net is not None else Counter()
    own = {_within(path): module for path, module in session.network.named_modules()}
    weights, gradients, state = (Counter[str]() for _ in range(3))
    known = {
        id(parameter): it for optimizer in session.optimizers.values() for parameter, it in optimizer.state.items()
    }
    for path, module in own.items():
        here = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        weights[path] = size(here)
        gradients[path] = size(it for it in here if it.requires_grad)
        kept_of = (value for it in here for value in known.get(id(it), {}).values())
        state[path] = size(value for value in kept_of if isinstance(value, Tensor))
    names = [path for path in own if kept[path] or foreseen[path] or weights[path]]
    depth = _depth(names)
    groups = dict.fromkeys(_cut(path, depth) for path in names)
    for group in (*groups, *([LOSS] if kept[LOSS] else [])):
        of = [path for path in (*names, LOSS) if _cut(path, depth) == group]
        known_here = net is not None and group != LOSS
        sums = [sum(found[path] for path in of) for found in (kept, weights, gradients, state)]
        yield Layer(group or "(itself)", sum(foreseen[path] for path in of) if known_here else None, *sums)


def _predicted(net: Table, examples: int) -> Counter[str]:
    """Path → bytes; what a module's own code does between its layers is the module's."""
    found, inside = Counter[str](), ""
    for row, of_one in zip(net.rows, by_layer(net), strict=True):
        found[row.path or inside] += of_one * examples
        inside = row.path.rpartition(".")[0] if row.path else inside
    return found


def _within(path: str) -> str:
    """The path within the model, whatever scales its inputs around it."""
    return path if path == LOSS else path.removeprefix("model").removeprefix(".")


def _depth(paths: Sequence[str]) -> int:
    """How many words of the paths are told apart."""
    deepest = max((path.count(".") + 1 for path in paths), default=1)
    few = (depth for depth in range(deepest, 1, -1) if len({_cut(path, depth) for path in paths}) <= LAYERS)
    return next(few, 1)


def _cut(path: str, depth: int) -> str:
    return ".".join(path.split(".")[:depth])


def _thinned(moments: Sequence[Moment]) -> Iterator[Moment]:
    """At most so many: of neighbours in the same phase the one of most bytes."""
    together = -(-len(moments) // SHOWN)
    for start in range(0, len(moments), together):
        yield max(moments[start : start + together], key=lambda moment: moment.total)


def _ways(session: Session, batch: Batch, time: Time, seen: Watched) -> Iterator[Way]:
    """The same step in other ways: its gradients, its peak, and its seconds in turn with a plain one."""
    ways = _known(session, batch)
    gradients, peaks, seconds = {}, {"plain": seen.peak.total}, {name: list[float]() for name in ways}
    for name, way in ways.items():  # all of them before a step changes the weights
        with way():
            gradients[name] = _gradients(session, batch)
    for name, way in ways.items():
        with way():
            peaks[name] = peaks.get(name) or watched(session, batch, time).peak.total
    for _ in range(ROUNDS):
        for name, way in ways.items():
            with way():
                began = now(session)
                step(session, batch, time)
                seconds[name].append(now(session) - began)
    for name in ways:
        ratios = [it / other for it, other in zip(seconds[name], seconds["plain"], strict=True)]
        slower = (median(ratios), min(ratios), max(ratios))
        yield Way(name, peaks[name], slower, _difference(gradients[name], gradients["plain"]))


def _known(session: Session, batch: Batch) -> dict[str, Callable[[], AbstractContextManager[None]]]:
    """The ways that there are for this network and batch, by name."""
    ways: dict[str, Callable[[], AbstractContextManager[None]]] = {"plain": nullcontext}
    if chains(session.network.model):
        ways["checkpointing"] = partial(checkpointed, session.network.model)
    for pieces in PIECES:
        if len(batch) >= 2 * pieces:
            ways[f"accumulate={pieces}"] = partial(_accumulated, session, pieces)
    return ways


@contextmanager
def _accumulated(session: Session, pieces: int) -> Iterator[None]:
    """Let steps take a batch in pieces."""
    before = session.group
    session.group = One(pieces, before.share.parts)
    try:
        yield
    finally:
        session.group = before


def _gradients(session: Session, batch: Batch) -> list[Tensor]:
    """Those of all stages at these weights, with the same noise."""
    found = []
    for stage, optimizer in session.optimizers.items():
        set_seed(session.noise_key)
        gradient(session, stage, optimizer, batch, watched=False)
        parameters = [it for group in optimizer.param_groups for it in group["params"]]
        found += [it.grad.detach().clone() for it in parameters if it.grad is not None]
    return found


def _difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The largest difference over the largest number; 0 where all bits are equal."""
    largest = max((float(it.abs().max()) for it in theirs), default=0.0)
    apart = max((float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True)), default=0.0)
    return apart / (largest or 1.0)
