"""What nearest neighbours tell of targets, held against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import cohen_kappa_score, confusion_matrix, r2_score
from sklearn.neighbors import NearestNeighbors

import paribus as pb
from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.prepare.prepared import prepare
from paribus.records.recipe import Recipe
from paribus.records.signals import cohen
from paribus.training.signals.neighbours import agreement, confusions, distances


class Eyes:
    """What a network makes of its inputs before its first layer: here nothing."""

    quantities = True

    @staticmethod
    def scaled(inputs):
        return inputs.float()


def seen(inputs, targets):
    prepared = prepare(Recipe.load("arrays/mlp", {"data": pb.Data(inputs, targets).part, "split.test": 0.0}), Seeds(0))
    return agreement(Eyes(), prepared.loader("train", 32, "cpu"), prepared.info), prepared


def test_neighbours_are_those_of_scikit_learn() -> None:
    inputs = torch.randn(200, 7, generator=torch.Generator().manual_seed(0))
    found = NearestNeighbors(n_neighbors=2).fit(inputs.numpy()).kneighbors(inputs.numpy(), return_distance=False)
    assert distances(inputs).argmin(1).tolist() == found[:, 1].tolist()


def test_kappa_is_that_of_scikit_learn() -> None:
    draws = np.random.default_rng(0)
    one = draws.integers(0, 5, 300)
    other = np.where(draws.random(300) < 0.4, one, draws.integers(0, 5, 300))
    counts = confusions(torch.tensor(one), torch.tensor(other), 5)
    assert counts.tolist() == confusion_matrix(one, other).tolist()
    assert cohen(counts.tolist())[0] == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)


def test_its_error_is_how_far_it_scatters_by_chance() -> None:
    draws = np.random.default_rng(0)
    found = [
        cohen(confusions(*(torch.tensor(draws.choice(3, 200, p=[0.5, 0.3, 0.2])) for _ in "ab"), 3).tolist())
        for _ in range(500)
    ]
    kappas, errors = np.array(found).T
    assert abs(kappas.mean()) < 4 * kappas.std() / 500**0.5
    assert errors.mean() == pytest.approx(kappas.std(), rel=0.1)  # three standard errors of a deviation of 500


def test_labels_that_belong_to_other_inputs_show_before_anything_is_learned() -> None:
    inputs, targets = load_digits(return_X_y=True)
    sound, prepared = seen(inputs.astype(np.float32), targets)
    assert sound["agreement"]["kappa"] > 0.9
    assert sound["agreement"]["examples"] == 512
    assert sum(map(sum, sound["neighbours"].values())) == 512
    assert list(sound["neighbours"]) == [str(digit) for digit in range(len(prepared.info.classes))]
    moved, _ = seen(inputs.astype(np.float32), np.random.default_rng(0).permutation(targets))
    assert abs(moved["agreement"]["kappa"]) < 3 * moved["agreement"]["error"]


def test_of_numbers_it_is_a_share_of_their_variance() -> None:
    prepared = prepare(Recipe.load("diabetes_progression/linear"), Seeds(0))
    found = agreement(Eyes(), prepared.loader("train", 32, "cpu"), prepared.info)
    batch = prepared.loader("train", 32, "cpu").take(prepared.rows["train"])
    nearest = NearestNeighbors(n_neighbors=2).fit(batch.inputs.numpy()).kneighbors(return_distance=False, n_neighbors=1)
    y = batch.targets.double().numpy()
    assert found["agreement"]["kappa"] == pytest.approx((1 + r2_score(y, y[nearest[:, 0]])) / 2, abs=1e-4)
    assert "neighbours" not in found


def test_nothing_is_said_of_few_examples_and_of_targets_that_are_no_single_answer() -> None:
    assert seen(np.random.rand(30, 4).astype(np.float32), np.arange(30) % 3)[0] == {}
    prepared = prepare(Recipe.load("markov/rnn"), Seeds(0))
    tokens = type("Tokens", (), {"quantities": False})()
    assert agreement(tokens, prepared.loader("train", 32, "cpu"), prepared.info) == {}


def test_noise_is_as_far_from_its_nearest_as_from_any() -> None:
    draws, labels = np.random.default_rng(0), np.arange(400) % 4
    noise = seen(draws.normal(size=(400, 300)).astype(np.float32), labels)[0]["agreement"]["distance"]
    inputs, targets = load_digits(return_X_y=True)
    assert noise > 0.85 > 0.5 > seen(inputs.astype(np.float32), targets)[0]["agreement"]["distance"]


def test_of_masks_kappa_is_beyond_what_places_tell() -> None:
    """Shapes anywhere: a picture's copy has its mask, and a mask that belongs to another picture tells nothing."""
    prepared = prepare(Recipe.load("shapes/unet", {"data.pictures": 60, "data.size": 16}), Seeds(0))
    loader, info = prepared.loader("train", 32, "cpu"), prepared.info

    def told(batch):
        loader.take = lambda rows: batch
        return agreement(Eyes(), loader, info)["agreement"]

    half = loader.take(loader.rows[:20])
    inputs, masks = half.inputs.repeat(2, 1, 1, 1), half.targets.repeat(2, 1, 1)
    loader.rows = torch.arange(len(inputs))
    same = told(Batch(inputs, masks, loader.rows))
    assert set(same) == {"mask_kappa", "mask_error", "distance", "examples"}
    assert same["mask_kappa"] == pytest.approx(1)
    others = told(Batch(inputs, torch.cat([half.targets, half.targets.roll(1, 0)]), loader.rows))
    assert abs(others["mask_kappa"]) < 3 * others["mask_error"] < 0.5
    by_place = torch.zeros_like(masks).index_fill_(2, torch.arange(8), 1)  # of all pictures alike: nothing is left
    noise = (torch.rand(masks.shape, generator=torch.Generator().manual_seed(0)) < 0.2).long()
    beside = told(Batch(inputs, by_place ^ noise, loader.rows))
    assert abs(beside["mask_kappa"]) < 0.05
