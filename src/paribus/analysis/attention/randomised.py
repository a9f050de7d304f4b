"""Do maps depend on what was learned? Layers become random from the top down (Adebayo et al., 2018)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from paribus.analysis.attention.layers import modules_of
from paribus.analysis.attention.methods import Way
from paribus.analysis.attention.question import Question, logits, watching
from paribus.chance import key, permutation
from paribus.models.initialisation import initialise
from paribus.tasks.pixels.similarity import PEAK, ssim

STEPS = 10  # at most: of a deeper network several layers become random at a time

Array = NDArray[np.float64]


def cascade(network: nn.Module, inputs: Tensor, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """Copies of a network in which more and more layers, from the output on, have other random weights.

    Args:
        network: the trained one; it stays as it is.
        inputs: (1, C, H, W), a picture, which says in which order layers follow each other.
        seed: of the weights.

    Yields:
        The lowest layer that is random, and the network; it is the same one, with more random layers each time.
    """
    fresh, mixed = anew(network, seed), copy.deepcopy(network)
    new, old = modules_of(fresh), modules_of(mixed)
    layers = weighted(network, inputs)[::-1]
    count = min(STEPS, len(layers))
    for group in np.array_split(np.arange(len(layers)), count) if count else ():
        for name in (layers[place] for place in group):
            _replace(old[name], new[name])
        yield layers[group[-1]], mixed


def weighted(network: nn.Module, inputs: Tensor) -> list[str]:
    """The names of the layers with weights of their own, in the order in which they run; unseen ones come first."""
    own = {name: it for name, it in modules_of(network).items() if next(it.parameters(recurse=False), None) is not None}
    with watching(own) as calls, torch.no_grad():
        logits(network, inputs)
    places = {call.name: place for place, call in enumerate(calls)}
    return sorted(own, key=lambda name: places.get(name, -1))


def anew(network: nn.Module, seed: int) -> nn.Module:
    """A copy of a network with other random weights, drawn as before a training.

    What keeps its values then (weights that a constructor loads) is put into a random order instead.
    """
    fresh = copy.deepcopy(network)
    initialise(getattr(fresh, "model", fresh), key(seed, "randomised"))
    with torch.no_grad():
        for (name, trained), drawn in zip(network.named_parameters(), fresh.parameters(), strict=True):
            if torch.equal(trained, drawn):
                order = permutation(key(seed, "shuffled", name), drawn.numel()).to(drawn.device)
                drawn.copy_(drawn.flatten()[order].view_as(drawn))
    return fresh


def likeness(
    network: nn.Module, question: Question, way: Way, draws: Sequence[int]
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Tensor]]:
    """How like the trained network's maps those of networks with random layers are.

    Returns:
        Layer → rank correlations (draws, pictures); layer → SSIM, likewise; layer → raw map (h, w) of the first
        picture, in the first draw.
    """
    size, trained = question.inputs.shape[2:], way.maps(network, question).raw
    ranks: dict[str, list[Array]] = {}
    ssims: dict[str, list[Array]] = {}
    seen: dict[str, Tensor] = {}
    for seed in draws:
        for layer, mixed in cascade(network, question.inputs[:1], seed):
            raw = way.maps(mixed, question).raw.nan_to_num(0.0)
            ranks.setdefault(layer, []).append(rank_correlation(trained.relu(), raw.relu()))
            ssims.setdefault(layer, []).append(ssim(grown(trained, size), grown(raw, size)).double().cpu().numpy())
            seen.setdefault(layer, raw[0].clone())
    return {name: np.stack(rows) for name, rows in ranks.items()}, {n: np.stack(r) for n, r in ssims.items()}, seen


def rank_correlation(ours: Tensor, theirs: Tensor) -> Array:
    """Spearman's ρ of maps (B, h, w), (B,); 0 where one of them is the same everywhere, for then nothing is shared."""
    from scipy.stats import rankdata

    x, y = (rankdata(maps.flatten(1).double().cpu().numpy(), axis=1) for maps in (ours, theirs))
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    below = np.sqrt((x**2).sum(1) * (y**2).sum(1))
    found: Array = (x * y).sum(1) / np.where(below > 0, below, 1.0)
    return found


def grown(raw: Tensor, size: Sequence[int]) -> Tensor:
    """The shown part of maps (B, h, w) at the size of their pictures, from 0 to 255: (B, 1, H, W)."""
    shown = resized(raw.relu(), size)
    return PEAK * shown / shown.amax((1, 2, 3), keepdim=True).clamp(min=1e-30)


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Maps (B, h, w) at another size, interpolated: (B, 1, H, W)."""
    return F.interpolate(maps[:, None], tuple(size), mode="bilinear")


def _replace(old: nn.Module, new: nn.Module) -> None:
    """Copy a module's own parameters and buffers."""
    with torch.no_grad():
        for here, there in (
            *zip(old.parameters(recurse=False), new.parameters(recurse=False), strict=True),
            *zip(old.buffers(recurse=False), new.buffers(recurse=False), strict=True),
        ):
            here.copy_(there)
