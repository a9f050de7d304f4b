"""Sweeps: how they are written, and what they find."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory import arena


@pytest.mark.parametrize(
    ("text", "setting", "values"),
    [
        ("lr=1e-2..1:3", "lr", (0.01, 0.1, 1.0)),
        ("adam.beta1=0,0.5", "adam.beta1", (0.0, 0.5)),
        ("beta2=0.9..0.999:3", "beta2", (0.9, 0.99, 0.999)),
    ],
)
def test_sweeps_are_read(text: str, setting: str, values: tuple[float, ...]) -> None:
    found = arena.parse(text)
    assert found[0] == setting
    assert found[1] == pytest.approx(values)


@pytest.mark.parametrize(
    "text", ["lr", "lr=", "=1..2", "lr=a..b", "lr=0..1", "lr=1..1", "lr=1..2:1", "beta1=0.5..1", "lr=1..2:x"]
)
def test_sweeps_that_cannot_be_read(text: str) -> None:
    with pytest.raises(TheoryError, match=r"sweep is written|a range"):
        arena.parse(text)


def test_a_sweep_finds_the_limit_of_gradient_descent() -> None:
    """On a quadratic with λmax = 10 everything below 2/10 arrives, everything above diverges."""
    found = arena.sweep(arena.problem("quadratic"), [arena.optimizer("sgd")], "lr", (0.05, 0.19, 0.21), 10, 2000)
    assert [trial.summary.reached.count for trial in found.trials] == [10, 10, 0]
    assert found.trials[2].summary.kinds == {"diverged": 10}


def test_a_sweep_of_one_optimizer_leaves_out_the_others() -> None:
    optimizers = [arena.optimizer("adam"), arena.optimizer("nadam"), arena.optimizer("sgd")]
    found = arena.sweep(arena.problem("beale"), optimizers, "beta1", (0.0, 0.9), None, 5)
    assert {trial.optimizer.name for trial in found.trials} == {"adam", "nadam"}
    assert len(arena.sweep(arena.problem("beale"), optimizers, "adam.beta1", (0.0, 0.9), None, 5).trials) == 2
    with pytest.raises(TheoryError, match="has no setting"):
        arena.sweep(arena.problem("beale"), optimizers, "momentum.lr", (0.1,))
