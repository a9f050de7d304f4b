"""Which parameters are stepped, by which optimizer and at which rate: the task's stages, the model's groups in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from paribus.errors import RecipeError, nearest
from paribus.models.declarations import Group, by_epoch, fits_at_once, parameter_groups, with_factors
from paribus.models.network import Network
from paribus.records.parts import Part, build
from paribus.records.recipe import Recipe


def optimizers_of(
    recipe: Recipe, stages: Mapping[str, Sequence[nn.Parameter]], network: Network
) -> dict[str, Optimizer]:
    """The optimizer of every stage; each of its groups has an ``initial_lr``, which the schedule's factor applies to.

    A model that is fitted at once has none.

    Raises:
        RecipeError: if the recipe names a stage that there is not, or a stage has nothing to train from the start.
    """
    if fits_at_once(network.model):
        return {}
    for stage in recipe.optimizers:
        if stage not in stages:
            raise RecipeError("optimizers names the stages of the task", got=stage, hint=nearest(stage, stages))
    groups = with_factors(network.model, parameter_groups(network.model), network.lr_factors)
    groups = by_epoch(network.model, groups, network.frozen_until)
    hidden, late = hidden_weights(network.model), {id(parameter) for parameter in network.frozen_in(0)}
    for stage, parameters in stages.items():
        if all(id(parameter) in late or not parameter.requires_grad for parameter in parameters):
            raise RecipeError("a stage needs parameters that are not frozen", got=stage, hint="freeze fewer of them")
    return {
        stage: _optimizer(recipe.optimizers.get(stage, recipe.optimizer), parameters, groups, hidden)
        for stage, parameters in stages.items()
    }


def hidden_weights(model: nn.Module) -> list[nn.Parameter]:
    """Weights between hidden units: all matrices and convolutions but embeddings and the last, which gives the outputs.

    Those of a single row or column are no matrices.
    """
    tables = {id(it.weight) for it in model.modules() if isinstance(it, (nn.Embedding, nn.EmbeddingBag))}
    wide = [it for it in model.parameters() if it.ndim > 1 and min(len(it), it[0].numel()) > 1]
    return [it for it in wide[:-1] if id(it) not in tables]


def _optimizer(
    part: Part, parameters: Sequence[nn.Parameter], groups: Sequence[Group], hidden: Sequence[nn.Parameter]
) -> Optimizer:
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    divided = _divided(trained, groups) if groups else trained
    optimizer: Optimizer = build("optimizer", part, params=divided, hidden=hidden)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"] * group.setdefault("lr_factor", 1.0)
        if "weight_decay" in group:
            group["weight_decay"] *= group.setdefault("weight_decay_factor", 1.0)
    return optimizer


def _divided(parameters: Sequence[nn.Parameter], groups: Sequence[Group]) -> list[dict[str, Any]]:
    """As torch takes groups: first what is in none, at the optimizer's own rate, then those that have a parameter."""
    declared = {id(parameter) for group in groups for parameter in group.parameters}
    rest = Group("rest", [parameter for parameter in parameters if id(parameter) not in declared])
    here = {id(parameter) for parameter in parameters}
    divided = []
    for group in (rest, *groups):
        if members := [parameter for parameter in group.parameters if id(parameter) in here]:
            factors = {"lr_factor": group.lr_factor, "weight_decay_factor": group.weight_decay_factor}
            divided.append({"params": members, "name": group.name, **factors})
    return divided
