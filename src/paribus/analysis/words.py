"""Word vectors: which words are near each other, where they lie, and what their dot products come to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from paribus.analysis.embed import flat, principal_components
from paribus.errors import DataError
from paribus.inference.trained import Trained, prepared_with
from paribus.tasks.sequences.association import associations
from paribus.tasks.sequences.words import Words, correlation, vectors_of


@dataclass(frozen=True)
class WordMap:
    """Word vectors in view.

    Args:
        nearest: word → its nearest words with their cosines.
        names: the words of the map.
        x, y: where they lie.
        method: that drew the map.
        pmi: correlation of dot products with mutual information less log k, over pairs that occur often enough.
        offset: mean of what they differ by.
        pairs: how many pairs that is.
        often: how often each of them occurs at least.
    """

    nearest: Mapping[str, tuple[tuple[str, float], ...]]
    names: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    method: str
    pmi: float
    offset: float
    pairs: int
    often: int


@torch.inference_mode()
def words(
    trained: Trained,
    *,
    ask: tuple[str, ...] = (),
    method: Literal["pca", "tsne", "umap"] = "tsne",
    perplexity: Annotated[float, Field(gt=1)] = 15.0,
    most: Annotated[int, Field(ge=10, le=2000)] = 150,
    skip: Annotated[int, Field(ge=0)] = 60,
    often: Annotated[int, Field(ge=1)] = 5,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> WordMap:
    """Nearest words, a map, and the correlation of dot products with mutual information in the training split.

    Args:
        trained: a network of word vectors.
        ask: words, or sums of words such as ``king - man + woman``; by default some of those on the map.
        method: that draws the map: principal components, or t-SNE or UMAP, which keep neighbours.
        perplexity: about how many neighbours of each word t-SNE or UMAP tries to keep, at most a third of the words.
        most: words on the map.
        skip: the most frequent words, which say little of themselves, are left out of it.
        often: pairs count that occur at least so often.
        seed: of t-SNE and UMAP.

    Raises:
        DataError: if the run has no word vectors, or a word is asked for that the text does not hold.
    """
    task, network = trained.task, trained.network
    if not isinstance(task, Words):
        raise DataError("only task=words has word vectors", got=trained.recipe.task.use)
    vocabulary = task.info.classes
    if len(vocabulary) < skip + 10:
        skip = 0
    shown = vocabulary[skip : skip + most]
    vectors = vectors_of(network).inner.weight[skip : skip + most].double().numpy()
    codes, _ = principal_components(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    places = flat(codes, method, min(perplexity, max(1.5, len(shown) / 3)), seed)
    dots, expected = _pairs(trained, task, often)
    return WordMap(
        {one: tuple(task.neighbours(network, one)) for one in ask or shown[:12]},
        tuple(shown),
        tuple(places[:, 0].tolist()),
        tuple(places[:, 1].tolist()),
        method,
        correlation(_moments(dots, expected)),
        float((dots - expected).mean()) if len(dots) else math.nan,
        len(dots),
        often,
    )


def _pairs(trained: Trained, task: Words, often: int) -> tuple[Tensor, Tensor]:
    """Dot products of the pairs that occur often enough, and mutual information less log k."""
    prepared, model = prepared_with(trained, "train"), vectors_of(trained.network)
    found = associations(prepared.examples, prepared.rows["train"], task.power)  # type: ignore[arg-type]
    kept = found.counts >= often
    first, second = found.pairs[kept] // found.words, found.pairs[kept] % found.words
    dots = model.dots(first, second).double()
    return dots, found.values[kept] - math.log(max(1, task.negatives))


def _moments(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([torch.ones_like(x), x, y, x * x, y * y, x * y]).sum(1)
