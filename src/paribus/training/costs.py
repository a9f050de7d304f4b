"""What a training costs, before it: the network's size, the memory of a step, the seconds of an epoch.

Memory is predicted by a rule and measured on a real step; seconds are measured over a few steps of this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from paribus.chance import seeded
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import ParibusError
from paribus.models.size import count_parameters
from paribus.progress import Announce, silent
from paribus.records.parts import Part, build
from paribus.records.recipe import Recipe
from paribus.theory.layers import Table, table
from paribus.theory.layers.saved import saved
from paribus.training.check import check_run
from paribus.training.execution import Settings
from paribus.training.session import Session
from paribus.training.trial import Epoch, everything, size, trial


@dataclass(frozen=True)
class Memory:
    """Bytes of one kind that a training step holds.

    Args:
        what: kind.
        rule: how it is predicted.
        predicted: by that rule; ``None`` where there is none.
        measured: on a real step; ``None`` where it was not.
    """

    what: str
    rule: str
    predicted: int | None
    measured: int | None


@dataclass(frozen=True)
class Costs:
    """What a training of a recipe costs.

    Args:
        recipe: its name.
        model: name of the model.
        layers: of the network; ``None`` where they cannot be followed.
        problem: why not.
        frozen: paths of the layers that are not trained.
        trainable: numbers that are.
        fixed: numbers that are not.
        batch: examples that go through the network at once.
        memory: by kind.
        epoch: how long one takes; ``None`` where nothing was measured.
        epochs: that the recipe trains at most.
        execution: device, number format, layout and threads.
    """

    recipe: str
    model: str
    layers: Table | None
    problem: str
    frozen: tuple[str, ...]
    trainable: int
    fixed: int
    batch: int
    memory: tuple[Memory, ...]
    epoch: Epoch | None
    epochs: int
    execution: Mapping[str, str | int | bool]


def costs(
    recipe: Recipe, seed: int = 0, *, device: str = "auto", measure: bool = True, progress: Announce = silent
) -> Costs:
    """What a training costs on this machine; nothing is written, and no weights are kept.

    Args:
        recipe: what is to be trained.
        seed: with which seed.
        device: where.
        measure: whether to take a few steps; else nothing is measured.
        progress: told how far the data are, which are read.

    Raises:
        ParibusError: whatever a training would refuse before its first step.
    """
    settings = Settings(device)
    prepared = check_run(recipe, seed, settings, progress)
    with seeded(0):  # steps set torch's generator, which is given back as it was
        session = Session(recipe, prepared, recipe.seeds(seed), settings)
        layers, problem = layers_of(session, prepared)
        most = at_once(recipe, len(prepared.rows["train"]))
        expected = predicted(recipe, session, layers, most)
        measured, epoch = trial(recipe, session, prepared) if measure else ({}, None)
    return Costs(
        recipe=recipe.name,
        model=recipe.model.use,
        layers=layers,
        problem=problem,
        frozen=tuple(_frozen(session.network.model)),
        trainable=session.parameters,
        fixed=count_parameters(session.network) - session.parameters,
        batch=most,
        memory=tuple(replace(one, measured=measured.get(one.what)) for one in expected),
        epoch=epoch,
        epochs=recipe.budget.epochs,
        execution=session.execution.plain(),
    )


def at_once(recipe: Recipe, examples: int) -> int:
    """The most examples that go through the network at once: batches differ by one, and so do their pieces."""
    steps = -(-examples // recipe.training.batch(examples))
    return -(-examples // (steps * recipe.training.accumulate))


def layers_of(session: Session, prepared: PreparedData) -> tuple[Table | None, str]:
    """The layers of a network, or why they cannot be followed."""
    model = session.network.model
    try:
        return table(model, prepared.info.network_shape), ""
    except ParibusError as error:  # a network of one's own may do what no table can say
        return None, f"{error.rule}: {error.got}" if error.got else error.rule


def _frozen(model: nn.Module) -> Iterator[str]:
    """Paths of the modules that hold parameters of which none is trained."""
    for path, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own and not any(parameter.requires_grad for parameter in own):
            yield path


def predicted(recipe: Recipe, session: Session, layers: Table | None, at_once: int) -> list[Memory]:
    """What a step on so many examples at once holds, by rules."""
    network = session.network
    whole, trained = size(everything(network)), size(it for it in network.parameters() if it.requires_grad)
    found = [
        Memory("parameters", "4 bytes each, and the buffers", whole, None),
        Memory("gradients", "as many as trained parameters", trained, None),
        _state(recipe, session),
    ]
    if session.average is not None:
        found.append(Memory("moving average", "a copy of the parameters", whole, None))
    return [*found, _activations(layers, at_once)]


def _state(recipe: Recipe, session: Session) -> Memory:
    """What the optimizers keep for each of their parameters."""
    names, total = dict[str, None](), 0
    for stage, optimizer in session.optimizers.items():
        kept = _kept_by(recipe.optimizers.get(stage, recipe.optimizer))
        if kept is None:
            return Memory("optimizer state", "not known", None, None)
        names |= dict.fromkeys(kept)
        total += len(kept) * size(it for group in optimizer.param_groups for it in group["params"])
    return Memory("optimizer state", f"for each parameter {' and '.join(names) or 'nothing'}", total, None)


def _activations(layers: Table | None, at_once: int) -> Memory:
    """What is kept for the backward pass of a batch."""
    what = "activations"
    if layers is None:
        return Memory(what, "not known", None, None)
    one = saved(layers)
    rule = f"{at_once} examples × {one.example + one.input:,} bytes that the backward pass needs, in float32"
    if one.unknown:
        return Memory(what, f"not known of {', '.join(dict.fromkeys(one.unknown))}", None, None)
    return Memory(what, rule, at_once * (one.example + one.input) + one.batch, None)


def _kept_by(part: Part) -> tuple[str, ...] | None:
    """Names of the numbers that an optimizer keeps for each parameter, seen on a parameter of 2 × 2."""
    probe = nn.Parameter(torch.ones(2, 2))
    probe.grad = torch.ones(2, 2)
    with suppress(Exception):  # an optimizer of one's own may ask for more than a parameter with its gradient
        optimizer: torch.optim.Optimizer = build("optimizer", part, params=[probe])
        optimizer.step()
        kept = optimizer.state[probe]
        return tuple(name for name, value in kept.items() if isinstance(value, Tensor) and value.shape == probe.shape)
    return None
