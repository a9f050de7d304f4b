"""Examples as dots in the plane: by principal components, t-SNE or UMAP of what a layer makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from paribus.analysis.pictures import Sprites, sprites
from paribus.chance import key
from paribus.errors import DataError
from paribus.inference.activations import PENULTIMATE, Pool, look
from paribus.inference.trained import SplitName, Trained
from paribus.tasks.classification import Classification

Array = NDArray[np.float64]
Method = Literal["pca", "tsne", "umap"]

COMPONENTS = 50  # that t-SNE and UMAP are given, as is usual: the rest is noise that costs time
NEAR = 10  # neighbours that a map should keep


@dataclass(frozen=True)
class Embedding:
    """Examples in the plane.

    Args:
        split: of the data.
        method: that drew the map.
        says: what the examples were points of, in words.
        x, y: places of the examples.
        rows: where they stand in the data set.
        truth: their classes; empty without classes.
        said: the classes that the network says; likewise.
        confidence: the probability of that class; likewise.
        explained: shares of the variance of the first principal components, falling.
        trustworthiness: 1 where all neighbours in the plane are neighbours in truth, about ½ where they are random
            (Venna & Kaski, 2001), of the 10 nearest.
        kept: share of the 10 nearest neighbours that are among the 10 nearest in the plane.
        perplexity: of t-SNE, or UMAP's number of neighbours; 0 of principal components.
        seed: of the map.
        pictures: of the examples; nothing where they are no pictures.
    """

    split: str
    method: Method
    says: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    rows: tuple[int, ...]
    truth: tuple[str, ...]
    said: tuple[str, ...]
    confidence: tuple[float, ...]
    explained: tuple[float, ...]
    trustworthiness: float
    kept: float
    perplexity: float
    seed: int
    pictures: Sprites | None


def embed(
    trained: Trained,
    *,
    method: Method = "pca",
    layer: str = PENULTIMATE,
    split: SplitName = "val",
    pool: Pool = "mean",
    perplexity: Annotated[float, Field(gt=1)] = 30.0,
    seed: Annotated[int, Field(ge=0)] = 0,
    most: Annotated[int, Field(ge=4, le=5000)] = 800,
) -> Embedding:
    """Draw examples into the plane, near each other where a layer makes similar things of them.

    Args:
        trained: the network.
        method: principal components, which keep distances as far as two of them can; t-SNE and UMAP, which keep
            neighbours (UMAP needs the package umap-learn).
        layer: a name of paribus layers, inputs, or penultimate: what the last layer is given.
        split: of the data.
        pool: how maps become rows of numbers: mean or max of each channel over its positions, or flat: all of them.
        perplexity: about how many neighbours of each example t-SNE or UMAP tries to keep.
        seed: of t-SNE and UMAP, of which another draws another map: 0 begins t-SNE from principal components, others
            from random places.
        most: examples, spread over the split.

    Raises:
        DataError: if there is no such layer, there are too few examples, or UMAP is not installed.
    """
    seen = look(trained, (layer,), split, most, pool)
    values = seen.spaces[layer].values.double().numpy()
    if len(values) < 4 or not np.ptp(values, 0).any():
        raise DataError("a map needs at least 4 examples that are not all the same", got=f"{len(values)} examples")
    codes, explained = principal_components(values)
    places = flat(codes, method, perplexity, seed)
    near = max(1, min(NEAR, (len(values) - 1) // 2))
    classes = trained.info.classes if isinstance(trained.task, Classification) else ()
    sure, answers = seen.said.max(1) if classes else (seen.said, seen.said)
    truth = seen.targets if classes and isinstance(seen.targets, Tensor) else ()
    everyone = range(len(values))
    return Embedding(
        split,
        method,
        seen.spaces[layer].says,
        tuple(places[:, 0].tolist()),
        tuple(places[:, 1].tolist()),
        tuple(seen.rows.tolist()),
        tuple(classes[int(label)] for label in truth),
        tuple(classes[int(label)] for label in answers) if classes else (),
        tuple(sure.tolist()) if classes else (),
        tuple(explained[:COMPONENTS].tolist()),
        trust(values, places, near),
        neighbours_kept(values, places, near),
        0.0 if method == "pca" else perplexity,
        seed,
        sprites(seen, everyone),
    )


def flat(codes: Array, method: Method, perplexity: float, seed: int) -> Array:
    """Examples in the plane (N, 2).

    Args:
        codes: (N, r) their principal components.
        method: principal components, t-SNE or UMAP.
        perplexity: about how many neighbours t-SNE or UMAP tries to keep.
        seed: of these two.

    Raises:
        DataError: if there are fewer examples than neighbours, or UMAP is not installed.
    """
    places = codes[:, :2] if method == "pca" else _MAPS[method](codes[:, :COMPONENTS], perplexity, seed)
    found: Array = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))  # of single numbers
    return found


def principal_components(values: Array) -> tuple[Array, Array]:
    """Examples (N, D) by their principal components (N, r), and each one's share of the variance (r,).

    A component points to where its largest weight is positive.
    """
    _, lengths, directions = np.linalg.svd(values - values.mean(0), full_matrices=False)
    largest = np.abs(directions).argmax(1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, None]
    codes: Array = (values - values.mean(0)) @ directions.T
    shares: Array = lengths**2 / (lengths**2).sum()
    return codes, shares


def trust(values: Array, places: Array, near: int) -> float:
    """How far neighbours in the plane are neighbours in truth."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(values, places, n_neighbors=near))


def neighbours_kept(values: Array, places: Array, near: int) -> float:
    """Share of the nearest neighbours that are among the nearest in the plane."""
    from sklearn.neighbors import NearestNeighbors

    before, after = (
        NearestNeighbors(n_neighbors=near, algorithm="brute").fit(some).kneighbors(return_distance=False)
        for some in (values, places)
    )
    return float(np.mean([len({*one} & {*other}) / near for one, other in zip(before, after, strict=True)]))


def _tsne(codes: Array, perplexity: float, seed: int) -> Array:
    """By t-SNE (van der Maaten & Hinton, 2008), begun from principal components, with other seeds from anywhere."""
    from sklearn.manifold import TSNE

    if perplexity >= len(codes):
        hint = f"set perplexity={max(2, len(codes) // 4)}"
        raise DataError(f"perplexity must be below the number of examples, {len(codes)}", got=perplexity, hint=hint)
    start: Literal["pca", "random"] = "random" if seed or codes.shape[1] < 2 else "pca"
    drawn = TSNE(2, perplexity=perplexity, init=start, random_state=key("embed", seed) % 2**32)
    places: Array = drawn.fit_transform(codes).astype(np.float64)
    return places


def _umap(codes: Array, perplexity: float, seed: int) -> Array:
    """By UMAP (McInnes et al., 2018)."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own about others' packages
            from umap import UMAP
    except ImportError as error:
        hint = "pip install 'paribus[umap]', or ask for method=tsne"
        raise DataError("UMAP needs the package umap-learn", got=str(error), hint=hint) from None
    near = min(round(perplexity), len(codes) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a fixed seed takes one thread
        drawn = UMAP(n_neighbors=near, random_state=key("embed", seed) % 2**32).fit_transform(codes)
    places: Array = np.asarray(drawn, np.float64)
    return places


_MAPS = {"tsne": _tsne, "umap": _umap}
