"""The losses of distillation against closed forms, finite differences and torch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from paribus.errors import RecipeError
from paribus.tasks.distillation.distillation import softened
from paribus.tasks.distillation.features import attention, hint, recorded

GENERATOR = torch.Generator().manual_seed(0)
CLASSES, BATCH = 10, 6
STUDENT = torch.randn(BATCH, CLASSES, generator=GENERATOR, dtype=torch.float64) * 3
TEACHER = torch.randn(BATCH, CLASSES, generator=GENERATOR, dtype=torch.float64) * 3


def gradient(temperature: float) -> torch.Tensor:
    """Of Hinton's loss, which is ours without T², for one example each."""
    student = STUDENT.clone().requires_grad_()
    (softened(student, TEACHER, temperature) * BATCH / temperature**2).backward()
    assert student.grad is not None
    return student.grad


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_T23_the_gradient_is_the_difference_of_the_softened_shares(temperature):
    shares = [(logits / temperature).softmax(1) for logits in (STUDENT, TEACHER)]
    torch.testing.assert_close(gradient(temperature), (shares[0] - shares[1]) / temperature)


def test_T23_at_high_temperature_the_gradient_is_that_of_matching_logits():
    """(z − v)/(N·T²) for logits with mean 0; what is left of it falls as 1/T³ (Hinton et al., 2015, equation 4)."""
    centred = [logits - logits.mean(1, keepdim=True) for logits in (STUDENT, TEACHER)]
    left = {}
    for temperature in (100.0, 1000.0):
        limit = (centred[0] - centred[1]) / (CLASSES * temperature**2)
        left[temperature] = float((gradient(temperature) - limit).norm() / limit.norm())
    assert left[100.0] < 0.1
    assert left[1000.0] == pytest.approx(left[100.0] / 10, rel=0.1)


def test_T23_finite_differences_give_the_same_gradient():
    student = STUDENT[:2].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: softened(z, TEACHER[:2], 3.0), (student,))


def test_at_temperature_1_with_a_sure_teacher_it_is_the_cross_entropy():
    labels = TEACHER.argmax(1)
    sure = F.one_hot(labels, CLASSES).double() * 200
    torch.testing.assert_close(softened(STUDENT, sure, 1.0), F.cross_entropy(STUDENT, labels))


def test_a_student_that_says_the_same_has_nothing_to_learn():
    assert float(softened(TEACHER + 5.0, TEACHER, 4.0)) == pytest.approx(0, abs=1e-12)  # logits count up to a constant


MAPS = torch.randn(4, 3, 6, 6, generator=GENERATOR)


def test_attention_is_where_features_are_large_whatever_their_scale_and_number():
    wide = torch.cat([MAPS, -MAPS], 1) * 7
    assert float(attention(MAPS, wide)) == pytest.approx(0, abs=1e-6)
    one, other = torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    one[:, :, 0, 0], other[:, :, 1, 1] = 3.0, 5.0
    assert float(attention(one, other)) == pytest.approx(1.0)  # ½ ‖e₁ − e₄‖²


def test_attention_compares_maps_of_different_sizes_at_the_smaller_one():
    small = F.avg_pool2d(MAPS.square().mean(1, keepdim=True), 2).sqrt()
    assert float(attention(MAPS, small)) == pytest.approx(0, abs=1e-6)


def test_attention_needs_maps():
    with pytest.raises(RecipeError, match=r"attention reads maps.*\n.*\(4, 5\) of the student"):
        attention(torch.zeros(4, 5), MAPS)


def test_a_hint_is_the_unexplained_share_of_linear_regression():
    """1 − R² over all outputs, as scikit-learn's linear regression leaves it."""
    from sklearn.linear_model import LinearRegression

    given, wanted = torch.randn(50, 4, generator=GENERATOR), torch.randn(50, 7, generator=GENERATOR)
    wanted[:, :2] += given[:, :2]
    fitted = torch.from_numpy(LinearRegression().fit(given, wanted).predict(given))
    expected = (wanted - fitted).square().sum() / (wanted - wanted.mean(0)).square().sum()
    assert float(hint(given, wanted)) == pytest.approx(float(expected), rel=1e-4)


def test_a_linear_map_of_the_teacher_is_all_that_a_hint_asks_for():
    mixed = torch.einsum("bchw,kc->bkhw", MAPS, torch.randn(5, 3, generator=GENERATOR)) + 2
    assert float(hint(MAPS, mixed)) == pytest.approx(0, abs=1e-4)
    assert float(hint(torch.zeros_like(MAPS), mixed)) == pytest.approx(1)


def test_the_gradient_of_a_hint_takes_the_best_map_into_account():
    """Solved without gradients, the map still gives the gradient of the minimum over maps: finite differences."""
    given = torch.randn(12, 2, generator=GENERATOR)
    wanted = torch.randn(12, 3, generator=GENERATOR)
    leaf = given.clone().requires_grad_()
    hint(leaf, wanted).backward()
    step = torch.zeros_like(given)
    step[3, 1] = 1e-2
    numeric = (float(hint(given + step, wanted)) - float(hint(given - step, wanted))) / 2e-2
    assert leaf.grad is not None
    assert float(leaf.grad[3, 1]) == pytest.approx(numeric, rel=0.02, abs=1e-4)


def test_layers_are_recorded_in_the_order_asked_for_and_let_go_of():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with recorded(network, ["2", "0"], "the student") as seen:
        outputs = network(torch.ones(5, 3))
    assert [tuple(one.shape) for one in seen] == [(5, 2), (5, 4)]
    assert torch.equal(seen[0], outputs)
    assert not network[0]._forward_hooks
    with (
        pytest.raises(RecipeError, match=r"the teacher has no layer of this name\n.*body"),
        recorded(network, ["body"], "the teacher"),
    ):
        pass
