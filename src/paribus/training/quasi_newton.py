"""L-BFGS, and what it needs: a loss that is the same function of the weights whenever it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn, optim

from paribus.chance import seeded
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import RecipeError
from paribus.records.recipe import Recipe
from paribus.tasks.task import Task

WHY = "lbfgs reads curvature off the change of the gradient between steps, so the loss must be one fixed function"


class LBFGS(optim.LBFGS):
    """Torch's, whose line search asks for the loss and its gradient at weights of its own."""

    def search(self, known: Tensor, gradient: Callable[[], Tensor]) -> None:
        """One update.

        Args:
            known: the loss where the weights are now, whose gradient they have.
            gradient: leaves the gradient of the loss in them, wherever they are then, and gives the loss.
        """
        first = [known]

        def closure() -> float:
            loss = first.pop() if first else gradient()
            for group in self.param_groups:
                for weight in group["params"]:  # torch views it as flat, which channels last does not allow
                    weight.grad = None if weight.grad is None else weight.grad.contiguous()
            return float(loss)

        self.step(closure)  # type: ignore[no-untyped-call]


def check_full_batch(
    recipe: Recipe, prepared: PreparedData, task: Task, network: nn.Module, optimizers: Mapping[str, optim.Optimizer]
) -> None:
    """Refuse L-BFGS where the loss is another one at every step, or not the one whose gradient is taken.

    Raises:
        RecipeError: with the reason and the way out.
    """
    if not any(isinstance(optimizer, LBFGS) for optimizer in optimizers.values()):
        return
    for rule, got, hint in _obstacles(recipe, prepared, task, network):
        raise RecipeError(f"{WHY}: {rule}", got=got, hint=hint)


def _obstacles(
    recipe: Recipe, prepared: PreparedData, task: Task, network: nn.Module
) -> Iterator[tuple[str, str, str]]:
    """What is in its way, as rule, value and hint."""
    training, examples = recipe.training, len(prepared.rows["train"])
    if training.batch(examples) < examples:
        got = f"batches of {training.batch_size} of {examples:,} training examples"
        hint = "set training.batch_size=full; training.accumulate saves memory"
        yield "batches differ", got, hint
    if recipe.augment:
        yield "augmented examples differ", f"augment: {', '.join(recipe.augment)}", "leave the augmentation out"
    if training.clip_norm is not None:
        yield "a clipped gradient is not the loss's", f"training.clip_norm={training.clip_norm}", "leave it out"
    if training.l1:
        hint = "set training.l2 instead, or choose another optimizer"
        yield "‖w‖₁ has no curvature, and its own step changes the weights", f"training.l1={training.l1}", hint
    if training.precision == "fp16":
        yield "scaled losses of fp16 are skipped at times", "training.precision=fp16", "set training.precision=fp32"
    if _random(prepared, task, network):
        hint = "set dropout to 0, choose a task without noise, or another optimizer"
        yield "twice the same examples gave two losses", f"{recipe.model.use} for {recipe.task.use}", hint


def _random(prepared: PreparedData, task: Task, network: nn.Module) -> bool:
    """Whether the loss of some examples follows chance, or remembers what it was asked before."""
    task, network = deepcopy(task), deepcopy(network).cpu().train()
    batch = prepared.loader("train", len(prepared.rows["train"]), "cpu").take(prepared.rows["train"][:32])
    task.begin()
    task.at(0, 0.0)
    losses = []
    for seed in (0, 1):
        with seeded(seed), torch.no_grad():
            losses += [float(task.loss(stage, network, batch)[0]) for stage in task.stages(network)]
    return losses[: len(losses) // 2] != losses[len(losses) // 2 :]
