"""How good generated examples are: distances between two sets of features, and counts of modes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

COVERED = 0.1  # of its due share that a mode must get to count as covered
MOST = 3000  # examples whose neighbours are looked for: the cost grows with the square


class Modes(NamedTuple):
    """The mode that each example is nearest to (N,), and whether it clearly belongs to it (N,)."""

    nearest: Tensor
    clear: Tensor


def frechet(real: Tensor, fake: Tensor) -> float:
    """‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½): the squared Fréchet distance of two fitted Gaussians (Heusel et al., 2017).

    tr (Σ₁Σ₂)^½ is the sum of the roots of the eigenvalues of the symmetric Σ₁^½ Σ₂ Σ₁^½.

    Args:
        real: (N, F) features.
        fake: (M, F) features.
    """
    real, fake = real.double(), fake.double()
    first, second = _covariance(real), _covariance(fake)
    root = _root(first)
    cross = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    between = (real.mean(0) - fake.mean(0)).square().sum()
    return max(0.0, float(between + first.trace() + second.trace() - 2 * cross))


def precision_recall(real: Tensor, fake: Tensor, neighbours: int = 3) -> tuple[float, float]:
    """Share of generated examples that lie among the real ones, and of real ones among the generated.

    An example lies among others if it is nearer to one of them than that one's k-th neighbour (Kynkäänniemi et al.,
    2019, equations 1 and 2). The first :data:`MOST` of each are looked at.

    Args:
        real: (N, F) features, N > neighbours.
        fake: (M, F) features, M > neighbours.
        neighbours: k.
    """
    real, fake = real[:MOST].float(), fake[:MOST].float()
    across = torch.cdist(real, fake)  # (N, M)
    precision = (across <= _radius(real, neighbours)[:, None]).any(0)
    recall = (across <= _radius(fake, neighbours)[None]).any(1)
    return float(precision.double().mean()), float(recall.double().mean())


def mode_figures(found: Modes, due: Tensor) -> dict[str, float]:
    """How many modes are covered, the share of clear examples, and KL(drawn modes ‖ due ones) in nats.

    A mode is covered if it gets at least :data:`COVERED` of its due share, counting clear examples.

    Args:
        found: of the generated examples.
        due: (K,) share of each mode in the data, with sum 1.
    """
    clear = found.nearest[found.clear].bincount(minlength=len(due)) / len(found.nearest)
    drawn = found.nearest.bincount(minlength=len(due)).double() / len(found.nearest)
    return {
        "modes": float((clear >= COVERED * due).sum()),
        "quality": float(found.clear.double().mean()),
        "mode_kl": float(torch.xlogy(drawn, drawn / due).sum()),
    }


def _covariance(features: Tensor) -> Tensor:
    centred = features - features.mean(0)
    return centred.T @ centred / len(features)


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root


def _radius(features: Tensor, neighbours: int) -> Tensor:
    """(N,) distance to the k-th neighbour; the nearest of all is the example itself."""
    nearest: Tensor = torch.cdist(features, features).topk(neighbours + 1, dim=1, largest=False).values  # ascending
    return nearest[:, -1]
