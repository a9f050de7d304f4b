"""Policy gradients: against the expectation that is enumerated."""

from __future__ import annotations

import itertools

import pytest
import torch

from paribus.tasks.policy import against_others, score, surrogate

TABLE = torch.tensor([[0.1, 0.4, 0.2], [0.5, 0.9, 0.3]], dtype=torch.float64)  # of rewards
LOGITS = (torch.tensor([0.3, -0.2], dtype=torch.float64), torch.tensor([0.1, 0.5, -0.4], dtype=torch.float64))


def expected(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """J(θ) = Σ π(a)·r(a), over all entries of the table."""
    return first.softmax(0) @ TABLE @ second.softmax(0)


@pytest.mark.parametrize("baseline", [0.0, 0.7])
def test_T24_the_policy_gradient_is_that_of_the_enumerated_expectation(baseline):
    """E[(r − b)·∇ log π] over all choices = ∂J/∂θ, by the closed score and by autograd through the surrogate."""
    whole = torch.autograd.functional.jacobian(expected, LOGITS)
    logits = [field.clone().requires_grad_() for field in LOGITS]
    chances = [field.softmax(0) for field in LOGITS]
    closed, total = [torch.zeros_like(field) for field in LOGITS], torch.zeros((), dtype=torch.float64)
    for choices in itertools.product(range(2), range(3)):
        weight = chances[0][choices[0]] * chances[1][choices[1]]
        gain = TABLE[choices] - baseline
        for field, choice in enumerate(choices):
            closed[field] += weight * gain * score(LOGITS[field], torch.tensor(choice))
            total = total + weight * surrogate(logits[field].log_softmax(0)[choice], gain)
    total.backward()
    for field in range(2):
        torch.testing.assert_close(closed[field], whole[field])
        torch.testing.assert_close(logits[field].grad, -whole[field])  # what is minimised is −J


def test_others_are_a_baseline_that_does_not_know_the_choice():
    rewards = torch.tensor([1.0, 2.0, 6.0])
    torch.testing.assert_close(against_others(rewards), rewards - torch.tensor([4.0, 3.5, 1.5]))
    assert against_others(torch.tensor([3.0])).tolist() == [3.0]
