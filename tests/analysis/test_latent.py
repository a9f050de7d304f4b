"""Codes of a trained autoencoder: where they lie, and how probable the examples are."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from paribus.analysis.latent import LatentMap, latent_map, likelihood
from paribus.data.prepare.prepared import prepare
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import Trained, load
from paribus.plots.latent import latent
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

SMALL = {"budget.epochs": 4, "model.widths": [32], "training.precision": "fp32"}


@pytest.fixture(scope="module")
def trained(session_cache, tmp_path_factory) -> Trained:
    folder = RunFolder(tmp_path_factory.mktemp("vae") / "run")
    loop.train(folder, Recipe.load("digits/vae", {**SMALL, "model.latent": 5}), 0, Settings("cpu", 1))
    return load(folder)


def test_the_map_shows_the_principal_components_of_the_codes(trained):
    found = latent_map(trained, split="test", most=200)
    prepared = prepare(trained.recipe, trained.recipe.seeds(0))
    inputs, targets = prepared.examples.take(prepared.rows["test"][:200])
    expected = PCA(2).fit(trained.predict(inputs).double().numpy())
    places = expected.transform(trained.predict(inputs).double().numpy())
    assert np.abs(found.x) == pytest.approx(np.abs(places[:, 0]), abs=1e-4)  # components have no sign of their own
    assert np.abs(found.y) == pytest.approx(np.abs(places[:, 1]), abs=1e-4)
    assert found.names == tuple(trained.info.classes[label] for label in targets.tolist())
    for axis, share in zip(found.axes, expected.explained_variance_ratio_, strict=True):
        assert f"({100 * share:.0f} % of the variance)" in axis


def test_the_bound_is_repeatable_and_grows_with_the_draws(trained):
    few, again, many = (likelihood(trained, draws=draws, most=100) for draws in (2, 2, 100))
    assert few == again
    assert few.bound < many.bound
    assert many.examples == 100
    assert 0 < many.error < abs(many.bound)


def test_the_map_is_drawn(trained):
    chart = latent(latent_map(trained, most=50))
    assert "principal component 1" in chart.svg()
    assert len(chart.spec["data"]["values"]) == 50


def test_centres_are_means_over_classes():
    found = LatentMap((0.0, 2.0, 5.0), (1.0, 3.0, 7.0), ("b", "b", "a"), ("z₁", "z₂"))
    assert found.centres == {"a": (1, 5.0, 7.0), "b": (2, 1.0, 2.0)}


def test_mistakes_are_explained(trained, run):
    with pytest.raises(RecipeError, match="no such split"):
        latent_map(trained, split="tset")
    with pytest.raises(DataError, match="only a variational autoencoder"):
        likelihood(load(run))
