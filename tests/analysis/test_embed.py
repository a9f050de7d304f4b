"""Maps of examples: principal components against scikit-learn, neighbours that maps keep, pictures of dots."""

from __future__ import annotations

import io
import sys
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from paribus.analysis.embed import Embedding, embed, neighbours_kept, principal_components, trust
from paribus.errors import DataError
from paribus.inference.activations import look
from paribus.inference.trained import Trained, load
from paribus.plots.embedding import embedding, spots
from paribus.records.run import RunFolder


@pytest.fixture(scope="module")
def trained(original) -> Trained:
    return load(RunFolder(original))


@pytest.fixture(scope="module")
def found(trained) -> Embedding:
    return embed(trained, most=120)


def test_principal_components_are_those_of_scikit_learn(trained, found):
    """N3"""
    values = look(trained, ["penultimate"], "val", 120).spaces["penultimate"].values.double().numpy()
    oracle = PCA(svd_solver="full").fit(values)
    places = oracle.transform(values)
    assert np.abs(found.x) == pytest.approx(np.abs(places[:, 0]), abs=1e-8)
    assert np.abs(found.y) == pytest.approx(np.abs(places[:, 1]), abs=1e-8)
    assert found.explained == pytest.approx(oracle.explained_variance_ratio_[:50], abs=1e-12)


def test_principal_components_keep_all_distances_together():
    values = np.random.default_rng(0).normal(size=(20, 6))
    codes, shares = principal_components(values)
    centred = values - values.mean(0)
    assert codes @ codes.T == pytest.approx(centred @ centred.T, abs=1e-10)
    assert shares.sum() == pytest.approx(1)


def test_a_map_that_is_the_truth_keeps_all_neighbours_and_a_random_one_few():
    draw = np.random.default_rng(0)
    values = draw.normal(size=(200, 2))
    assert (trust(values, 3 * values, 10), neighbours_kept(values, 3 * values, 10)) == (1.0, 1.0)
    other = draw.normal(size=(200, 2))
    assert trust(values, other, 10) == pytest.approx(0.5, abs=0.05)
    assert neighbours_kept(values, other, 10) == pytest.approx(10 / 199, abs=0.03)


def test_t_sne_keeps_more_neighbours_and_another_seed_draws_another_map(trained):
    one, same, other = (embed(trained, method="tsne", most=60, perplexity=8, seed=seed) for seed in (0, 0, 1))
    found = embed(trained, most=60)
    assert one == same
    assert one.kept > found.kept
    assert one.trustworthiness > found.trustworthiness
    assert (one.seed, one.perplexity) == (0, 8.0)
    assert other.x != one.x


def test_every_dot_has_the_picture_of_its_example(trained, found):
    sheet = found.pictures
    assert (sheet.count, sheet.width, sheet.height) == (120, 8, 8)
    image = np.asarray(Image.open(io.BytesIO(b64decode(sheet.sheet.partition(",")[2]))))
    seen = look(trained, ["penultimate"], "val", 120)
    for place in (0, 57, 119):
        top, left = 8 * (place // sheet.columns), 8 * (place % sheet.columns)
        assert np.array_equal(image[top : top + 8, left : left + 8], seen.inputs([place])[0, 0].numpy())


def test_spots_lie_on_the_dots_of_the_picture(found):
    """The dots are found again in the pixels of the drawn picture."""
    two = replace(found, x=(0.0, 1.0), y=(0.0, 1.0), truth=(), said=(), confidence=(), rows=(1, 2))
    image = np.asarray(Image.open(io.BytesIO(embedding(two).png(1.0))).convert("RGB")).astype(int)
    blue = (image[..., 2] - image[..., 0] > 60).nonzero()
    height, width = image.shape[:2]
    for left, top in spots(two):
        nearest = np.hypot(blue[1] - left / 100 * width, blue[0] - top / 100 * height).min()
        assert nearest < 2


def test_mistakes_are_explained(trained, monkeypatch):
    with pytest.raises(DataError, match=r"perplexity must be below the number of examples, 20(.|\n)*perplexity=5"):
        embed(trained, method="tsne", most=20)
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(DataError, match=r"umap-learn(.|\n)*method=tsne"):
        embed(trained, method="umap", most=20)
