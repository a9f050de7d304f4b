"""ROC, precision–recall and cuts by cost, against scikit-learn and against trying every cut."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from paribus.errors import EvidenceError
from paribus.evidence.detection import Price, cheapest, cuts, detections, drawn_anew


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(3)
    labels = draw.integers(4, size=300)
    scores = draw.normal(size=(300, 4))
    scores[np.arange(300), labels] += 1.5
    shares = np.exp(scores)
    return (shares / shares.sum(1, keepdims=True)).round(2), labels  # rounded: many ties


def test_N6_areas_and_curves_are_those_of_scikit_learn(scored):
    scores, labels = scored
    found = detections(scores, labels, points=10_000)
    for one, detection in enumerate(found.classes):
        true, given = labels == one, scores[:, one]
        assert detection.auroc.value == pytest.approx(roc_auc_score(true, given), abs=1e-12)
        assert detection.ap.value == pytest.approx(average_precision_score(true, given), abs=1e-12)
        fpr, tpr, _ = roc_curve(true, given, drop_intermediate=False)
        assert np.allclose(detection.roc, np.column_stack([fpr, tpr]))
        precision, recall, _ = precision_recall_curve(true, given)
        assert np.allclose(detection.pr, np.column_stack([recall, precision])[-2::-1])
        assert detection.auroc.low < detection.auroc.value < detection.auroc.high
    each = [roc_auc_score(labels == one, scores[:, one]) for one in range(4)]
    assert found.macro_auroc.value == pytest.approx(np.mean(each))


def test_weighted_areas_are_those_of_scikit_learn(scored):
    scores, labels = scored
    weights = next(drawn_anew(len(labels), 5, 0))
    found = cuts(scores[:, 0], labels == 0, weights)
    for one, (area, precision) in enumerate(zip(found.auroc(), found.average_precision(), strict=True)):
        asked = {"y_true": labels == 0, "y_score": scores[:, 0], "sample_weight": weights[one]}
        assert area == pytest.approx(roc_auc_score(**asked), abs=1e-12)
        assert precision == pytest.approx(average_precision_score(**asked), abs=1e-12)


def test_intervals_cover_the_true_area():
    """Two normal scores a distance d apart have AUROC Φ(d/√2); over 120 sets the coverage has an error of .02."""
    from scipy.stats import norm

    draw, true, hit = np.random.default_rng(0), norm.cdf(1.2 / np.sqrt(2)), 0
    for _ in range(120):
        labels = np.repeat([0, 1], [80, 60])
        score = draw.normal(size=140) + 1.2 * labels
        drawn = np.concatenate([cuts(score, labels == 1, weights).auroc() for weights in drawn_anew(140, 300, 1)])
        low, high = np.quantile(drawn, [0.025, 0.975])
        hit += low <= true <= high
    assert 0.89 <= hit / 120 <= 0.99


def test_a_class_ranked_without_a_mistake_has_an_interval_that_is_no_point():
    scores = np.column_stack([np.linspace(1, 0, 40), np.linspace(0, 1, 40)])
    found = detections(scores, np.repeat([0, 1], [10, 30]))
    assert found.classes[0].auroc.value == found.classes[0].ap.value == 1
    assert found.classes[0].auroc.low == pytest.approx(0.025 ** (1 / 10))
    assert (found.classes[0].ap.low, found.classes[0].ap.high) == (0, 1)


def test_a_class_without_examples_has_no_area(scored):
    scores, labels = scored
    found = detections(scores, np.where(labels == 3, 0, labels))
    assert found.classes[3].auroc is None
    assert found.classes[3].roc == ()
    assert found.macro_auroc is not None


@pytest.mark.parametrize("price", [Price(10, 1), Price(1, 10), Price(3, 1, 0.5, 0.2)])
def test_N6_the_cheapest_cut_is_that_of_trying_each(scored, price):
    scores, labels = scored
    score, true = scores[:, 0], labels == 0
    found = cheapest(score, true, price)
    each = [price.paid(true, score > cut).mean() for cut in (-1, *np.unique(score), *(np.unique(score) + 1e-9))]
    assert found.chosen == pytest.approx(min(each), abs=1e-12)
    assert price.paid(true, score > found.threshold).mean() == pytest.approx(found.chosen, abs=1e-12)
    assert found.low <= found.threshold <= found.high
    assert found.usual.value == pytest.approx(price.paid(true, score > 0.5).mean())
    assert found.saved.value == pytest.approx(found.usual.value - found.cost.value)


def test_of_true_probabilities_the_best_cut_is_that_of_elkan():
    draw = np.random.default_rng(1)
    score = draw.random(3000)
    found = cheapest(score, draw.random(3000) < score, Price(4, 1))
    assert found.fair == pytest.approx(0.2)
    assert found.low <= 0.2 <= found.high
    assert found.high - found.low < 0.2
    assert found.saved.low > 0


def test_what_the_cut_was_chosen_on_looks_too_good():
    """A score that knows nothing: the best cut of all seems to gain, and gains nothing on the other half."""
    draw = np.random.default_rng(5)
    found = [cheapest(draw.random(60), draw.random(60) < 0.5, Price(1, 1)) for _ in range(20)]
    assert np.mean([one.chosen for one in found]) < 0.45
    assert np.mean([one.cost.value for one in found]) > 0.48


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(EvidenceError, match="fn > tp and fp > tn"):
        Price(1, 0)
    with pytest.raises(EvidenceError, match="8 at least"):
        cheapest(np.ones(5), np.ones(5) > 0, Price(1, 1))
    with pytest.raises(EvidenceError, match="finite scores"):
        detections(np.full((9, 2), np.nan), np.zeros(9, int))
