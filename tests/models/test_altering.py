"""What a recipe changes in a model of somebody's own: its effect, and what is refused."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.altering import altered, redrawn
from paribus.models.start import Start


class Own(nn.Module):
    """Somebody's own network: bad initial weights, a softmax at its end, norms that never follow.

    Args:
        ending: what stands behind the last layer.
    """

    loaded = ("*",)

    def __init__(self, ending: str = "softmax") -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(6, 8), nn.BatchNorm1d(8, momentum=0.0)
        self.bent, self.gate, self.last, self.ending = nn.LeakyReLU(0.9), nn.Sigmoid(), nn.Linear(8, 3), ending
        for parameter in self.parameters():
            nn.init.constant_(parameter, -20.0)

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities, or what the ending makes of the last layer."""
        z: Tensor = self.last(self.gate(self.bent(self.norm(self.first(x)))))
        ends = {"softmax": lambda: z.softmax(1), "relu": z.relu, "mean": lambda: z.mean(1)}
        return ends[self.ending]()


X = torch.randn(64, 6, generator=torch.Generator().manual_seed(2))


def changed(net: nn.Module, start: Start) -> nn.Module:
    altered(net, start)
    redrawn(net, start, 7)
    return net


def drawn(**options) -> nn.Module:
    return changed(Own(), Start(**options))


def test_own_weights_stay_unless_the_recipe_says_otherwise():
    assert all(bool((parameter == -20.0).all()) for parameter in drawn().parameters())


@pytest.mark.parametrize(
    ("scheme", "variance"), [("he", 2 / 6), ("lecun", 1 / 6), ("xavier", 2 / (6 + 8)), ("default", 1 / (3 * 6))]
)
def test_weights_are_drawn_anew_over_what_the_code_set(scheme, variance):
    wide = Own()
    wide.first = nn.Linear(6, 5000)
    redrawn(wide, Start(redraw=scheme), 7)
    expected = 2 / (6 + 5000) if scheme == "xavier" else variance
    assert wide.first.weight.var().item() == pytest.approx(expected, rel=0.05)
    assert scheme == "default" or not bool(wide.first.bias.any())
    assert bool((wide.norm.weight == 1).all())
    assert bool((wide.norm.bias == 0).all())


def test_an_outer_module_overrules_nothing_that_is_drawn_anew():
    class Outer(Own):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.full((), 3.0))

        def reset_parameters(self) -> None:
            nn.init.ones_(self.scale)
            nn.init.constant_(self.first.bias, -20.0)

    net = Outer()
    redrawn(net, Start(redraw="he"), 7)
    assert net.scale.item() == 1.0
    assert not bool(net.first.bias.any())


def test_weights_that_are_drawn_anew_follow_the_seed_alone():
    one, same, other = Own(), Own(), Own()
    for net, key in ((one, 7), (same, 7), (other, 8)):
        redrawn(net, Start(redraw="he"), key)
    assert torch.equal(one.first.weight, same.first.weight)
    assert not torch.equal(one.first.weight, other.first.weight)


def test_recurrences_are_orthogonal_gate_by_gate():
    net = nn.LSTM(3, 5)
    redrawn(net, Start(redraw="orthogonal"), 1)
    for gate in net.weight_hh_l0.detach().split(5):
        torch.testing.assert_close(gate @ gate.T, torch.eye(5), atol=1e-5, rtol=0)


def test_every_activation_between_layers_is_another_and_gates_stay():
    net = drawn(activations="relu")
    assert isinstance(net.bent, nn.ReLU)
    assert isinstance(net.gate, nn.Sigmoid)


def test_running_figures_follow_the_data():
    still, follows = drawn(redraw="he"), drawn(redraw="he", norm_momentum=0.5)
    for net in (still, follows):
        for _ in range(12):
            net.train()(5 + X)
    assert float(still.norm.running_mean.abs().max()) == 0
    torch.testing.assert_close(follows.norm.running_mean, follows.first(5 + X).mean(0), atol=0.01, rtol=0.01)


@pytest.mark.parametrize("ending", ["softmax", "relu"])
def test_bare_outputs_are_those_of_the_last_layer(ending):
    net = drawn(redraw="he", ending="bare").eval()
    net.ending = ending
    expected = net.last(net.gate(net.bent(net.norm(net.first(X)))))
    for one in (net, deepcopy(net)):  # as averaged weights are copied
        outputs = one(X)
        torch.testing.assert_close(outputs, expected)
        outputs.sum().backward()
        assert float(one.first.weight.grad.abs().max()) > 0


def test_a_copy_hears_its_own_layers():
    net = drawn(redraw="he", ending="bare").eval()
    copy = deepcopy(net)
    with torch.no_grad():
        copy.last.bias.add_(1.0)
    torch.testing.assert_close(copy(X), net(X) + 1.0)


@pytest.mark.parametrize(
    ("model", "options", "says"),
    [
        (nn.Linear(2, 2), {"activations": "relu"}, "without any"),
        (nn.Linear(2, 2), {"activations": "relu"}, "set model.activation if the model has that"),
        (nn.Linear(2, 2), {"norm_momentum": 0.1}, "set model.norm=batch"),
        (nn.ReLU(), {"ending": "bare"}, "a model without layers"),
        (Own(), {"redraw": "he", "weights": "somewhere.npz"}, "leave one of them out"),
    ],
)
def test_what_cannot_be_changed_is_said(model, options, says):
    with pytest.raises(RecipeError, match=says):
        changed(model, Start(**options))


def test_a_state_is_read_by_a_method_that_no_hook_hears():
    class Keeps(Own):
        def advance(self, x: Tensor, state: object) -> tuple[Tensor, object]:
            return self(x), state

    net = changed(Keeps(), Start(ending="bare", redraw="he")).eval()
    assert net(X).shape == (64, 3)  # who calls it as others do gets what he asked for
    with pytest.raises(RecipeError, match="read by its advance"):
        net.advance(X, None)


def test_outputs_of_another_shape_have_no_bare_form():
    net = drawn(ending="bare")
    net.ending = "mean"
    with pytest.raises(RecipeError, match="of the shape that the last layer"):
        net(X)
