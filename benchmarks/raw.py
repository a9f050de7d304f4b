"""The loop that people write by hand, on float tensors that are already in memory: the mark to reach."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe


def tensors(recipe: Recipe, channels_last: bool = False) -> dict[str, tuple[Tensor, Tensor]]:
    """Training and validation part as normalised float32 tensors."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    prepared = prepare(recipe, Seeds(0))
    mean = torch.tensor(prepared.info.mean).view(-1, 1, 1)
    deviation = torch.tensor(prepared.info.deviation).view(-1, 1, 1)
    return {
        part: (
            ((prepared.examples.inputs[rows].float() - mean) / deviation).contiguous(memory_format=layout),
            prepared.examples.targets[rows],
        )
        for part, rows in prepared.rows.items()
    }


def model_of(recipe: Recipe, channels_last: bool = False) -> nn.Module:
    """The recipe's model with the weights that paribus would start from."""
    task = build("task", recipe.task, info=prepare(recipe, Seeds(0)).info)
    model = assemble(recipe.model, task, Seeds(0)).model
    return model.to(memory_format=torch.channels_last) if channels_last else model  # type: ignore[call-overload]


def train(recipe: Recipe, data: dict[str, tuple[Tensor, Tensor]], model: nn.Module) -> float:
    """Train and evaluate like the recipe says, and give the seconds that it took."""
    (inputs, targets), batch = data["train"], recipe.training.batch_size
    options = recipe.optimizer.options
    optimizer = torch.optim.SGD(model.parameters(), lr=options["lr"], momentum=options["momentum"])
    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        model.train()
        for rows in torch.randperm(len(inputs)).split(batch):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
        evaluate(model, *data["val"])
    return time.perf_counter() - started


@torch.inference_mode()
def evaluate(model: nn.Module, inputs: Tensor, targets: Tensor) -> tuple[float, float]:
    """Loss and accuracy."""
    model.eval()
    loss = hits = 0.0
    for x, y in zip(inputs.split(256), targets.split(256), strict=True):
        outputs = model(x)
        loss += float(F.cross_entropy(outputs, y, reduction="sum"))
        hits += float((outputs.argmax(1) == y).sum())
    return loss / len(targets), hits / len(targets)
