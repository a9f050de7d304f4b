"""Groups of examples in feature space: k-means and fuzzy C-means, their number chosen by an index, against labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from paribus.analysis.pictures import addresses
from paribus.chance import key
from paribus.errors import DataError
from paribus.inference.activations import PENULTIMATE, Pool, look
from paribus.inference.trained import SplitName, Trained

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Method = Literal["k-means", "fuzzy C-means"]
Fuzzy = tuple[Array, Array, list[float]]  # centres, memberships, objective

STARTS = 4  # of k-means, and of fuzzy C-means, of which the best counts
CLOSE = 1e-6  # change of a membership below which fuzzy C-means has arrived
INDICES: Mapping[Method, tuple[str, bool]] = {  # index of each method, and whether more is better
    "k-means": ("silhouette", True),
    "fuzzy C-means": ("Xie-Beni", False),
}


@dataclass(frozen=True)
class Cluster:
    """One group of examples.

    Args:
        size: examples that belong to it most.
        mostly: the most frequent class among them, empty without classes.
        share: of that class among them.
        pictures: of the examples nearest to its centre, as addresses of HTML; empty texts for other examples.
        rows: where those stand in the data set.
    """

    size: int
    mostly: str
    share: float
    pictures: tuple[str, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Grouping:
    """What one method found.

    Args:
        method: k-means or fuzzy C-means.
        index: what the number of clusters was chosen by.
        indices: number of clusters → that index.
        number: the chosen one.
        objective: at the start and behind every step of the best of several starts; k-means: at its end alone.
        ari, nmi: adjusted Rand index and normalised mutual information against the classes; of other data not known.
        crispness: Bezdek's partition coefficient, from 1/C: all belong everywhere alike, to 1: each to one cluster.
        clusters: the largest first.
    """

    method: Method
    index: str
    indices: Mapping[int, float]
    number: int
    objective: tuple[float, ...]
    ari: float | None
    nmi: float | None
    crispness: float
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True)
class Clusters:
    """Groups of examples behind a layer.

    Args:
        split: of the data.
        examples: that were looked at.
        says: what they are points of, in words.
        components: principal components that were kept of that, and their share of the variance.
        fuzziness: the exponent m of fuzzy C-means.
        classes: how many the data have.
        groupings: one for each method.
        agreement: adjusted Rand index of the two methods' groups.
    """

    split: str
    examples: int
    says: str
    components: tuple[int, float]
    fuzziness: float
    classes: int
    groupings: tuple[Grouping, ...]
    agreement: float


def clusters(
    trained: Trained,
    *,
    layer: str = PENULTIMATE,
    split: SplitName = "val",
    pool: Pool = "mean",
    number: Annotated[int, Field(ge=2, le=100)] | None = None,
    up_to: Annotated[int, Field(ge=2, le=100)] = 15,
    components: Annotated[int, Field(ge=1)] = 10,
    fuzziness: Annotated[float, Field(gt=1, le=10)] = 1.5,
    most: Annotated[int, Field(ge=4, le=10_000)] = 1500,
    near: Annotated[int, Field(ge=1, le=24)] = 8,
) -> Clusters:
    """Group examples by k-means and by fuzzy C-means, without their labels, and compare the groups with these.

    Args:
        trained: the network.
        layer: whose outputs are grouped: a name of paribus layers, inputs, or penultimate: what the last one is given.
        split: of the data.
        pool: how maps become rows of numbers: mean or max of each channel over its positions, or flat: all of them.
        number: of clusters; chosen by default, for k-means by the largest mean silhouette, for fuzzy C-means by the
            smallest index of Xie and Beni.
        up_to: the largest number that is tried.
        components: principal components that are kept, at most: far from the origin of many dimensions everything is
            equally far from everything.
        fuzziness: the exponent m of fuzzy C-means: near 1 everybody belongs to one cluster.
        most: examples, spread over the split.
        near: examples that are shown of each cluster, those nearest to its centre.

    Raises:
        DataError: if there is no such layer, or no more examples than clusters.
    """
    seen = look(trained, (layer,), split, most, pool)
    points, kept = principal(seen.spaces[layer].values, components)
    numbers = (number,) if number else tuple(range(2, min(up_to, len(points) - 1) + 1))
    if len(points) <= max(numbers, default=2) or not np.ptp(points, 0).any():
        rule = "clusters need more examples than there are clusters, which are not all the same"
        raise DataError(rule, got=f"{len(points)} examples, {max(numbers, default=2)} clusters")
    names = trained.info.classes
    labels = seen.targets.numpy() if names and isinstance(seen.targets, Tensor) and seen.targets.ndim == 1 else None
    found = [_k_means(points, numbers), _fuzzy(points, numbers, fuzziness)]
    groupings = []
    for one in found:
        places = [_nearest(points, one.centres[cluster], one.member == cluster, near) for cluster in one.by_size]
        shown = [(tuple(addresses(seen, some)), tuple(seen.rows[some].tolist())) for some in places]
        groupings.append(one.record(labels, names, shown))
    return Clusters(
        split,
        len(points),
        seen.spaces[layer].says,
        (points.shape[1], kept),
        fuzziness,
        len(names) if labels is not None else 0,
        tuple(groupings),
        _ari(found[0].member, found[1].member),
    )


def principal(values: Tensor, components: int) -> tuple[Array, float]:
    """Examples (N, D) by their first principal components (N, c), and the share of the variance that those keep."""
    centred = values.double().numpy() - values.double().numpy().mean(0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    kept = int(min(components, (lengths > 1e-9 * max(lengths[0], 1e-300)).sum() or 1))
    share = float((lengths[:kept] ** 2).sum() / max((lengths**2).sum(), 1e-300))
    return left[:, :kept] * lengths[:kept], share


def fuzzy_c_means(points: Array, number: int, fuzziness: float, seed: int, steps: int = 300) -> Fuzzy:
    """Centres (C, D), memberships (N, C) with sums of 1, and the objective behind every step (Bezdek, 1981).

    J = Σᵢ Σ_c uᵢ_c^m ‖xᵢ − v_c‖² is minimised in turns: first v_c = Σᵢ uᵢ_c^m xᵢ / Σᵢ uᵢ_c^m, then
    uᵢ_c ∝ ‖xᵢ − v_c‖^(−2/(m−1)). Neither raises it.

    Args:
        points: (N, D).
        number: C.
        fuzziness: m > 1.
        seed: of the first centres, which are k-means++'s.
        steps: at most.
    """
    from sklearn.cluster import kmeans_plusplus

    centres, _ = kmeans_plusplus(points, number, random_state=seed % 2**32)
    member = _memberships(_squares(points, centres), fuzziness)
    objective: list[float] = []
    for _ in range(steps):
        weights = member**fuzziness
        centres = weights.T @ points / np.maximum(weights.sum(0)[:, None], 1e-300)
        before, squares = member, _squares(points, centres)
        member = _memberships(squares, fuzziness)
        objective.append(float((member**fuzziness * squares).sum()))
        if np.abs(member - before).max() < CLOSE:
            break
    return centres, member, objective


def xie_beni(points: Array, centres: Array, member: Array, fuzziness: float) -> float:
    """How compact clusters are beside the gap between the nearest two: Σ u^m d² / (N·min gap²) (Xie & Beni, 1991)."""
    gaps = _squares(centres, centres)
    gap = gaps[~np.eye(len(centres), dtype=bool)].min()
    compact = (member**fuzziness * _squares(points, centres)).sum() / len(points)
    return float(compact / gap) if gap > 0 else float("inf")


def _squares(points: Array, centres: Array) -> Array:
    """Squared distances (N, C)."""
    squares: Array = ((points[:, None] - centres) ** 2).sum(2)
    return squares


def _memberships(squares: Array, fuzziness: float) -> Array:
    """(N, C); who stands on a centre belongs to it alone."""
    logs = -np.log(np.maximum(squares, 1e-300)) / (fuzziness - 1)
    shares = np.exp(logs - logs.max(1, keepdims=True))
    member: Array = shares / shares.sum(1, keepdims=True)
    return member


@dataclass(frozen=True)
class _Found:
    """The grouping of a method, with what decided it."""

    method: Method
    indices: dict[int, float]
    number: int
    centres: Array
    member: Whole
    objective: tuple[float, ...]
    crispness: float

    @property
    def by_size(self) -> list[int]:
        """The clusters, the largest first."""
        sizes = np.bincount(self.member, minlength=self.number)
        return [int(one) for one in np.argsort(-sizes, kind="stable")]

    def record(
        self, labels: Whole | None, names: Sequence[str], shown: Sequence[tuple[tuple[str, ...], tuple[int, ...]]]
    ) -> Grouping:
        from sklearn.metrics import normalized_mutual_info_score

        made = []
        for cluster, (pictures, rows) in zip(self.by_size, shown, strict=True):
            inside = self.member == cluster
            counts = np.bincount(labels[inside], minlength=len(names)) if labels is not None else np.zeros(1)
            size, most = int(inside.sum()), int(counts.argmax())
            mostly = names[most] if labels is not None and size else ""
            made.append(Cluster(size, mostly, float(counts[most] / max(size, 1)), pictures, rows))
        return Grouping(
            self.method,
            INDICES[self.method][0],
            self.indices,
            self.number,
            self.objective,
            None if labels is None else _ari(labels, self.member),
            None if labels is None else float(normalized_mutual_info_score(labels, self.member)),
            self.crispness,
            tuple(made),
        )


def _k_means(points: Array, numbers: Sequence[int]) -> _Found:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    fitted = {
        c: KMeans(c, n_init=STARTS, random_state=key("clusters", "k-means", c) % 2**32).fit(points) for c in numbers
    }
    indices = {c: float(silhouette_score(points, one.labels_)) for c, one in fitted.items()}
    number = best(indices, "k-means")
    chosen = fitted[number]
    member = chosen.labels_.astype(np.int64)
    return _Found("k-means", indices, number, chosen.cluster_centers_, member, (float(chosen.inertia_),), 1.0)


def _fuzzy(points: Array, numbers: Sequence[int], fuzziness: float) -> _Found:
    fitted = {c: _best_start(points, c, fuzziness) for c in numbers}
    indices = {c: xie_beni(points, centres, member, fuzziness) for c, (centres, member, _) in fitted.items()}
    number = best(indices, "fuzzy C-means")
    centres, member, objective = fitted[number]
    crispness = float((member**2).sum(1).mean())
    return _Found("fuzzy C-means", indices, number, centres, member.argmax(1), tuple(objective), crispness)


def _best_start(points: Array, number: int, fuzziness: float) -> Fuzzy:
    seeds = (key("clusters", "fuzzy", number, start) for start in range(STARTS))
    return min((fuzzy_c_means(points, number, fuzziness, seed) for seed in seeds), key=lambda one: one[2][-1])


def best(indices: Mapping[int, float], method: Method) -> int:
    """The number of clusters with the best index; of equal ones the smallest."""
    sign = 1 if INDICES[method][1] else -1
    return max(indices, key=lambda number: (sign * indices[number], -number))


def _nearest(points: Array, centre: Array, inside: NDArray[np.bool_], near: int) -> list[int]:
    """The members of a cluster that are nearest to its centre."""
    members = np.flatnonzero(inside)
    distances = ((points[members] - centre) ** 2).sum(1)
    return [int(one) for one in members[np.argsort(distances, kind="stable")[:near]]]


def _ari(one: Whole, other: Whole) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one, other))
