"""The loop against a plain PyTorch loop written here, and the theory of what it does."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from paribus.chance import Seeds, permutation
from paribus.data.prepare.prepared import prepare
from paribus.inference.trained import load
from paribus.models.network import assemble
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.tasks.classification import Classification
from paribus.training.execution import Settings
from paribus.training.session import Session

CPU = Settings("cpu", 1)


def session_of(recipe: Recipe, seed: int = 0) -> tuple[Session, list]:
    """A session, and the batches of its first epoch."""
    seeds = Seeds(seed)
    prepared = prepare(recipe, seeds)
    batches = prepared.loader("train", recipe.training.batch_size, "cpu").shuffled(seeds, 0)
    return Session(recipe, prepared, seeds, CPU), list(batches)


def plain_mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))


def plain_cnn() -> nn.Module:
    stage = [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *stage, nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32, 10)
    )


@pytest.mark.parametrize(("model", "make"), [("mlp", plain_mlp), ("cnn", plain_cnn)])
def test_figures_and_weights_are_those_of_a_plain_loop(train, digits, model, make):
    recipe = digits({"optimizer.weight_decay": 1e-3, "schedule": "cosine"}, model)
    folder, _ = train(recipe, seed=5)

    seeds = Seeds(5)
    rows = prepare(recipe, seeds).rows
    pictures = np.rint(load_digits().images * 255 / 16)
    x = torch.tensor((pictures - pictures[rows["train"]].mean()) / pictures[rows["train"]].std(), dtype=torch.float32)
    x, y = x[:, None], torch.from_numpy(load_digits().target)
    network = make()
    initial = assemble(recipe.model, Classification(prepare(recipe, seeds).info), seeds).model.state_dict().values()
    network.load_state_dict(dict(zip(network.state_dict(), initial, strict=True)))
    optimizer = torch.optim.SGD(
        network.parameters(), lr=recipe.optimizer.options["lr"], momentum=0.9, weight_decay=1e-3
    )
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 24)
    expected = []
    for epoch in range(3):
        losses, hits = [], 0
        for batch in rows["train"][permutation(seeds.key("order", epoch), 256)].split(32):
            loss = nn.functional.cross_entropy(logits := network(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            hits += int((logits.argmax(1) == y[batch]).sum())
        with torch.no_grad():
            outputs, truth = network(x[rows["val"]]), y[rows["val"]]
        expected.append(
            {
                "epoch": epoch + 1,
                "step": 8 * (epoch + 1),
                "lr": rate,
                "train/loss": np.mean(losses),
                "train/accuracy": hits / 256,
                "val/loss": nn.functional.cross_entropy(outputs, truth).item(),
                "val/accuracy": (outputs.argmax(1) == truth).float().mean().item(),
            }
        )
    for row, reference in zip(folder.history, expected, strict=True):
        assert {name: row[name] for name in reference} == pytest.approx(reference, abs=1e-6)
    final = load(folder).network.model.state_dict().values()
    for ours, theirs in zip(final, network.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


def test_the_recorded_rate_is_the_one_used(train, digits):
    used = []
    watch = register_optimizer_step_pre_hook(lambda optimizer, *_: used.append(optimizer.param_groups[0]["lr"]))
    folder, _ = train(digits({"schedule": "one_cycle"}))
    watch.remove()
    assert [row["lr"] for row in folder.history] == used[7::8]
    assert len(set(used)) == 24


SOFTMAX_REGRESSION = {
    "model.widths": [],
    "optimizer.momentum": 0.0,
    "split.limit": 200,
    "training.batch_size": 200,
    "budget.epochs": 40,
}


def lipschitz(recipe: Recipe) -> float:
    """Largest curvature of the softmax regression loss: ½·λ_max of the inputs' second moments, at most."""
    session, (batch,) = session_of(recipe)
    x = (batch.inputs.float() - session.network.mean) * session.network.scale
    x = torch.cat([x.flatten(1), torch.ones(len(x), 1)], 1).double()
    return float(torch.linalg.eigvalsh(x.T @ x / len(x)).max()) / 2


def test_S16_full_batch_falls_monotonically_below_1_over_L(train, digits):
    rate = 0.99 / lipschitz(digits(SOFTMAX_REGRESSION))
    losses = [row["train/loss"] for row in train(digits({**SOFTMAX_REGRESSION, "optimizer.lr": rate}))[0].history]
    assert all(after < before for before, after in pairwise(losses))
    wild = digits({**SOFTMAX_REGRESSION, "optimizer.lr": 40 * rate})
    losses = [row["train/loss"] for row in train(wild, "wild")[0].history]
    assert any(after > before for before, after in pairwise(losses))


