"""Loops as people write them by hand for a GPU, on tensors that are there already: the marks to reach."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.raw import evaluate
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.models.adapting import adapt
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.training.groups import optimizers_of

EVERY, EACH_STEP = 5, 0.95  # of lookahead


def usual(recipe: Recipe, device: str, precision: str) -> float:
    """Seconds of training and evaluating a network with SGD, in channels-last."""
    data, model, _ = _ready(recipe, device)
    (inputs, targets), batch = data["train"], recipe.training.batch(0)
    options = recipe.optimizer.options
    optimizer = torch.optim.SGD(model.parameters(), lr=options["lr"], momentum=options["momentum"], fused=True)
    began = _now(device)
    for _ in range(recipe.budget.epochs):
        model.train()
        for rows in torch.randperm(len(inputs), device=device).split(batch):
            optimizer.zero_grad()
            with _format(device, precision):
                loss = F.cross_entropy(model(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
        evaluate(model, *data["val"])
    return _now(device) - began


def quick(recipe: Recipe, device: str, precision: str) -> float:
    """Seconds of the recipe ``cifar10/fast94``, written as the speed records are: an epoch is augmented at once."""
    data, model, optimizer = _ready(recipe, device)
    (inputs, targets), batch = data["train"], recipe.training.batch(0)
    padding, smoothing = recipe.augment["crop"].options["padding"], recipe.task.options["label_smoothing"]
    per_epoch = -(-len(inputs) // batch)
    steps, step = recipe.budget.epochs * per_epoch, 0
    fast = [it for it in model.state_dict().values() if it.is_floating_point()]
    slow = [it.clone() for it in fast]
    began = _now(device)
    mirrored = torch.rand(len(inputs), device=device) < 0.5
    for _ in range(recipe.budget.epochs):
        model.train()
        pictures, mirrored = _augmented(inputs, mirrored, padding), ~mirrored
        for rows in torch.randperm(len(inputs), device=device).tensor_split(per_epoch):
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * _triangle(step, steps)
            optimizer.zero_grad()
            with _format(device, precision):
                loss = F.cross_entropy(model(pictures[rows]).float(), targets[rows], label_smoothing=smoothing)
            loss.backward()
            optimizer.step()
            step += 1
            if not step % EVERY or step == steps:
                torch._foreach_lerp_(slow, fast, 1 - EACH_STEP**EVERY * (step / steps) ** 3)
                torch._foreach_copy_(fast, slow)
        with torch.inference_mode():
            model.eval()
            for some, labels in _batches(*data["val"]):
                said = model(some) + model(some.flip(3))
                for moved in (some.roll((-1, -1), (2, 3)), some.roll((1, 1), (2, 3))):
                    said = said + (model(moved) + model(moved.flip(3))) / 2
                float((said.argmax(1) == labels).float().mean())
    return _now(device) - began


def _ready(recipe: Recipe, device: str) -> tuple[dict[str, tuple[Tensor, Tensor]], nn.Module, Any]:
    """Scaled pictures on the device by split, the model and its optimizer, as paribus would begin with."""
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    network = assemble(recipe.model, task, Seeds(0))
    adapt(network, prepared)
    optimizer = optimizers_of(recipe, task.stages(network), network)["model"]
    network = network.to(device).to(memory_format=torch.channels_last)  # in place, so the optimizer knows it
    data = {}
    for split in ("train", "val"):
        batch = prepared.loader(split, 1, "cpu").take(prepared.rows[split]).to(device)
        layout = torch.channels_last if batch.inputs.ndim == 4 else torch.contiguous_format
        data[split] = (network.scaled(batch.inputs).contiguous(memory_format=layout), batch.targets)
    return data, network.model, optimizer


def _augmented(pictures: Tensor, mirrored: Tensor, padding: int) -> Tensor:
    """Mirrored where that is due, and cut out of the reflected picture at a place that is drawn for each."""
    turned = torch.where(mirrored.view(-1, 1, 1, 1), pictures.flip(3), pictures)
    wide, side = F.pad(turned, (padding,) * 4, "reflect"), pictures.shape[2]
    down, right = torch.randint(0, 2 * padding + 1, (2, len(pictures)), device=pictures.device)
    found = torch.empty_like(pictures)
    for y in range(2 * padding + 1):
        for x in range(2 * padding + 1):
            here = ((down == y) & (right == x)).view(-1, 1, 1, 1)
            found = torch.where(here, wide[:, :, y : y + side, x : x + side], found)
    return found


def _triangle(step: int, steps: int) -> float:
    """The factor of the recipe's schedule."""
    peak = max(1, int(0.23 * steps))
    return 0.2 + 0.8 * step / peak if step <= peak else 1 - 0.93 * (step - peak) / max(steps - 1 - peak, 1)


def _batches(inputs: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    yield from zip(inputs.split(1024), targets.split(1024), strict=True)


def _format(device: str, precision: str) -> Any:
    kind = torch.device(device).type
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=precision == "bf16")


def _now(device: str) -> float:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return time.perf_counter()
