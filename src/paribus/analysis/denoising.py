"""Networks that remove noise against classical filters, on the same noisy pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.analysis.filters import nonlocal_means_at, smoothed
from paribus.chance import key
from paribus.errors import DataError
from paribus.inference.predict import expanded
from paribus.inference.trained import Trained
from paribus.progress import Announce, silent
from paribus.records.environment import cores
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
    networks: Mapping[str, Trained],
    files: Sequence[Path],
    sigmas: Sequence[float],
    seed: int = 0,
    progress: Announce = silent,
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
    counted = _Counted(progress, len(sigmas) * len(clean) * (1 + len(networks)))
    return [score for sigma in sigmas for score in _at(sigma, clean, networks, seed, counted)]


class _Counted:
    """Counts cleaned pictures, and announces them."""

    def __init__(self, progress: Announce, total: int) -> None:
        self.progress, self.done, self.total = progress, 0, total

    def one(self) -> None:
        self.done += 1
        self.progress("cleaning pictures", self.done, self.total)


def noisy(clean: Tensor, sigma: float, seed: int, number: int) -> Tensor:
    """Picture ``number`` with the noise that a seed gives it, the same at every σ but for its strength."""
    generator = torch.Generator().manual_seed(key(seed, "noise", number))
    return clean + sigma * torch.randn(clean.shape, generator=generator)


def _at(
    sigma: float, clean: Sequence[Tensor], networks: Mapping[str, Trained], seed: int, counted: _Counted
) -> list[Score]:
    given = [noisy(picture, sigma, seed, number) for number, picture in enumerate(clean)]
    spread = max(SPREADS, key=lambda spread: _nearness([smoothed(one, spread) for one in given], clean))
    strength, means = _means(sigma, given, clean, counted)
    scores = [
        _score(sigma, "noisy", given, clean),
        _score(sigma, f"Gaussian filter, {spread:g} pixels", [smoothed(one, spread) for one in given], clean),
        _score(sigma, f"non-local means, h = {strength:g}σ", means, clean),
    ]
    for name, trained in networks.items():
        scores.append(_score(sigma, name, [_cleaned(trained, picture, counted) for picture in given], clean))
    return scores


def _means(
    sigma: float, given: Sequence[Tensor], clean: Sequence[Tensor], counted: _Counted
) -> tuple[float, list[Tensor]]:
    """The best strength of non-local means on the first pictures, and all pictures cleaned with it."""

    def cleaned(pictures: Sequence[Tensor], strengths: Sequence[float]) -> Iterator[list[Tensor]]:
        with ThreadPoolExecutor(cores()) as pool:  # NumPy works outside of Python's lock
            for one in pool.map(lambda picture: nonlocal_means_at(picture, sigma, strengths), pictures):
                counted.one()
                yield one

    tried = list(zip(*cleaned(given[:TUNED_ON], STRENGTHS), strict=True))  # strength → pictures
    best = max(range(len(STRENGTHS)), key=lambda i: _nearness(tried[i], clean[:TUNED_ON]))
    rest = cleaned(given[TUNED_ON:], STRENGTHS[best : best + 1])
    return STRENGTHS[best], [*tried[best], *(one for (one,) in rest)]


@torch.inference_mode()
def _cleaned(trained: Trained, picture: Tensor, counted: _Counted) -> Tensor:
    assert isinstance(trained.task, task.Denoising)
    counted.one()
    return trained.task.cleaned(trained.network, picture)


def _score(sigma: float, method: str, cleaned: Sequence[Tensor], clean: Sequence[Tensor]) -> Score:
    likeness = fmean(float(ssim(*pair)) for pair in _pairs(cleaned, clean))
    return Score(sigma, method, _nearness(cleaned, clean), likeness, len(clean))


def _nearness(cleaned: Sequence[Tensor], clean: Sequence[Tensor]) -> float:
    """Mean PSNR, dB."""
    return fmean(float(psnr(*pair)) for pair in _pairs(cleaned, clean))


def _pairs(cleaned: Sequence[Tensor], clean: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    return ((one.clamp(0, 255)[None], truth[None]) for one, truth in zip(cleaned, clean, strict=True))
