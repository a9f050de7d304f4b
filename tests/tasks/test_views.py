"""Views of a picture: what is averaged, with which weights, and who refuses them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import RecipeError
from paribus.records.parts import Part, build
from paribus.records.recipe import Recipe
from paribus.tasks.views import averaged

PICTURES = torch.randint(0, 256, (3, 1, 5, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


class Place(nn.Module):
    """Gives one pixel of each picture, and 1."""

    def forward(self, x):
        pixel = x[:, 0, 1, 2].float()
        return torch.stack([pixel, torch.ones_like(pixel)], 1)


def pixel(row: int, column: int) -> torch.Tensor:
    return PICTURES[:, 0, row, column].float()


def test_mirror_is_the_mean_of_both():
    found = averaged(Place(), PICTURES, "mirror")
    assert torch.equal(found[:, 0], (pixel(1, 2) + pixel(1, 3)) / 2)


def test_shifts_have_half_of_the_weight():
    up_left = (pixel(2, 3) + pixel(2, 4)) / 2  # moved by (−1, −1), and mirrored
    down_right = (pixel(0, 1) + pixel(0, 2)) / 2
    found = averaged(Place(), PICTURES, "shifts")
    expected = 0.5 * (pixel(1, 2) + pixel(1, 3)) / 2 + 0.25 * up_left + 0.25 * down_right
    torch.testing.assert_close(found[:, 0], expected)
    assert torch.equal(found[:, 1], torch.ones(3))


def test_views_are_for_evaluation_and_prediction_and_not_for_training():
    recipe = Recipe.load("digits/cnn", {"split.limit": 100})
    prepared = prepare(recipe, Seeds(0))
    task = build("task", Part("classification", views="mirror"), info=prepared.info)
    batch, net = prepared.sample(4), nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    class Stored(nn.Module):
        def forward(self, x):
            return net(x.float())

    network = Stored()
    plain = network(batch.inputs)
    with torch.no_grad():
        assert torch.equal(task.loss("model", network.train(), batch)[1], plain)
        mean = (plain + network(batch.inputs.flip(-1))) / 2
        assert torch.equal(task.loss("model", network.eval(), batch)[1], mean)
        assert torch.equal(task.predict(network, batch.inputs), mean.softmax(1))
        losses = nn.functional.cross_entropy(mean, batch.targets, reduction="none")
        torch.testing.assert_close(task.scores(network, batch)["loss"], losses)


def test_what_is_no_picture_has_no_views():
    info = prepare(
        Recipe.load("diabetes/mlp", {"task": "classification", "data.target_kind": "classes"}), Seeds(0)
    ).info
    with pytest.raises(RecipeError, match="only pictures have several views"):
        build("task", Part("classification", views="mirror"), info=info)
