"""Weights of others: strictly those of the net, a new head where classes differ, and what does not fit by name."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.errors import DataError, MissingData, RecipeError
from paribus.models.cifar_resnet import ResNet20
from paribus.models.network import Network, assemble
from paribus.models.pretrained import head_of
from paribus.models.size import count_parameters
from paribus.records import weights
from paribus.records.parts import Part, find
from paribus.records.recipe import Recipe
from paribus.records.weights import CIFAR10, PUBLISHED, weights_file
from paribus.tasks.classification import Classification

SHAPE = (3, 8, 8)


def info(classes: tuple[str, ...] = ("a", "b", "c"), channels: int = 3) -> DataInfo:
    moments = tuple(range(100, 100 + channels))
    return DataInfo((channels, 8, 8), classes, {"train": 4}, (1,) * len(classes), moments, moments)


def built(about: DataInfo | None = None, model: str = "resnet20", **options) -> Network:
    return assemble(Part(model, **options), Classification(about or info()), Seeds(0)).eval()


@pytest.fixture
def state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    found = ResNet20(SHAPE, 3).state_dict()
    return {name: torch.rand_like(it) + 0.1 if it.is_floating_point() else it for name, it in found.items()}


@pytest.fixture
def stored(tmp_path, state):
    def save(changes: dict[str, Tensor | None] | None = None, name: str = "w.safetensors") -> str:
        whole = {**state, **(changes or {})}
        save_file({key: it.clone() for key, it in whole.items() if it is not None}, tmp_path / name)
        return str(tmp_path / name)

    return save


def test_a_file_that_fits_is_loaded_to_the_last_bit(stored, state):
    net = built(weights=stored())
    assert all(torch.equal(it, state[name]) for name, it in net.model.state_dict().items())
    assert net.loaded.new == net.loaded.left_out == ()
    assert net.loaded.numbers == count_parameters(net) + 2 * sum(
        it.num_features for it in net.modules() if isinstance(it, nn.BatchNorm2d)
    ) + sum(isinstance(it, nn.BatchNorm2d) for it in net.modules())


def test_counters_of_norms_may_be_missing(stored, state):
    net = built(weights=stored({name: None for name in state if name.endswith("tracked")}))
    assert torch.equal(net.model.conv1.weight, state["conv1.weight"])


@pytest.mark.parametrize("prefix", ["module.", "model.", "module.model.", "_orig_mod.module."])
def test_prefixes_of_wrappers_are_taken_off_and_said(tmp_path, state, prefix):
    save_file({prefix + name: it for name, it in state.items()}, tmp_path / "w.safetensors")
    net = built(weights=str(tmp_path / "w.safetensors"))
    assert torch.equal(net.model.conv1.weight, state["conv1.weight"])
    assert len(net.loaded.notes) == prefix.count(".")


HEADS = {  # classes of the data, option → whether the head is new
    "as many classes": (3, "auto", False),
    "other classes": (5, "auto", True),
    "wished": (3, "always", True),
}


@pytest.mark.parametrize(("classes", "option", "new"), HEADS.values(), ids=HEADS)
def test_the_head_is_new_where_it_must_be(stored, state, classes, option, new):
    about = info(tuple(map(str, range(classes))))
    net = built(about, weights=stored(), new_head=option)
    assert net.loaded.new == (("linear.weight", "linear.bias") if new else ())
    fresh = built(about).model.linear.weight
    assert torch.equal(net.model.linear.weight, fresh if new else state["linear.weight"])
    assert torch.equal(net.model.conv1.weight, state["conv1.weight"])


def test_a_head_that_the_file_has_not_is_new(stored):
    net = built(weights=stored({"linear.weight": None, "linear.bias": None}))
    assert net.loaded.new == ("linear.weight", "linear.bias")


MISFITS = {
    "a missing tensor": ({"layer1.0.conv1.weight": None}, {}, "1 tensor is missing there: layer1.0.conv1.weight"),
    "an unknown one": ({"extra.weight": torch.ones(1)}, {}, "1 tensor is unknown here: extra.weight"),
    "another shape": ({"bn1.bias": torch.ones(9)}, {}, r"bn1.bias is \(9,\) there and \(16,\) here"),
    "another type": ({"bn1.bias": torch.ones(16, dtype=torch.uint8)}, {}, "bn1.bias is torch.uint8 there"),
    "another head": ({"linear.bias": torch.ones(4)}, {"new_head": "never"}, "new_head=auto"),
    "grey pictures": ({"conv1.weight": torch.ones(16, 1, 3, 3)}, {}, "they take 1 channels, the data have 3"),
}


@pytest.mark.parametrize(("changes", "options", "said"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_named(stored, changes, options, said):
    with pytest.raises(RecipeError, match=said):
        built(weights=stored(changes), **options)


def test_only_the_first_of_many_are_named(stored):
    with pytest.raises(RecipeError, match=r"60 tensors are missing there: .*, … \(57 more\)"):
        built(model="resnet32", weights=stored())


def test_a_net_may_do_without_parts_of_a_published_file(stored, monkeypatch):
    path = stored({"aux1.fc.weight": torch.ones(2)})
    with pytest.raises(RecipeError, match="aux1"):
        built(weights=path)
    monkeypatch.setattr(ResNet20, "left_out", ("aux1", "aux2"), raising=False)
    assert built(weights=path).loaded.left_out == ("aux1.fc.weight",)


LAST = {
    "cnn": "output",
    "mlp": "output",
    "linear": "output",
    "squeezenet": "classifier.1",
    "mobilenet_v2": "classifier.1",
}


@pytest.mark.parametrize(("model", "path"), [*LAST.items(), ("resnet20", "linear")])
def test_the_head_is_the_last_layer(model, path):
    about = replace(info(), input_shape=(3, 40, 40))
    names = head_of(built(about, model).model)
    assert {name.rpartition(".")[0] for name in names} == {path}


def test_inputs_are_scaled_as_the_weights_were_trained(stored, state):
    plain, imagenet = built(weights=stored()), built(weights=stored(), input_scaling="imagenet")
    assert plain.mean.flatten().tolist() == [100, 101, 102]  # nobody knows how: as the data are
    assert imagenet.mean.flatten().tolist() == pytest.approx([123.675, 116.28, 103.53])
    mean, scale = torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1), torch.tensor([0.5, 0.25, 0.1]).reshape(3, 1, 1)
    path = stored(
        {**{f"model.{name}": it for name, it in state.items()}, **dict.fromkeys(state), "mean": mean, "scale": scale}
    )
    ours = built(weights=path)  # of a run of paribus
    assert torch.equal(ours.mean, mean)
    assert torch.equal(ours.scale, scale)
    assert built(weights=path, input_scaling="data").mean.flatten().tolist() == [100, 101, 102]


def test_imagenets_scaling_is_for_three_channels():
    with pytest.raises(RecipeError, match="three channels"):
        built(info(channels=1), input_scaling="imagenet")


@pytest.fixture
def published(tmp_path, monkeypatch, state):
    """A published set of our own: blue first, 0 … 255 less a mean."""
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    file = tmp_path / "weights" / "made.npz"
    np.savez(file, **{name: it.numpy() for name, it in state.items()})
    known = replace(
        PUBLISHED["squeezenet11_imagenet"],
        file="made.npz",
        sha256=sha256(file.read_bytes()).hexdigest(),
        model="resnet20",
        options={"init": "he"},
        classes=("a", "b", "c"),
    )
    monkeypatch.setattr(weights, "PUBLISHED", {"made": known})
    monkeypatch.setattr("paribus.models.pretrained.PUBLISHED", {"made": known})
    return file


def test_a_set_that_takes_blue_first_gives_the_same_on_red_first(published, state):
    net = built(weights="made")
    original = ResNet20(SHAPE, 3).eval()
    original.load_state_dict(state)
    pictures = torch.randint(0, 256, (4, *SHAPE), dtype=torch.uint8)
    caffe = pictures.flip(1).float() - torch.tensor([103.939, 116.779, 123.68]).reshape(3, 1, 1)
    torch.testing.assert_close(net(pictures), original(caffe))
    assert any("blue" in note for note in net.loaded.notes)


def test_the_head_of_a_published_set_serves_its_own_classes_only(published):
    assert built(weights="made").loaded.new == ()
    assert built(info(("x", "y", "z")), weights="made").loaded.new == ("linear.weight", "linear.bias")


def test_options_that_make_it_another_net_are_refused(published):
    with pytest.raises(RecipeError, match="trained with init=he") as caught:
        built(weights="made", init="zeros")
    assert "model.init=he" in caught.value.hint


def test_a_detector_starts_from_a_set_of_its_backbone_and_says_which_that_is(published, state):
    five = info(tuple("abcde"))
    net = built(five, "detector", backbone="resnet20", weights="made")
    assert torch.equal(net.model.get_parameter("layer3.2.conv2.weight"), state["layer3.2.conv2.weight"])
    assert net.loaded.left_out == ("linear.weight", "linear.bias")
    with pytest.raises(RecipeError, match="do not fit") as caught:
        built(five, "detector", backbone="lenet", weights="made")
    assert caught.value.hint == "they are of model.backbone=resnet20; for lenet set model.weights=none"


def test_a_published_name_means_one_content(published):
    published.write_bytes(published.read_bytes() + b"x")
    with pytest.raises(DataError, match="not the published made"):
        built(weights="made")
    published.unlink()
    with pytest.raises(MissingData, match="not on this machine") as caught:
        built(weights="made")
    assert str(published.parent) in caught.value.hint


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_set_is_of_a_net_and_options_that_there_are(name):
    known = PUBLISHED[name]
    factory = find("model", known.model)
    factory((3, 40, 40), 10, **known.options)
    assert len(known.sha256) == 64
    assert known.source.rpartition(", ")[2] in {"MIT", "Apache-2.0", "BSD-2-Clause"}
    assert len(known.classes) in (0, 10)
    assert len(set(CIFAR10)) == 10


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("cifar10_resnet21", MissingData, "names nothing to start from"),
        ("there/is/none.safetensors", MissingData, "no such file of weights"),
        ("last", RecipeError, "one run for good"),
    ],
)
def test_names_of_nothing(source, kind, said):
    with pytest.raises(kind, match=said):
        weights_file(source)


def test_a_file_below_the_own_data_is_found(tmp_path, monkeypatch):
    (tmp_path / "w.npz").write_bytes(b"x")
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path))
    assert weights_file("w.npz") == tmp_path / "w.npz"


def test_options_at_their_defaults_are_no_part_of_a_run():
    recipe = Recipe.load("digits/cnn")
    assert "weights" not in recipe.resolved()["model"]
    assert recipe.settings("model")["weights"] == "none"
    assert recipe.override({"model.weights": "none"}).identity == recipe.identity
    assert recipe.override({"model.freeze": ["stages"]}).identity != recipe.identity


def test_dots_in_patterns_separate_no_fields(tmp_path):
    recipe = Recipe.load("digits/cnn", {"model.lr_factors": {"stages.0": 0.1, "output": 2}})
    assert recipe.settings("model")["lr_factors"] == {"stages.0": 0.1, "output": 2.0}
    (tmp_path / "a.yaml").write_text(
        "base: digits/cnn\nmodel: {lr_factors: {stages.0: 0.1}, unfreeze: {stages.1: 2}}\n"
    )
    derived = Recipe.load(tmp_path / "a.yaml")
    assert derived.settings("model")["lr_factors"] == {"stages.0": 0.1}
    assert derived.settings("model")["unfreeze"] == {"stages.1": 2}


class Own(nn.Module):
    """A model with an option of its own that has a common one's name.

    Args:
        weights: how many there are.
    """

    def __init__(self, num_outputs: int, weights: int = 3) -> None:
        super().__init__()
        self.layer, self.weights = nn.Linear(192, num_outputs), weights

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(1))


def test_an_option_of_the_models_own_keeps_its_name():
    net = assemble(Part(Own, weights=7, freeze=["layer.bias"]), Classification(info()), Seeds(0))
    assert net.model.weights == 7
    assert net.loaded is None
    assert set(net.frozen_until) == {"layer.bias"}
