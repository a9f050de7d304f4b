"""Losses of metric learning against loops over pairs and triplets, and finite differences."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from paribus.tasks.embedding import losses

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])


def points(seed: int = 0, size: int = 8) -> torch.Tensor:
    return torch.randn(size, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def far() -> torch.Tensor:
    """Classes 100 apart."""
    return points() * 0.01 + 100 * F.one_hot(LABELS).double()


def triplets(z, margin):
    """(anchor, positive, negative, loss before it is cut at 0) of all triplets."""
    d = torch.cdist(z, z)
    for a, p, n in itertools.product(range(len(z)), repeat=3):
        if a != p and LABELS[a] == LABELS[p] and LABELS[a] != LABELS[n]:
            yield a, p, n, float(d[a, p] - d[a, n]) + margin


@pytest.mark.parametrize("seed", [0, 1, 2])
class TestAgainstLoops:
    def test_all_triplets_with_a_loss(self, seed):
        gaps = [gap for *_, gap in triplets(points(seed), 0.5) if gap > 0]
        assert float(losses.triplet(points(seed), LABELS, 0.5, "all")) == pytest.approx(sum(gaps) / len(gaps))

    def test_the_hardest_of_each_anchor(self, seed):
        worst: dict[int, float] = {}
        for a, _, _, gap in triplets(points(seed), 0.5):
            worst[a] = max(worst.get(a, -math.inf), gap)
        wanted = sum(max(0.0, gap) for gap in worst.values()) / len(worst)
        assert float(losses.triplet(points(seed), LABELS, 0.5, "hard")) == pytest.approx(wanted)

    def test_of_each_pair_the_nearest_negative_that_is_farther(self, seed):
        best: dict[tuple[int, int], float] = {}
        for a, p, _, gap in triplets(points(seed), 0.5):
            if 0 < gap < 0.5:
                best[a, p] = max(best.get((a, p), 0.0), gap)
        assert best
        wanted = sum(best.values()) / len(best)
        assert float(losses.triplet(points(seed), LABELS, 0.5, "semi-hard")) == pytest.approx(wanted)

    def test_contrastive(self, seed):
        z = points(seed)
        d = torch.cdist(z, z)
        pairs = list(itertools.combinations(range(len(z)), 2))
        each = [
            float(d[i, j]) ** 2 if LABELS[i] == LABELS[j] else max(0.0, 1.5 - float(d[i, j])) ** 2 for i, j in pairs
        ]
        assert float(losses.contrastive(z, LABELS, 1.5)) == pytest.approx(sum(each) / len(pairs))

    def test_prototypes(self, seed):
        z = points(seed)
        mixed = torch.randperm(8, generator=torch.Generator().manual_seed(seed))
        labels = LABELS[mixed]
        members = {label: (labels == label).nonzero()[:, 0].tolist() for label in range(3)}
        means = torch.stack([z[rows[:1]].mean(0) for rows in members.values()])
        total, right, queries = 0.0, 0, 0
        for label, rows in members.items():
            for row in rows[1:]:
                logits = -(z[row] - means).square().sum(1)
                total -= float(logits.log_softmax(0)[label])
                right += int(logits.argmax() == label)
                queries += 1
        loss, share = losses.prototypes(z, labels, 1)
        assert float(loss) == pytest.approx(total / queries)
        assert float(share) == pytest.approx(right / queries)

    def test_arcface_is_the_cross_entropy_of_turned_angles(self, seed):
        z, weights = points(seed), points(seed + 10, 3)
        angles = (F.normalize(z, dim=1) @ F.normalize(weights, dim=1).T).acos()
        own = F.one_hot(LABELS).double()
        inside = (angles.gather(1, LABELS[:, None]) < math.pi - 0.3)[:, 0]
        assert inside.any()
        wanted = F.cross_entropy(8 * (angles + 0.3 * own).cos()[inside], LABELS[inside])
        assert float(losses.arcface(z[inside], weights, LABELS[inside], 0.3, 8.0)) == pytest.approx(float(wanted))

    def test_T30_gradients_are_those_of_finite_differences(self, seed):
        z = points(seed).requires_grad_()
        weights = points(seed + 10, 3).requires_grad_()
        for mining in ("all", "hard", "semi-hard"):
            assert torch.autograd.gradcheck(lambda z, mining=mining: losses.triplet(z, LABELS, 0.5, mining), z)
        assert torch.autograd.gradcheck(lambda z: losses.contrastive(z, LABELS, 1.5), z)
        assert torch.autograd.gradcheck(lambda z: losses.prototypes(z, LABELS, 1)[0], z)
        assert torch.autograd.gradcheck(lambda z, w: losses.arcface(z, w, LABELS, 0.3, 8.0), (z, weights))
        assert torch.autograd.gradcheck(lambda z, w: losses.centre(z, w, LABELS), (z, weights))


@pytest.mark.parametrize("mining", ["all", "hard", "semi-hard"])
def test_T30_the_loss_is_0_once_the_margin_is_met(mining):
    z = far().requires_grad_()
    loss = losses.triplet(z, LABELS, 0.5, mining)
    loss.backward()
    assert float(loss.detach()) == 0
    assert not z.grad.any()


def test_contrastive_pairs_at_a_distance_pull_only_their_own():
    z = far()
    d = torch.cdist(z, z)
    same = sum(float(d[i, j]) ** 2 for i, j in itertools.combinations(range(8), 2) if LABELS[i] == LABELS[j])
    assert float(losses.contrastive(z, LABELS, 1.0)) == pytest.approx(same / 28)


def test_without_a_margin_arcface_is_the_softmax_of_cosines():
    z, weights = points(), points(10, 3)
    cosines = F.normalize(z, dim=1) @ F.normalize(weights, dim=1).T
    wanted = F.cross_entropy(5 * cosines, LABELS)
    assert float(losses.arcface(z, weights, LABELS, 1e-12, 5.0)) == pytest.approx(float(wanted))


def test_a_margin_makes_arcface_harder_everywhere():
    z, weights = points(), points(10, 3)
    found = [float(losses.arcface(z, weights, LABELS, margin, 8.0)) for margin in (0.0, 0.2, 0.5, 1.0)]
    assert found == sorted(found)
    assert len(set(found)) == 4


def test_where_points_coincide_gradients_stay_finite():
    z = torch.zeros(4, 3, requires_grad=True)
    loss = losses.triplet(z, torch.tensor([0, 0, 1, 1]), 0.2, "hard") + losses.contrastive(
        z, torch.tensor([0, 0, 1, 1]), 1.0
    )
    loss.backward()
    assert z.grad.isfinite().all()


def test_what_has_no_triplet_has_no_loss():
    assert float(losses.triplet(points(), torch.arange(8), 0.2, "hard")) == 0  # no positives
    assert float(losses.triplet(points(), torch.zeros(8).long(), 0.2, "all")) == 0  # no negatives
    assert float(losses.prototypes(points(), torch.arange(8), 1)[0]) == 0  # no queries


def test_occurrence_counts_those_before_it():
    assert losses.occurrence(torch.tensor([3, 1, 3, 3, 1])).tolist() == [0, 0, 1, 2, 1]
