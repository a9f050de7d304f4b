"""Confident learning, against cleanlab where it is installed, and on labels that were made wrong."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.errors import EvidenceError
from paribus.evidence.labels import suspect


def planted(noise: float, n: int = 2000, classes: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares of a good network, labels of which some are wrong, and which."""
    draw = np.random.default_rng(seed)
    true = draw.integers(classes, size=n)
    scores = draw.normal(size=(n, classes))
    scores[np.arange(n), true] += 4
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    wrong = draw.random(n) < noise
    labels = np.where(wrong, (true + draw.integers(1, classes, size=n)) % classes, true)
    return shares, labels, wrong


@pytest.mark.parametrize(("noise", "precision", "recall"), [(0.02, 0.8, 0.65), (0.1, 0.9, 0.75), (0.3, 0.9, 0.9)])
def test_N6_planted_wrong_labels_are_found(noise, precision, recall):
    """With a network that is right in 98 % of its answers: of those accused, and of those planted."""
    shares, labels, wrong = planted(noise)
    found = suspect(shares, labels)
    accused = np.isin(np.arange(len(labels)), found.rows)
    assert wrong[accused].mean() > precision
    assert accused[wrong].mean() > recall
    assert found.noise == pytest.approx(wrong.mean(), abs=0.02)
    assert wrong[list(found.rows[:20])].mean() > 0.9  # the most suspicious first


@pytest.mark.parametrize("seed", range(4))
def test_N6_suspects_are_those_of_cleanlab(seed):
    pytest.importorskip("cleanlab")
    from cleanlab.count import compute_confident_joint
    from cleanlab.filter import find_label_issues

    shares, labels, _ = planted(0.15, 600, 4, seed)
    theirs = find_label_issues(
        labels, shares, filter_by="confident_learning", return_indices_ranked_by="self_confidence", n_jobs=1
    )
    found = suspect(shares, labels)
    assert list(found.rows) == theirs.tolist()
    joint = compute_confident_joint(labels, shares, calibrate=True)
    assert np.abs(np.array(found.joint) - joint).max() <= 1  # theirs is rounded to whole examples


def test_labels_without_noise_are_left_alone():
    shares = np.eye(3)[np.arange(60) % 3] * 0.9 + 0.1 / 3
    found = suspect(shares, np.arange(60) % 3)
    assert found.rows == ()
    assert found.noise == 0


def test_a_class_without_labels_is_never_suggested():
    shares, labels, _ = planted(0.1)
    found = suspect(shares, np.where(labels == 2, 1, labels))
    assert 2 not in found.said
    with pytest.raises(EvidenceError, match="row of probabilities"):
        suspect(shares, labels[:5])
