"""Clusters against scikit-learn, closed forms and groups that were planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score

from paribus.analysis import clusters as module
from paribus.analysis.clusters import Clusters, clusters, fuzzy_c_means, principal, xie_beni
from paribus.errors import DataError
from paribus.inference.activations import look
from paribus.inference.trained import Trained, load
from paribus.records.run import RunFolder

POINTS, TRUTH = make_blobs(240, 3, centers=4, cluster_std=0.7, random_state=3)


@pytest.fixture(scope="module")
def trained(original) -> Trained:
    return load(RunFolder(original))


@pytest.fixture(scope="module")
def found(trained) -> Clusters:
    return clusters(trained, most=250, up_to=12)


@pytest.mark.parametrize("fuzziness", [1.2, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_objective_of_fuzzy_c_means_never_rises(fuzziness, seed):
    """N2"""
    _, member, objective = fuzzy_c_means(POINTS, 5, fuzziness, seed)
    assert (np.diff(objective) <= 1e-9 * objective[0]).all()
    assert member.sum(1) == pytest.approx(1)
    assert (member >= 0).all()


def test_fuzzy_c_means_stands_still_where_its_gradients_vanish():
    m = 2.0
    centres, member, _ = fuzzy_c_means(POINTS, 4, m, 0)
    x, v = torch.tensor(POINTS), torch.tensor(centres, requires_grad=True)
    weights = torch.tensor(member)

    def objective(shares):
        return (shares**m * (x[:, None] - v).square().sum(2)).sum()

    objective(weights).backward()
    assert v.grad.abs().max() < 1e-2 * np.abs(POINTS).max()
    moved = torch.softmax(weights.log() + 0.05 * torch.randn(weights.shape, generator=torch.manual_seed(0)), 1)
    assert objective(moved) > objective(weights)


def test_with_little_fuzziness_the_groups_are_those_of_k_means():
    _, member, objective = fuzzy_c_means(POINTS, 4, 1.05, 1)
    oracle = KMeans(4, n_init=5, random_state=0).fit(POINTS)
    assert adjusted_rand_score(member.argmax(1), oracle.labels_) == pytest.approx(1)
    assert objective[-1] == pytest.approx(oracle.inertia_, rel=1e-3)


def test_both_methods_find_the_number_of_planted_groups(monkeypatch):
    for made in (module._k_means(POINTS, range(2, 9)), module._fuzzy(POINTS, range(2, 9), 1.5)):
        assert made.number == 4
        assert adjusted_rand_score(made.member, TRUTH) > 0.97


def test_xie_and_benis_index_is_its_formula():
    points, centres = np.array([[0.0], [1.0], [4.0]]), np.array([[0.5], [4.0]])
    member = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert xie_beni(points, centres, member, 2.0) == pytest.approx((0.25 + 0.25) / (3 * 3.5**2))


def test_figures_against_labels_are_those_of_scikit_learn(trained, found):
    """N2"""
    seen = look(trained, ["penultimate"], "val", 250)
    points, kept = principal(seen.spaces["penultimate"].values, 10)
    oracle = PCA(10, svd_solver="full").fit(seen.spaces["penultimate"].values.double().numpy())
    assert kept == pytest.approx(oracle.explained_variance_ratio_.sum())
    assert found.components == (10, pytest.approx(kept))
    made = module._k_means(points, tuple(range(2, 13)))
    first = found.groupings[0]
    assert first.number == made.number == max(first.indices, key=first.indices.get)
    assert first.indices[made.number] == pytest.approx(silhouette_score(points, made.member))
    labels = seen.targets.numpy()
    assert first.ari == pytest.approx(adjusted_rand_score(labels, made.member))
    assert first.nmi == pytest.approx(normalized_mutual_info_score(labels, made.member))
    assert sum(one.size for one in first.clusters) == found.examples == 250


def test_the_most_typical_members_are_shown(trained, found):
    seen = look(trained, ["penultimate"], "val", 250)
    points, _ = principal(seen.spaces["penultimate"].values, 10)
    made = module._k_means(points, tuple(found.groupings[0].indices))
    largest = made.by_size[0]
    distances = np.where(made.member == largest, ((points - made.centres[largest]) ** 2).sum(1), np.inf)
    assert found.groupings[0].clusters[0].rows == tuple(seen.rows[distances.argsort()[:8]].tolist())


def test_impossible_wishes_are_refused(trained):
    with pytest.raises(DataError, match=r"more examples than there are clusters(.|\n)*40 examples, 50"):
        clusters(trained, number=50, most=40)
