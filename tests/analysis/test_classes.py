"""Why accuracies of classes differ: silhouettes against scikit-learn, correlations against scipy, planted overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import permutation_test, spearmanr
from sklearn.metrics import silhouette_samples

import paribus as pb
from paribus.analysis.classes import COUNTS, Classes, by_chance, class_seeds, classes, rank_correlation, separations
from paribus.errors import DataError
from paribus.inference.activations import look
from paribus.inference.trained import Trained, load
from paribus.records.run import RunFolder
from paribus.reports.separation import classes_page

DRAW = np.random.default_rng(0)


@pytest.fixture(scope="module")
def trained(original) -> Trained:
    return load(RunFolder(original))


@pytest.fixture(scope="module")
def found(trained) -> Classes:
    return classes(trained, most=300)


def test_separations_are_silhouettes():
    points, labels = DRAW.normal(size=(60, 4)), DRAW.integers(5, size=60)
    points[labels == 3] += 4
    ours, _ = separations(points, labels)
    assert ours == pytest.approx(silhouette_samples(points, labels), abs=1e-12)


def test_the_nearest_class_is_the_one_with_the_smallest_mean_distance():
    points = np.array([[0.0], [0.1], [1.0], [1.1], [5.0], [5.1]])
    _, nearest = separations(points, np.array([4, 4, 7, 7, 9, 9]))
    assert nearest.tolist() == [7, 7, 4, 4, 7, 7]


def test_figures_of_classes_are_those_of_the_examples(trained, found):
    seen = look(trained, ["inputs", "penultimate"], "val", 300)
    truth, said = seen.targets.numpy(), seen.said.argmax(1).numpy()
    apart = silhouette_samples(seen.spaces["penultimate"].values.double().numpy(), truth)
    assert [one.accuracy.value for one in found.classes] == sorted(one.accuracy.value for one in found.classes)[::-1]
    for one in found.classes:
        label = trained.info.classes.index(one.name)
        assert one.accuracy.value == pytest.approx((said[truth == label] == label).mean())
        assert one.separation["penultimate"] == pytest.approx(apart[truth == label].mean(), abs=1e-6)
        assert one.training == trained.info.class_counts[label]
    accuracy = [one.accuracy.value for one in found.classes]
    assert found.correlations["penultimate"].value == pytest.approx(
        spearmanr(accuracy, [one.separation["penultimate"] for one in found.classes]).statistic
    )
    assert set(found.correlations) <= {"inputs", "penultimate", COUNTS}
    assert sum(pair.count for pair in found.pairs) <= (said != truth).sum()


def test_mistakes_stand_beside_the_nearest_example_of_the_other_class(trained, found):
    seen = look(trained, ["penultimate"], "val", 300)
    values, rows = seen.spaces["penultimate"].values, seen.rows.tolist()
    pair = found.pairs[0]
    said, truth = (trained.info.classes.index(name) for name in (pair.said, pair.truth))
    for one in pair.mistakes:
        place = rows.index(one.row)
        assert (int(seen.targets[place]), int(seen.said[place].argmax())) == (truth, said)
        distances = (values - values[place]).norm(dim=1)
        distances[(seen.targets != said) | (seen.said.argmax(1) != said)] = float("inf")
        assert rows[int(distances.argmin())] == one.other_row


def test_p_of_a_rank_correlation_is_that_of_shuffled_classes():
    one, other = DRAW.normal(size=6), DRAW.normal(size=6)
    oracle = permutation_test(
        (one,), lambda x: spearmanr(x, other).statistic, permutation_type="pairings", n_resamples=np.inf
    )
    assert by_chance(one, other) == pytest.approx(oracle.pvalue, abs=0.02)  # of 9999 orders
    assert rank_correlation(one[None], other[None])[0] == pytest.approx(spearmanr(one, other).statistic)


@pytest.fixture(scope="module")
def planted(session_cache, tmp_path_factory) -> Trained:
    """Five classes in the plane; two of them lie nearly on top of each other."""
    draw = np.random.default_rng(1)
    centres = np.array([[-6, -6], [6, -6], [-6, 6], [6, 6], [6.6, 6]])
    labels = np.arange(1000) % 5
    points = centres[labels] + draw.normal(0, 1, (1000, 2))
    run = pb.Run("arrays/mlp", data=pb.Data(points, labels), epochs=12, runs=tmp_path_factory.mktemp("planted"))
    run.train(threads=1)
    return load(run)


def test_planted_overlap_ranks_last(planted):
    """N4"""
    found = classes(planted)
    last = {one.name for one in found.classes[-2:]}
    for layer in ("inputs", "penultimate"):
        ranked = sorted(found.classes, key=lambda one: one.separation[layer])
        assert {one.name for one in ranked[:2]} == last == {"3", "4"}
    assert {(pair.truth, pair.said) for pair in found.pairs[:2]} == {("3", "4"), ("4", "3")}
    assert found.correlations["inputs"].value > 0.5


def test_of_three_classes_no_order_is_a_finding(session_cache, tmp_path):
    """N4: the best p of three classes is 2/6, and draws of examples hardly ever change their order."""
    run = pb.Run("wine/mlp", epochs=2, runs=tmp_path)
    run.train(threads=1)
    found = classes(load(run))
    assert not found.correlations
    assert "cannot be told of 3 classes: 5 are needed" in [one.finding for one in classes_page(found).answers]


def test_intervals_over_seeds_hold_the_means(trained):
    members = [trained, replace(trained, seed=4)]
    found = class_seeds(members, most=300)
    single = classes(trained, most=300)
    assert found.seeds == 2
    assert [*found.accuracy] == sorted(found.accuracy, key=lambda name: -found.accuracy[name].value)
    tables = [{one.name: one for one in classes(member, most=300).classes} for member in members]
    for name, one in found.accuracy.items():
        assert one.value == pytest.approx(np.mean([table[name].accuracy.value for table in tables]))
        assert 0 <= one.low <= one.value <= one.high <= 1
    assert all(-1 <= one.low <= one.high <= 1 for one in found.correlations.values())
    assert found.says == single.says
    assert all(f"{pair.truth} → {pair.said}" in found.pairs for pair in found.shown)


def test_one_class_alone_is_compared_with_nothing(trained, monkeypatch):
    seen = look(trained, ["inputs", "penultimate"], "val", 40)
    alone = replace(seen, targets=seen.targets * 0)
    monkeypatch.setattr("paribus.analysis.classes.look", lambda *_: alone)
    with pytest.raises(DataError, match="at least two have examples"):
        classes(trained)
