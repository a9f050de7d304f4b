"""N14: what a step holds is what torch's allocator gave out; checkpointing keeps √n and the very same gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.training.check import check_run
from paribus.training.checkpointing import chains, checkpointed, segments
from paribus.training.execution import Settings
from paribus.training.loaders import Loaders
from paribus.training.session import Session
from paribus.training.step import step
from paribus.training.trial import held
from paribus.training.watch import Watch, watched

NOW = Time(0, 1, 1)


def begun(name: str, changes=None):
    """A session behind its first step, and a batch."""
    recipe = Recipe.load(name, {"training.precision": "fp32", **(changes or {})})
    prepared = check_run(recipe, 0, Settings("cpu", 1))
    session = Session(recipe, prepared, recipe.seeds(0), Settings("cpu", 1))
    batch = next(Loaders.of(recipe, prepared, "cpu").train.shuffled(session.seeds, 0))
    session.begin_epoch()
    step(session, batch, NOW)
    return session, batch


def allocated(session: Session, batch) -> int:
    """The peak of a step by the events of torch's own allocator."""
    for optimizer in session.optimizers.values():
        optimizer.zero_grad()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step(session, batch, NOW)
    events = [it for it in seen.profiler.kineto_results.events() if it.name() == "[memory]"]
    total = peak = 0
    for event in sorted(events, key=lambda it: it.start_ns()):
        total += event.nbytes()
        peak = max(peak, total)
    return peak


@pytest.mark.parametrize(("name", "within"), [("digits/mlp", 1.0), ("digits/cnn", 0.8), ("markov/rnn", 0.9)])
def test_n14_the_peak_is_that_of_the_allocator(name, within):
    """Exactly for fully connected layers; convolutions and cells take more within themselves, which is not seen."""
    session, batch = begun(name, {"data.tokens": 5000} if name == "markov/rnn" else {})
    seen = watched(session, batch, NOW)
    assert within <= seen.peak.total / allocated(session, batch) <= 1


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_n14_everything_is_given_back_but_the_gradients(optimizer):
    session, batch = begun("digits/mlp", {"optimizer": optimizer})
    seen = watched(session, batch, NOW)
    assert [it.phase for it in seen.moments] == sorted(
        (it.phase for it in seen.moments), key=["forward", "backward", "update"].index
    )
    last = seen.moments[-1]
    assert (last.activations, last.gradients) == (0, held(session)["gradients"])
    assert all(min(it.activations, it.gradients, it.temporary) >= 0 for it in seen.moments)
    assert sum(seen.kept.values()) == max(it.activations for it in seen.moments)


def deep(depth: int, width: int = 64):
    """A chain of like layers, of which each keeps one result."""
    torch.manual_seed(0)
    return nn.Sequential(*(nn.Sequential(nn.Linear(width, width), nn.Tanh()) for _ in range(depth)))


def peak_and_gradients(net: nn.Module, x) -> tuple[int, list[torch.Tensor]]:
    """The most bytes that live in one pass forward and back, gradients of parameters aside."""
    net.zero_grad()
    with Watch([*net.parameters(), x]) as watch:
        hooks = [it.register_post_accumulate_grad_hook(watch.graded) for it in net.parameters()]
        net(x).square().mean().backward()
    for hook in hooks:
        hook.remove()
    peak = max(it.total - it.gradients for it in watch.seen.moments)
    return peak, [it.grad.clone() for it in net.parameters()]


def test_n14_checkpointing_keeps_the_square_root_and_equal_gradients():
    """Results kept by n layers: n without, about 2√n with checkpoints; slopes over log n of 1 and ½."""
    depths, x = (16, 64, 256), torch.randn(512, 64, generator=torch.Generator().manual_seed(1))
    one = x.numel() * 4  # bytes of a result
    plain, saving = [], []
    for depth in depths:
        net = deep(depth)
        peak, gradients = peak_and_gradients(net, x)
        with checkpointed(net):
            less, again = peak_and_gradients(net, x)
        assert all(torch.equal(a, b) for a, b in zip(gradients, again, strict=True))
        assert less / one == pytest.approx(2 * math.sqrt(depth), abs=5)
        assert peak / one == pytest.approx(depth, abs=5)
        plain.append(peak)
        saving.append(less)
    slope = [math.log(it[-1] / it[0]) / math.log(depths[-1] / depths[0]) for it in (plain, saving)]
    assert slope == pytest.approx([1, 0.5], abs=0.15)


def test_the_outermost_chains_are_divided_and_given_back():
    net = nn.ModuleDict({"long": deep(9), "short": nn.Sequential(nn.ReLU(), deep(5))})
    assert {path: segments(len(it)) for path, it in chains(net).items()} == {"long": 3, "short.1": 2}
    with checkpointed(net):
        assert "forward" in vars(net["long"])
    assert "forward" not in vars(net["long"])
