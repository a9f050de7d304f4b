"""Models that are fitted at once say what scikit-learn says, and come back from their tensors."""

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from paribus.errors import RecipeError
from paribus.models.fitted.linear import Logistic
from paribus.records.parts import Part, build

rng = np.random.default_rng(0)
INPUTS = rng.normal(size=(240, 6)).astype(np.float32)
SCORES = INPUTS[:, :3] + rng.normal(size=(240, 3)) * 0.5
ASKED = rng.normal(size=(100, 6)).astype(np.float32)
NUMBERS = np.stack([INPUTS[:, 0] + INPUTS[:, 1] ** 2, INPUTS[:, 2]], 1) + rng.normal(size=(240, 2)) * 0.1

CLASSIFIERS = [
    (Part("random_forest", trees=20), RandomForestClassifier(20, random_state=7)),
    (
        Part("random_forest", trees=5, max_depth=3, features=0.5, min_leaf=4),
        RandomForestClassifier(5, max_depth=3, max_features=0.5, min_samples_leaf=4, random_state=7),
    ),
    (Part("gradient_boosting", rounds=20), HistGradientBoostingClassifier(max_iter=20, early_stopping=False)),
    (Part("knn"), KNeighborsClassifier(5)),
    (Part("knn", k=9, weights="distance"), KNeighborsClassifier(9, weights="distance")),
    (Part("logistic"), LogisticRegression(tol=1e-8, max_iter=1000)),
    (Part("logistic", penalty=10), LogisticRegression(C=0.1, tol=1e-8, max_iter=1000)),
    (Part("majority"), DummyClassifier(strategy="prior")),
]
REGRESSORS = [
    (Part("random_forest", trees=20, features="all"), RandomForestRegressor(20, random_state=7)),
    (Part("gradient_boosting", rounds=20), HistGradientBoostingRegressor(max_iter=20, early_stopping=False)),
    (Part("knn", weights="distance"), KNeighborsRegressor(5, weights="distance")),
    (Part("ridge", penalty=3.0), Ridge(3.0)),
    (Part("majority"), DummyRegressor()),
]


def named(one) -> str:
    return ",".join(map(str, one.flat().values())) if isinstance(one, Part) else ""


PARTS = [part for part, _ in CLASSIFIERS]


def model(part, classes=0, outputs=1):
    return build("model", part, input_shape=(6,), num_outputs=outputs, num_classes=classes)


def fitted(part, targets, classes=0, outputs=1, weights=None):
    found = model(part, classes, outputs)
    found.fit_at_once(torch.from_numpy(INPUTS), torch.from_numpy(targets), weights, seed=7)
    return found


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(("part", "oracle"), CLASSIFIERS, ids=named)
def test_classes_are_as_probable_as_scikit_learn_says(part, oracle, classes):
    targets = SCORES[:, :classes].argmax(1)
    expected = oracle.fit(INPUTS.astype(np.float64), targets).predict_proba(ASKED)
    said = fitted(part, targets, classes, classes)(torch.from_numpy(ASKED)).softmax(1).numpy()
    assert np.allclose(said, expected, atol=2e-6)  # logarithms in float32, of optima known to 1e-8


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize(("part", "oracle"), REGRESSORS, ids=named)
def test_numbers_are_those_of_scikit_learn(part, oracle, outputs):
    targets = NUMBERS[:, :outputs].astype(np.float32)
    said = fitted(part, targets, outputs=outputs)(torch.from_numpy(ASKED)).numpy()
    if part.use == "gradient_boosting":
        expected = np.stack([oracle.fit(INPUTS, one).predict(ASKED) for one in targets.T], 1)
    else:
        expected = oracle.fit(INPUTS, targets if outputs > 1 else targets[:, 0]).predict(ASKED)
    assert said.shape == (100, outputs)
    assert np.allclose(said, expected.reshape(100, outputs), atol=1e-5)


@pytest.mark.parametrize("part", PARTS, ids=named)
def test_it_comes_back_from_its_tensors(part, tmp_path):
    from safetensors.torch import load_file, save_file

    first = fitted(part, SCORES.argmax(1), 3, 3)
    save_file(first.state_dict(), tmp_path / "weights.safetensors")
    second = model(part, 3, 3)
    assert second(torch.from_numpy(ASKED)).eq(0).all()  # before it knows anything
    second.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(first(torch.from_numpy(ASKED)), second(torch.from_numpy(ASKED)))
    assert first.size == second.size > 0


@pytest.mark.parametrize("part", PARTS, ids=named)
def test_a_class_that_training_lacks_is_never_said_and_its_loss_is_finite(part):
    found = fitted(part, 2 * SCORES[:, :2].argmax(1), 3, 3)(torch.from_numpy(ASKED))
    assert found.isfinite().all()
    assert (found.softmax(1)[:, 1] < 1e-9).all()


@pytest.mark.parametrize("name", ["random_forest", "gradient_boosting", "logistic", "majority"])
def test_weights_of_examples_count(name):
    targets = (SCORES[:, 0] > 1).astype(np.int64)
    heavy = torch.from_numpy(np.where(targets == 1, 20.0, 1.0))
    plain, weighted = (fitted(Part(name), targets, 2, 2, one)(torch.from_numpy(ASKED)) for one in (None, heavy))
    assert weighted.softmax(1)[:, 1].mean() > plain.softmax(1)[:, 1].mean()


def test_a_forest_counts_its_nodes():
    targets = SCORES.argmax(1)
    oracle = RandomForestClassifier(20, random_state=7).fit(INPUTS, targets)
    assert fitted(Part("random_forest", trees=20), targets, 3, 3).size == sum(
        tree.tree_.node_count for tree in oracle.estimators_
    )


def test_what_does_not_fit_is_refused():
    with pytest.raises(RecipeError, match=r"needs classes(.|\n)*ridge"):
        model(Part("logistic"))
    with pytest.raises(RecipeError, match=r"needs numbers(.|\n)*logistic"):
        model(Part("ridge"), 2, 2)
    with pytest.raises(RecipeError, match="fewer training examples than neighbours"):
        fitted(Part("knn", k=241), SCORES.argmax(1), 3, 3)
    with pytest.raises(RecipeError, match="know no weights"):
        fitted(Part("knn"), SCORES.argmax(1), 3, 3, torch.ones(240))


def test_classes_that_can_be_separated_have_no_optimum_without_a_penalty(monkeypatch):
    targets = (INPUTS[:, 0] > 0).astype(np.int64)
    lone = Logistic((6,), 2, 2, penalty=0)
    from sklearn.linear_model import LogisticRegression as Model

    hasty = Model.__init__

    def few_rounds(self, **options):
        hasty(self, **{**options, "max_iter": 5})

    monkeypatch.setattr(Model, "__init__", few_rounds)
    with pytest.raises(RecipeError, match="has not come to its optimum"):
        lone.fit_at_once(torch.from_numpy(INPUTS), torch.from_numpy(targets), None, 0)
