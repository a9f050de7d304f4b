"""Optimizers without torch's compiler: the same steps, the same hooks, and no import of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn, optim

from paribus.training.uncompiled import MARKED, uncompiled

KINDS = {
    optim.SGD: {"lr": 0.1, "momentum": 0.9, "nesterov": True, "fused": True},
    optim.Adam: {"amsgrad": True},
    optim.AdamW: {"fused": True},
    optim.NAdam: {},
    optim.Adamax: {},
    optim.RMSprop: {},
    optim.Adagrad: {},
    optim.LBFGS: {"line_search_fn": "strong_wolfe"},
}


def stepped(make, options, steps: int = 4) -> tuple[list[torch.Tensor], optim.Optimizer]:
    """Weights behind some steps on a small regression, and the optimizer."""
    chance = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(20, 3, generator=chance), torch.randn(20, 2, generator=chance)
    net = nn.Linear(3, 2)
    for weights in net.parameters():
        nn.init.constant_(weights, 0.3)
    optimizer = make(net.parameters(), **options)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(inputs), targets)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return [weights.detach() for weights in net.parameters()], optimizer


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_same_steps_to_the_last_bit_and_the_same_state(kind):
    ours, optimizer = stepped(uncompiled(kind), KINDS[kind])
    torchs, other = stepped(kind, KINDS[kind])
    assert all(map(torch.equal, ours, torchs))
    assert isinstance(optimizer, kind)
    assert str(optimizer.state_dict()) == str(other.state_dict())
    optimizer.load_state_dict(other.state_dict())


def test_hooks_before_and_behind_a_step_are_called():
    called = []
    _, optimizer = stepped(uncompiled(optim.Adam), {}, steps=1)
    optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("behind"))
    optimizer.step()
    assert called == ["before", "behind"]


def test_torch_marks_no_other_method():
    """A new one would bring the import back; those that watch a step are no part of it."""
    own = vars(optim.Optimizer)
    marked = {name for name in own if "_compile.py" in getattr(getattr(own[name], "__code__", None), "co_filename", "")}
    assert marked == set(MARKED)


@pytest.mark.slow
def test_no_run_imports_the_compiler(tmp_path):
    """In one process of its own: what imports it is the last optimizer that it names."""
    code = f"""
import sys, paribus as pb
for name in ("sgd", "adam", "rmsprop", "muon", "lbfgs"):
    full = {{"training.batch_size": "full"}} if name == "lbfgs" else {{}}
    changes = {{"optimizer.use": name, "budget.epochs": 1, "split.limit": 100, **full}}
    pb.Run("digits/mlp", changes, runs={str(tmp_path)!r}).train()
    assert "torch._dynamo" not in sys.modules, name
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
