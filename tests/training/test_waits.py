"""No step waits for the device: whatever is read out of tensors is read at looks, between epochs, or never."""

from __future__ import annotations

from itertools import chain, islice

import pytest
import torch
from tests.training.waits import Waits

from paribus.data.prepare.prepared import prepare
from paribus.records.parts import names
from paribus.records.recipe import Recipe
from paribus.records.sections import SECTIONS
from paribus.training.execution import Settings
from paribus.training.loop import Loaders
from paribus.training.monitor import Plan
from paribus.training.session import Session
from paribus.training.step import step

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

SMALL = {"split.limit": 240, "training.batch_size": 40, "training.precision": "fp32", "budget.epochs": 4}
CNN = {"model.widths": [4, 8], "model.norm": "batch", "model.dropout": 0.2}
PARTS = {"augment": {"flip": {"alternate": True, "vertical": True}, "crop": True, "cutout": True}}
PIXELS = {"data.pictures": 60, "split.limit": 30, "training.batch_size": 5}
CASES = {
    **{name: ("digits/cnn", {**CNN, "optimizer": name}) for name in names("optimizer") if name != "lbfgs"},
    **{f"{name}, l1": ("digits/cnn", {**CNN, "optimizer": name, "training.l1": 1e-4}) for name in ("adam", "muon")},
    "all of the section": (
        "digits/cnn",
        {
            **CNN,
            **{f"training.{name}": value for name, value in {"clip_norm": 1.0, "l2": 1e-3, "ema": 0.9}.items()},
            **{"training.lookahead": 2, "training.accumulate": 3, "training.agreeing": 3, "schedule": "triangular"},
        },
    ),
    "norms by parts": ("digits/cnn", {**CNN, "training.norm_parts": 2}),
    "moved": ("digits/cnn", {**CNN, **PARTS}),
    "mixed": ("digits/cnn", {**CNN, "augment": ["mixup", "cutmix"], "task.label_smoothing": 0.1}),
    "weighed": ("digits/cnn", {**CNN, "task": {"use": "classification", "class_weights": "balanced", "loss": "focal"}}),
    "drawn by class": ("digits/cnn", {**CNN, "training.sampling": "balanced"}),
    "fast94": ("cifar10/fast94", {"data": "digits", "data.size": 12, "model.widths": [4, 4]}),
    "pixels": ("shapes/unet", {**PIXELS, "model.width": 4, "model.depth": 2}),
    "a GAN": ("gaussians/gan", {}),
    "a sequence": ("seasons/lstm", {}),
}


def epoch(recipe: Recipe, device: str):
    """The steps of the second epoch, each as a function: in the first, optimizers make their state."""
    seeds = recipe.seeds(0)
    prepared = prepare(recipe, seeds)
    session = Session(recipe, prepared, seeds, Settings(device, 1, signals=True))
    data = Loaders.of(recipe, prepared, session.execution.device)
    plan = Plan(4, min(4 * len(data.train), recipe.budget.steps or 2**62), len(data.train))
    session.begin_epoch()
    for batch in list(data.rest_of_epoch(session, plan))[:3]:
        step(session, batch, plan.time(session.step))
    batches = data.rest_of_epoch(session, plan)
    batch = next(batches)  # by then its order is at hand

    def rest() -> int:
        before = session.step
        for one in chain([batch], islice(batches, 3)):
            step(session, one, plan.time(session.step))
        return session.step - before

    return rest


COUNTING = ("adamax", "nadam")  # torch's count their steps on the processor, and read that there


@pytest.mark.parametrize("case", [name for name in CASES if name not in COUNTING])
def test_no_step_waits_for_the_device(case):
    name, changes = CASES[case]
    steps = epoch(Recipe.load(name, {**SMALL, **changes}), "cpu")
    with Waits() as waits:
        assert steps() > 1
    assert waits.seen == []


def test_waiting_is_seen():
    tensor = torch.arange(4.0)
    ways = (
        lambda: tensor[0].item(), lambda: float(tensor.sum()), lambda: bool(tensor[1] > 0), lambda: tensor[tensor > 1],
        lambda: tensor.tolist(), lambda: tensor.cpu(), lambda: tensor.nonzero(), lambda: tensor.unique(),
        lambda: tensor.long().bincount(), lambda: tensor.numpy(),
    )  # fmt: skip
    for way in ways:
        with Waits() as waits:
            way()
        assert len(waits.seen) >= 1
    with Waits() as waits:
        (tensor * 2).index_select(0, torch.tensor([1, 2])).sum()
    assert waits.seen == []


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("case", CASES)
def test_cuda_no_step_waits_for_the_device(case):
    name, changes = CASES[case]
    steps = epoch(Recipe.load(name, {**SMALL, **changes}), "cuda")
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        steps()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_every_field_of_the_section_is_in_some_case():
    """A new field of ``training`` must not bring a wait with it."""
    known = {key.removeprefix("training.") for _, changes in CASES.values() for key in changes} | {"l1"}
    rest = {"shuffle", "per_class", "precision", "batch_size"}  # of orders and formats alone
    assert SECTIONS["training"].model_fields.keys() - rest <= known
