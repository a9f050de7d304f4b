"""Where examples lie in the latent space of a variational autoencoder, and how probable they are."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import key, seeded
from paribus.errors import DataError
from paribus.inference.trained import SplitName, Trained, batches
from paribus.tasks.generators.vae import Variational


@dataclass(frozen=True)
class LatentMap:
    """Codes of examples in the plane.

    Args:
        x: first coordinate of each example.
        y: second coordinate.
        names: class of each example; empty where the data have no classes.
        axes: what the coordinates are: the numbers of the code themselves, or principal components with their share of
            the variance.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    names: tuple[str, ...]
    axes: tuple[str, str]

    @property
    def centres(self) -> dict[str, tuple[int, float, float]]:
        """Class → number of its examples, and the means of their coordinates."""
        places: dict[str, list[tuple[float, float]]] = {}
        for name, x, y in zip(self.names, self.x, self.y, strict=False):
            places.setdefault(name, []).append((x, y))
        return {
            name: (len(points), fmean(x for x, _ in points), fmean(y for _, y in points))
            for name, points in sorted(places.items())
        }


@dataclass(frozen=True)
class Likelihood:
    """How probable the examples of a split of the data are, in nats per example.

    Args:
        bound: mean of the importance-weighted bound, which is at most log p(x).
        error: its standard error over the examples.
        draws: codes drawn for each example.
        examples: how many examples.
    """

    bound: float
    error: float
    draws: int
    examples: int


def latent_map(trained: Trained, *, split: SplitName = "val", most: Annotated[int, Field(ge=1)] = 2000) -> LatentMap:
    """Mean codes of the first examples of a split; by principal components where a code has more than two numbers.

    Args:
        trained: a variational autoencoder.
        split: which examples are asked.
        most: how many examples at most.

    Raises:
        DataError: if the network is no variational autoencoder, or its codes are single numbers.
    """
    codes, targets = _codes(trained, split, most)
    if codes.shape[1] < 2:
        raise DataError("a map needs codes of at least two numbers", got="model.latent=1")
    places, axes = (codes, ("z₁", "z₂")) if codes.shape[1] == 2 else _principal(codes)
    classes = trained.info.classes
    names = tuple(classes[label] for label in targets.tolist()) if classes else ()
    return LatentMap(tuple(places[:, 0].tolist()), tuple(places[:, 1].tolist()), names, axes)


def likelihood(
    trained: Trained,
    *,
    split: SplitName = "val",
    draws: Annotated[int, Field(ge=1)] = 100,
    most: Annotated[int, Field(ge=1)] = 10_000,
) -> Likelihood:
    """The importance-weighted bound on the log-likelihood of a split (Burda et al., 2016), the same whenever asked.

    Args:
        trained: a variational autoencoder.
        split: which examples are asked.
        draws: codes drawn for each example; the more, the tighter the bound.
        most: how many examples at most.

    Raises:
        DataError: if the network is no variational autoencoder.
    """
    found = _bounds(trained, split, draws, most)
    return Likelihood(float(found.mean()), float(found.std()) / len(found) ** 0.5, draws, len(found))


@torch.inference_mode()
def _codes(trained: Trained, split: str, most: int) -> tuple[Tensor, Tensor]:
    """Mean codes (N, latent), and the labels of the examples (N,)."""
    task, found = _task(trained), list(batches(trained, split, most))
    codes = torch.cat([task.predict(trained.network, batch.inputs) for batch in found])
    return codes, torch.cat([batch.targets for batch in found])


@torch.inference_mode()
def _bounds(trained: Trained, split: str, draws: int, most: int) -> Tensor:
    """The bound for each example (N,)."""
    task, network = _task(trained), trained.network
    with seeded(key("likelihood")):
        pieces = [
            task.log_likelihood(network, task.observed(network, batch.inputs), draws)
            for batch in batches(trained, split, most)
        ]
    return torch.cat(pieces).double()


def _task(trained: Trained) -> Variational:
    if not isinstance(trained.task, Variational):
        raise DataError("only a variational autoencoder has codes", got=f"a run of the task {trained.recipe.task.use}")
    return trained.task


def _principal(codes: Tensor) -> tuple[Tensor, tuple[str, str]]:
    """The two directions of most variance, each pointing to where its largest weight is positive."""
    centred = codes - codes.mean(0)
    _, lengths, directions = torch.linalg.svd(centred, full_matrices=False)
    shares = (lengths.square() / lengths.square().sum())[:2].tolist()
    two = directions[:2]
    signs = two.gather(1, two.abs().argmax(1, keepdim=True)).sign()
    first, second = (
        f"principal component {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares)
    )
    return centred @ (two * signs).T, (first, second)
