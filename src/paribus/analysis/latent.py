"""What a variational autoencoder made of the data: where examples lie among its codes, and how probable they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.chance import key, seeded
from paribus.data.deliver.loader import Loader
from paribus.data.prepare.prepared import prepare
from paribus.errors import DataError, RecipeError, nearest
from paribus.inference.trained import Trained
from paribus.tasks.evaluation import batch_size
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


@dataclass(frozen=True)
class Likelihood:
    """How probable the examples of a part of the data are, in nats per example.

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


@torch.inference_mode()
def latent_map(trained: Trained, part: str = "val", most: int = 2000) -> LatentMap:
    """Mean codes of the first examples of a part; by principal components where a code has more than two numbers.

    Raises:
        DataError: if the network is no variational autoencoder, or its codes are single numbers.
        RecipeError: if there is no such part.
    """
    task, loader = _task(trained), _feed(trained, part, most)
    batches = list(loader.in_order())
    codes = torch.cat([task.predict(trained.network, batch.inputs) for batch in batches])  # (N, latent)
    if codes.shape[1] < 2:
        raise DataError("a map needs codes of at least two numbers", got="model.latent=1")
    places, axes = (codes, ("z₁", "z₂")) if codes.shape[1] == 2 else _principal(codes)
    labels = torch.cat([batch.targets for batch in batches]).tolist() if trained.info.classes else []
    names = tuple(trained.info.classes[label] for label in labels)
    return LatentMap(tuple(places[:, 0].tolist()), tuple(places[:, 1].tolist()), names, axes)


@torch.inference_mode()
def likelihood(trained: Trained, part: str = "val", draws: int = 100, most: int = 10_000) -> Likelihood:
    """The importance-weighted bound on the log-likelihood of a part (Burda et al., 2016), the same whenever asked.

    Raises:
        DataError: if the network is no variational autoencoder.
        RecipeError: if there is no such part.
    """
    task, loader = _task(trained), _feed(trained, part, most)
    with seeded(key("likelihood")):
        found = torch.cat([_bounds(task, trained, batch.inputs, draws) for batch in loader.in_order()]).double()
    return Likelihood(float(found.mean()), float(found.std()) / len(found) ** 0.5, draws, len(found))


def _bounds(task: Variational, trained: Trained, inputs: Tensor, draws: int) -> Tensor:
    return task.log_likelihood(trained.network, task.observed(trained.network, inputs), draws)


def _task(trained: Trained) -> Variational:
    if not isinstance(trained.task, Variational):
        raise DataError("only a variational autoencoder has codes", got=f"a run of the task {trained.recipe.task.use}")
    return trained.task


def _feed(trained: Trained, part: str, most: int) -> Loader:
    prepared = prepare(trained.recipe, trained.recipe.seeds(trained.seed))
    if part not in prepared.rows:
        raise RecipeError("there is no such part of the data", got=part, hint=nearest(part, prepared.rows))
    loader = prepared.loader(part, batch_size(prepared.info), "cpu")
    return Loader(loader.examples, loader.rows[:most], loader.batch_size, loader.device)


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
