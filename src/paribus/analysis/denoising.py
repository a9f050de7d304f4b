"""Networks that remove noise against classical filters, on the same noisy pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.analysis.filters import nonlocal_means, smoothed
from paribus.chance import key
from paribus.errors import DataError
from paribus.inference.predict import expanded
from paribus.inference.trained import Trained
from paribus.tasks.pictures import own_size
from paribus.tasks.pixels import denoising as task
from paribus.tasks.pixels.similarity import psnr, ssim

SPREADS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)  # deviations of the Gaussian filter that are tried, pixels
STRENGTHS = (0.4, 0.6, 0.8)  # of non-local means
SIGMAS = (15.0, 25.0, 50.0)
TUNED_ON = 6  # pictures on which the strength of non-local means is chosen

Sigma = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Score:
    """How near a method comes to the clean pictures.

    Args:
        sigma: standard deviation of the noise, in grey levels of 255.
        method: its name, with the setting that was best.
        psnr: mean over the pictures, dB.
        ssim: mean over the pictures.
        pictures: how many.
    """

    sigma: float
    method: str
    psnr: float
    ssim: float
    pictures: int


@dataclass(frozen=True)
class Denoising:
    """How near methods come to clean pictures, by the strength of the noise.

    Args:
        scores: of all methods at the first strength, then at the next.
    """

    scores: tuple[Score, ...]


def denoising(
    trained: Trained,
    *,
    pictures: Path,
    sigmas: tuple[Sigma, ...] = SIGMAS,
    seed: int = 0,
) -> Denoising:
    """A network that removes noise against classical filters; see :func:`compare`.

    Args:
        trained: the network.
        pictures: a clean picture, or a folder of them.
        sigmas: strengths of the noise, in grey levels of 255.
        seed: equal seeds draw equal noise.
    """
    return Denoising(tuple(compare({named(trained): trained}, expanded([pictures]), sigmas, seed)))


def named(trained: Trained) -> str:
    """What a network is called in the table."""
    return f"{trained.recipe.name}, seed {trained.seed}"


def compare(
    networks: Mapping[str, Trained], files: Sequence[Path], sigmas: Sequence[float], seed: int = 0
) -> list[Score]:
    """PSNR and SSIM of doing nothing, Gaussian filter, non-local means and networks, on whole pictures.

    All methods see the same noise, which is not cut off at 0 and 255. The Gaussian filter gets the width that is
    best on these very pictures, non-local means the strength that is best on the first of them, which favours both.

    Raises:
        DataError: if a network does not remove noise, or a file is no picture.
    """
    if not networks:
        raise DataError("there is no network to compare", hint="train bsd/denoise first")
    for name, trained in networks.items():
        if not isinstance(trained.task, task.Denoising):
            got = f"{name} was trained for {trained.recipe.task.use}"
            raise DataError("only networks that remove noise can be compared so", got=got, hint="use bsd/denoise")
    info = next(iter(networks.values())).info
    clean = [own_size(path, info).float() for path in files]
    return [score for sigma in sigmas for score in _at(sigma, clean, networks, seed)]


def noisy(clean: Tensor, sigma: float, seed: int, number: int) -> Tensor:
    """Picture ``number`` with the noise that a seed gives it, the same at every σ but for its strength."""
    generator = torch.Generator().manual_seed(key(seed, "noise", number))
    return clean + sigma * torch.randn(clean.shape, generator=generator)


def _at(sigma: float, clean: Sequence[Tensor], networks: Mapping[str, Trained], seed: int) -> list[Score]:
    given = [noisy(picture, sigma, seed, number) for number, picture in enumerate(clean)]
    scores = [_score(sigma, "noisy", given, clean)]
    scores.append(_best([_filtered(sigma, spread, given, clean) for spread in SPREADS]))
    tried = [_means(sigma, strength, given[:TUNED_ON], clean[:TUNED_ON]) for strength in STRENGTHS]
    strength = STRENGTHS[tried.index(_best(tried))]
    scores.append(_means(sigma, strength, given, clean))
    for name, trained in networks.items():
        scores.append(_score(sigma, name, [_cleaned(trained, picture) for picture in given], clean))
    return scores


def _filtered(sigma: float, spread: float, given: Sequence[Tensor], clean: Sequence[Tensor]) -> Score:
    return _score(sigma, f"Gaussian filter, {spread:g} pixels", [smoothed(one, spread) for one in given], clean)


def _means(sigma: float, strength: float, given: Sequence[Tensor], clean: Sequence[Tensor]) -> Score:
    cleaned = [nonlocal_means(one, sigma, strength) for one in given]
    return _score(sigma, f"non-local means, h = {strength:g}σ", cleaned, clean)


@torch.inference_mode()
def _cleaned(trained: Trained, picture: Tensor) -> Tensor:
    assert isinstance(trained.task, task.Denoising)
    return trained.task.cleaned(trained.network, picture)


def _score(sigma: float, method: str, cleaned: Sequence[Tensor], clean: Sequence[Tensor]) -> Score:
    pairs = [(one.clamp(0, 255)[None], truth[None]) for one, truth in zip(cleaned, clean, strict=True)]
    nearness, likeness = fmean(float(psnr(*pair)) for pair in pairs), fmean(float(ssim(*pair)) for pair in pairs)
    return Score(sigma, method, nearness, likeness, len(pairs))


def _best(scores: Sequence[Score]) -> Score:
    return max(scores, key=lambda score: score.psnr)
