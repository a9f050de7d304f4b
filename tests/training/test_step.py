"""One step: gradients of pieces, clipping, averages and noise against what they should be."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.data.trees import leaves
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.tasks.classification import Classification
from paribus.training.execution import Settings
from paribus.training.session import Session
from paribus.training.step import step

CPU = Settings("cpu", 1)


@pytest.fixture(autouse=True)
def no_dry_pass(monkeypatch):
    """Spies count the calls of steps alone."""
    monkeypatch.setattr("paribus.training.session.dry_pass", lambda *_: None)


def session_of(recipe: Recipe, seed: int = 0) -> tuple[Session, list]:
    """A session, and the batches of its first epoch."""
    seeds = Seeds(seed)
    prepared = prepare(recipe, seeds)
    batches = prepared.loader("train", recipe.training.batch_size, "cpu").shuffled(seeds, 0)
    return Session(recipe, prepared, seeds, CPU), list(batches)


@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_accumulated_gradients_are_those_of_the_whole_batch(digits, weights):
    gradients = []
    for pieces in (1, 3, 32, 500):
        session, (batch, *_) = session_of(digits({"training.accumulate": pieces, "task.class_weights": weights}, "cnn"))
        step(session, batch, Time(0, 8, 8))
        gradients.append(torch.cat([p.grad.flatten() for p in session.network.parameters()]))
    for pieces in gradients[1:]:
        torch.testing.assert_close(pieces, gradients[0], atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("limit", [1e-3, 1e3])
def test_clip_norm_clips_the_whole_gradient(digits, limit):
    free, (batch, *_) = session_of(digits())
    clipped, _ = session_of(digits({"training.clip_norm": limit}))
    for session in (free, clipped):
        step(session, batch, Time(0, 8, 8))
    raw, cut = (torch.cat([p.grad.flatten() for p in s.network.parameters()]) for s in (free, clipped))
    torch.testing.assert_close(cut, raw * min(1.0, limit / float(raw.norm())), rtol=1e-4, atol=0)


def test_ema_is_the_recursion(digits):
    decay = 0.7
    session, batches = session_of(digits({"training.ema": decay, "model.norm": "batch"}, "cnn"))
    average = None
    for number, batch in enumerate(batches):
        step(session, batch, Time(number, 8, 8))
        now = {name: tensor.clone() for name, tensor in session.network.state_dict().items()}
        average = now if average is None else {
            name: decay * average[name] + (1 - decay) * now[name] if now[name].is_floating_point() else average[name]
            for name in now
        }  # fmt: skip
    for name, tensor in session.evaluated.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, average[name], atol=1e-6, rtol=1e-5)
    assert not torch.equal(session.evaluated.mean, torch.zeros_like(session.evaluated.mean))
    assert torch.equal(session.evaluated.mean, session.network.mean)  # the scaling of the inputs is no average


CALLS: list = []


class Noisy(nn.Module):
    """Notes a random number of every training step."""

    def __init__(self, num_outputs: int, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.output = nn.Linear(math.prod(input_shape), num_outputs)

    def forward(self, x):
        if self.training:
            CALLS.append(torch.rand(()).item())
        return self.output(x.flatten(1))


def test_noise_is_new_in_every_step_and_the_same_in_every_run(train, digits):
    CALLS.clear()
    recipe = Recipe.read({**digits().plain(), "model": Part(Noisy)})
    for name in ("first", "second"):
        train(recipe, name, signals=False)  # which would show it examples between steps
    assert len(set(CALLS)) == 24
    assert CALLS[:24] == CALLS[24:]


class Branched(Classification):
    """Gives a tree of outputs to its meter, and has a loss that is a plain mean."""

    def loss(self, stage, network, batch):
        loss, outputs = super().loss(stage, network, batch)
        return loss, {"logits": outputs, "views": (outputs * 2, outputs.exp())}

    def meter(self, split):
        meter = super().meter(split)
        original = meter.update

        def update(stage, loss, outputs, batch):
            SEEN.append([loss, *leaves(outputs)])
            original(stage, loss, outputs["logits"], batch)

        meter.update = update
        return meter


SEEN: list[list[torch.Tensor]] = []


@pytest.mark.parametrize("pieces", [1, 3])
def test_outputs_may_be_trees_and_reach_the_meter_without_their_gradients(digits, pieces):
    SEEN.clear()
    changes = {"training.accumulate": pieces}
    plain, (batch, *_) = session_of(digits(changes))
    branched, _ = session_of(Recipe.read({**digits(changes).plain(), "task": Part(Branched)}))
    for session in (plain, branched):
        step(session, batch, Time(0, 8, 8))
    assert [len(tensors) for tensors in SEEN] == [4] * pieces
    assert not any(tensor.requires_grad for tensors in SEEN for tensor in tensors)
    assert plain.meter.figures() == branched.meter.figures()
    for ours, theirs in zip(plain.network.parameters(), branched.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
