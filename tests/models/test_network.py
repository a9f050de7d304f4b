"""The network of a run: scaling inside, weights a function of the seed."""

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.models.network import Network, assemble
from paribus.models.weights import hash_of
from paribus.records.parts import Part
from paribus.tasks.classification import Classification


def info(shape: tuple[int, ...] = (3, 8, 8)) -> DataInfo:
    mean, deviation = tuple(10.0 * (i + 1) for i in range(shape[0])), tuple(2.0 * (i + 1) for i in range(shape[0]))
    return DataInfo(shape, ("a", "b"), {"train": 4}, (2, 2), mean, deviation)


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 4, 6), (5,)])
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_inputs_reach_the_model_with_mean_0_and_deviation_1(shape, kind):
    known = info(shape)
    network = Network(nn.Identity(), known)
    inputs = torch.randint(0, 256, (7, *shape)).to(kind)
    before = inputs.clone()
    channels = (-1, *(1 for _ in shape[1:]))
    expected = (inputs.float() - torch.tensor(known.mean).view(channels)) / torch.tensor(known.deviation).view(channels)
    torch.testing.assert_close(network(inputs), expected)
    assert torch.equal(inputs, before)  # the data are not scaled in place


def test_the_scaling_is_saved_with_the_weights_and_is_not_trained():
    network = assemble(Part("mlp"), Classification(info()), Seeds(0))
    assert {"mean", "scale"} <= set(network.state_dict())
    assert not {"mean", "scale"} & {name for name, _ in network.named_parameters()}


def test_gradients_reach_the_inputs():
    inputs = torch.rand(2, 3, 8, 8, requires_grad=True)
    assemble(Part("cnn"), Classification(info()), Seeds(0))(inputs).sum().backward()
    assert inputs.grad.abs().sum() > 0


class Own(nn.Module):
    """Draws a parameter by itself."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(in_channels))
        self.output = nn.Linear(in_channels, num_classes)

    def forward(self, x):
        return self.output(x.mean((2, 3)) * self.free)


@pytest.mark.parametrize("part", [Part("mlp"), Part("cnn", norm="batch"), Part("Own")], ids=str)
def test_weights_are_a_function_of_the_seed_alone(part):
    from paribus.records.parts import register

    register("model", Own)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = hash_of(assemble(part, Classification(info()), Seeds(1)).state_dict())
    assert torch.equal(torch.get_rng_state(), state)  # nobody else's chance is touched
    torch.manual_seed(6)
    assert hash_of(assemble(part, Classification(info()), Seeds(1)).state_dict()) == first
    assert hash_of(assemble(part, Classification(info()), Seeds(2)).state_dict()) != first
    assert hash_of(assemble(part, Classification(info()), Seeds(2, {"initialisation": 1})).state_dict()) == first
