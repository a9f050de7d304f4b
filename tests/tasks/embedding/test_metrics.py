"""Figures of points against scikit-learn and cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors

from paribus.tasks.embedding import metrics


def clouds(seed: int = 0, classes: int = 6, each: int = 7, apart: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(classes).repeat_interleave(each)
    centres = apart * torch.randn(classes, 4, generator=generator)
    return centres[labels] + torch.randn(len(labels), 4, generator=generator), labels


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_recall_at_k_as_the_neighbours_of_scikit_learn_say(seed):
    z, labels = clouds(seed)
    _, order = NearestNeighbors(n_neighbors=6).fit(z.numpy()).kneighbors(z.numpy())
    same = labels.numpy()[order[:, 1:]] == labels.numpy()[:, None]
    assert metrics.recall_at(z, labels, (1, 5)) == pytest.approx({1: same[:, 0].mean(), 5: same.any(1).mean()})


def test_recall_leaves_out_those_alone_in_a_class():
    z = torch.tensor([[0.0], [0.1], [5.0]])
    assert metrics.recall_at(z, torch.tensor([0, 0, 1]), (1,)) == {1: 1.0}
    assert metrics.recall_at(z, torch.arange(3), (1,)) == {}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_verification_as_the_roc_of_scikit_learn(seed):
    z, labels = clouds(seed)
    above = np.triu_indices(len(z), 1)
    near = -torch.cdist(z, z).double().numpy()[above]
    same = (labels[:, None] == labels).numpy()[above]
    found = metrics.verification(z, labels)
    false, true, _ = roc_curve(same, near)
    assert found.auroc == pytest.approx(roc_auc_score(same, near), abs=1e-6)
    assert found.eer == pytest.approx(float(false[np.argmin(np.abs(false - (1 - true)))]), abs=0.02)
    assert found.curve == tuple(sorted(found.curve))


def test_verification_of_classes_far_apart_is_without_error():
    z, labels = clouds(apart=1000)
    found = metrics.verification(z, labels)
    assert (found.auroc, found.eer) == (1.0, 0.0)


def test_verification_of_pairs_that_all_lie_equally_far_is_chance():
    assert metrics.verification(torch.eye(4), torch.tensor([0, 0, 1, 1])).auroc == pytest.approx(0.5)


def test_verification_needs_both_kinds_of_pairs():
    assert metrics.verification(torch.eye(3), torch.arange(3)) is None
    assert metrics.verification(torch.eye(3), torch.zeros(3).long()) is None


class TestOneShot:
    def test_a_loop_over_the_tasks(self):
        z, labels = clouds(classes=6, each=4)
        rights = []
        for some in ([0, 1, 2], [3, 4, 5]):
            for j in range(3):
                for label in some:
                    asked = z[(labels == label).nonzero()[j + 1, 0]]
                    shown = torch.stack([z[(labels == one).nonzero()[j, 0]] for one in some])
                    rights.append(some[int((shown - asked).norm(dim=1).argmin())] == label)
        found = metrics.one_shot(z, labels, [0, 0, 0, 1, 1, 1], 3)
        assert len(found) == 2
        assert sum(found) / 2 == pytest.approx(np.mean(rights))

    def test_classes_are_told_apart_within_their_family(self):
        labels = torch.arange(6).repeat_interleave(2)
        assert list(metrics.sets(labels, [0, 1, 0, 1, 0, 1], 2)) == [[0, 2], [1, 3]]
        assert list(metrics.sets(labels, [0, 1, 2, 3, 4, 5], 3)) == [[0, 1, 2], [3, 4, 5]]  # no family has three

    def test_T30_two_drawings_of_each_are_one_task(self):
        z = torch.tensor([[0.0], [0.1], [1.0], [0.2]])  # the second class's other example lies near the first class
        assert metrics.one_shot(z, torch.tensor([0, 0, 1, 1]), [0, 0], 2) == [0.5]
