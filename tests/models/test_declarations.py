"""What a model declares is used: what it loaded, its input scaling, its groups; mistakes are explained."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from tests.finetuned import DEVIATION, MEAN, FineTuned, weights_file
from torch import Tensor, nn

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.declarations import input_scaling, loaded, parameter_groups
from paribus.models.initialisation import initialise
from paribus.models.network import Network, assemble
from paribus.records.parts import Part, register
from paribus.tasks.classification import Classification

INFO = DataInfo((1, 8, 8), ("a", "b", "c"), {"train": 4}, (2, 1, 1), (80.0,), (90.0,))
COLOUR = DataInfo((3, 2, 2), ("a", "b"), {"train": 4}, (2, 2), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0))


@pytest.fixture
def built(tmp_path):
    register("model", FineTuned)
    path = weights_file(tmp_path)

    def build(seed: int = 0, **options) -> dict[str, Tensor]:
        return assemble(Part("FineTuned", path=str(path), **options), Classification(INFO), Seeds(seed)).model

    build.path = path
    return build


def test_what_was_loaded_stays_and_the_rest_is_drawn_from_the_seed(built):
    stored, first, second = load_file(built.path), built(0).state_dict(), built(1).state_dict()
    for name, value in stored.items():  # running statistics of the norm among them
        assert torch.equal(first[f"backbone.{name}"], value)
        assert torch.equal(second[f"backbone.{name}"], value)
    assert (first["adapter.bias"] == 0.25).all()  # one tensor of a layer, whose weight is drawn
    for name in ("adapter.weight", "head.weight", "head.bias"):
        assert not torch.equal(first[name], second[name])


def test_arms_share_the_initialisation_of_what_was_not_loaded(built):
    plain, other = built(3).state_dict(), built(3, dropout=0.5, frozen=True).state_dict()
    assert plain.keys() == other.keys()
    assert all(torch.equal(plain[name], other[name]) for name in plain)

    scratch = FineTuned(3, str(built.path))
    scratch.loaded = []
    initialise(scratch, Seeds(3).key("initialisation"))
    assert torch.equal(scratch.head.weight, plain["head.weight"])  # also with an arm that loads nothing
    assert torch.equal(scratch.adapter.weight, plain["adapter.weight"])
    assert not torch.equal(scratch.backbone[0].weight, plain["backbone.0.weight"])


def test_a_scaling_of_the_models_own_takes_the_place_of_the_datas(built):
    inputs = torch.randint(0, 256, (5, 1, 8, 8), dtype=torch.uint8)
    network = Network(built(), INFO)
    torch.testing.assert_close(network.scaled(inputs), (inputs.float() - MEAN) / DEVIATION)
    assert {"mean", "scale"} <= network.state_dict().keys()


class Scaled(nn.Module):
    def __init__(self, scaling) -> None:
        super().__init__()
        self.input_scaling = scaling

    def forward(self, x):
        return x


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_scalings_by_channel_for_all_and_none(kind):
    inputs = torch.randint(0, 256, (5, 3, 2, 2)).to(kind)
    by_channel = Network(Scaled(([1, 2, 3], [2, 4, 8])), COLOUR)(inputs)
    expected = (inputs.float() - torch.tensor([1.0, 2, 3]).view(3, 1, 1)) / torch.tensor([2.0, 4, 8]).view(3, 1, 1)
    torch.testing.assert_close(by_channel, expected)
    torch.testing.assert_close(Network(Scaled((10, 5)), COLOUR)(inputs), (inputs.float() - 10) / 5)
    untouched = Network(Scaled(None), COLOUR)
    assert torch.equal(untouched(inputs), inputs.float())  # quantities always arrive as floats
    assert not untouched.state_dict()


def test_tokens_are_never_touched():
    text = DataInfo((8,), ("a", "b"), {"train": 4}, (2, 2), (), ())
    tokens = torch.zeros(2, 8, dtype=torch.uint8)
    assert Network(nn.Identity(), text)(tokens).dtype == torch.uint8


def test_groups_hold_every_parameter_once_in_the_order_they_were_declared(built):
    model = built()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = {group.name: {names[id(parameter)] for parameter in group.parameters} for group in parameter_groups(model)}
    assert groups == {
        "backbone": {"backbone.0.weight", "backbone.0.bias", "backbone.1.weight", "backbone.1.bias"},
        "plain": {"adapter.bias", "head.bias"},
    }
    assert parameter_groups(nn.Linear(1, 1)) == []


def declaring(**attributes) -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 2))
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def grouped(**content) -> nn.Module:
    return declaring(parameter_groups=lambda: {"some": {"params": ["0"], **content}})


MISTAKES = {
    "a name that there is not": (lambda: loaded(declaring(loaded=["0.wieght"])), "must name parameters", "'0.weight'"),
    "a word for a list": (lambda: loaded(declaring(loaded="0")), "list of names", "['0']"),
    "a flag": (lambda: loaded(declaring(loaded=True)), "list of names", ""),
    "channels": (lambda: input_scaling(Scaled(([1, 2], [1, 2])), COLOUR), "for each channel", "3 channels"),
    "no deviation": (lambda: input_scaling(Scaled((1, 0)), COLOUR), "positive deviation", "3 channels"),
    "a group of nothing": (lambda: parameter_groups(grouped(params=["nothing"])), "must name parameters", ""),
    "a factor": (lambda: parameter_groups(grouped(lr=0.1)), "has no lr", "lr_factor"),
    "no rate": (lambda: parameter_groups(grouped(lr_factor=0)), "must be positive", "requires_grad_"),
}


@pytest.mark.parametrize(("ask", "rule", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_explained(ask, rule, hint):
    with pytest.raises(RecipeError, match=rule) as caught:
        ask()
    assert hint in caught.value.hint