def test_S16_mini_batches_do_not_fall_monotonically(train, digits):
    changes = {**SOFTMAX_REGRESSION, "training.batch_size": 2, "optimizer.lr": 0.5}
    losses = [row["train/loss"] for row in train(digits(changes))[0].history]
    assert any(after > before for before, after in pairwise(losses))
    assert losses[-1] < losses[0]


BUDGETS = {  # epochs, steps → steps done, rows
    "epochs": (3, None, 24, 3),
    "steps in the first epoch": (3, 5, 5, 1),
    "steps at an epoch's end": (3, 16, 16, 2),
    "steps in an epoch": (3, 17, 17, 3),
    "more steps than epochs have": (3, 100, 24, 3),
}


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
def test_budget(train, digits, budget):
    epochs, steps, done, rows = budget
    folder, result = train(digits({"budget.epochs": epochs, "budget.steps": steps}))
    assert (result.steps, result.epochs, len(folder.history)) == (done, rows, rows)
    assert folder.history[-1]["step"] == done
    assert not result.stopped_early


class Spy(nn.Module):
    """Notes the mode and the inputs of every call."""

    def __init__(self, num_outputs: int, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.output = nn.Linear(math.prod(input_shape), num_outputs)

    def forward(self, x):
        CALLS.append((self.training, torch.is_grad_enabled(), x.detach().clone()))
        return self.output(x.flatten(1))


CALLS: list = []


def test_S3_modes_and_augmentation(train, digits):
    CALLS.clear()
    recipe = digits({"split.limit": 64, "budget.epochs": 2}).override({"augment": {"flip": {"probability": 1.0}}})
    recipe = Recipe.read({**recipe.plain(), "model": Part(Spy)})
    train(recipe, threads=1, signals=False)
    del CALLS[:3]  # on copies: a dry pass, one that hears how the network ends, and one to count the work
    prepared = prepare(recipe, Seeds(0))

    def scaled(part: str) -> torch.Tensor:
        return (prepared.examples.inputs[prepared.rows[part]] - prepared.info.mean[0]) / prepared.info.deviation[0]

    training = [call for call in CALLS if call[0]]
    evaluation = [call for call in CALLS if not call[0]]
    assert all(grad for _, grad, _ in training)
    assert not any(grad for _, grad, _ in evaluation)
    assert len(training) == 4
    seen = torch.cat([x for _, _, x in training[:2]])
    mirrored = scaled("train").flip(3)
    assert sorted(seen.flatten(1).round(decimals=3).tolist()) == sorted(mirrored.flatten(1).round(decimals=3).tolist())
    plain = scaled("val")
    for half in (evaluation[: len(evaluation) // 2], evaluation[len(evaluation) // 2 :]):  # after each epoch
        torch.testing.assert_close(torch.cat([x for _, _, x in half]), plain)


def test_S3_dropout_is_off_in_evaluation_and_unbiased_in_training(digits):
    session, (batch, *_) = session_of(digits({"model.dropout": 0.5, "model.activation": "none"}))
    network = session.network
    with torch.no_grad():
        still = network.eval()(batch.inputs)
        assert torch.equal(still, network(batch.inputs))
        network.train()
        draws = torch.stack([network(batch.inputs) for _ in range(4000)])
    assert not torch.equal(draws[0], draws[1])
    error = draws.std(0) / len(draws) ** 0.5
    assert ((draws.mean(0) - still).abs() / error).max() < 5


def test_a_batch_larger_than_the_data_is_refused(train, digits):
    with pytest.raises(Exception, match="batch_size must not exceed the 256 training examples") as error:
        train(digits({"training.batch_size": 257}))
    assert error.value.exit_code == 2


def test_result_agrees_with_the_records(train, digits):
    folder, result = train(digits({}, "cnn"))
    assert result.metrics == pytest.approx({k: v for k, v in folder.history[-1].items() if k.startswith("val/")})
    assert result.parameters == 4 * 9 + 4 + 8 * 4 * 9 + 8 + 32 * 10 + 10
    assert folder.status.state == "finished"
    assert not folder.checkpoints.exists()
    assert result.examples_per_second == pytest.approx(3 * 256 / result.seconds, rel=0.02)
