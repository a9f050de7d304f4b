"""Do maps show what the network uses? Pixels go, or come, in the order of a map (Petsiuk et al., 2018)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from paribus.analysis.attention.question import Question, shares
from paribus.analysis.attention.randomised import resized
from paribus.chance import key, permutation
from paribus.tasks.task import Task

STEPS = 16  # of a curve
MAP, BLOB, EDGES, SHUFFLED = "map", "centre blob", "Sobel edges", "shuffled map"
BASELINES = (BLOB, EDGES, SHUFFLED)
FRACTIONS = tuple(step / STEPS for step in range(STEPS + 1))

Array = NDArray[np.float64]


def rankings(inputs: Tensor, raw: Tensor) -> Mapping[str, Tensor]:
    """How much each pixel counts (B, H, W): by the map, and by what reviewers ask it to be compared with.

    Args:
        inputs: (B, C, H, W) the pictures.
        raw: (B, h, w) their maps.
    """
    size = inputs.shape[2:]
    return {
        MAP: resized(raw, size)[:, 0],
        BLOB: centre(size).to(inputs).expand(len(inputs), -1, -1),
        EDGES: edges(inputs),
        SHUFFLED: resized(shuffled(raw), size)[:, 0],
    }


def centre(size: torch.Size) -> Tensor:
    """A blob (H, W): the nearer a pixel is to the middle of the picture, the more it counts."""
    height, width = (torch.linspace(-1, 1, side) for side in size)
    return torch.exp(-2 * (height[:, None] ** 2 + width[None] ** 2))


def edges(inputs: Tensor) -> Tensor:
    """How strong edges are (B, H, W): the length of Sobel's gradient of the mean over channels."""
    from scipy.ndimage import sobel

    grey = inputs.mean(1).double().cpu().numpy()
    return torch.from_numpy(np.hypot(sobel(grey, 1), sobel(grey, 2))).to(inputs)


def shuffled(raw: Tensor) -> Tensor:
    """Maps (B, h, w) with their values in a random order, each in another one: as smooth and as large, elsewhere."""
    rows = [one.flatten()[permutation(key("shuffled map", place), one.numel())] for place, one in enumerate(raw.cpu())]
    return torch.stack(rows).view_as(raw).to(raw)


def curves(
    task: Task, network: nn.Module, question: Question, importance: Tensor, empty: Tensor
) -> tuple[Array, Array]:
    """The probability of each picture's class while pixels are deleted, and while they are inserted.

    Args:
        task, network: what is asked.
        question: the pictures and their classes.
        importance: (B, H, W); the pixels that count most come first.
        empty: what a deleted pixel becomes, in the shape of the pictures.

    Returns:
        Two of (B, STEPS + 1), along :data:`FRACTIONS`.
    """
    flat = importance.flatten(1)
    places = flat.argsort(dim=1, descending=True, stable=True).argsort(1).view_as(importance)  # 0 counts most
    deleted, inserted = [], []
    for fraction in FRACTIONS:
        chosen = (places < round(fraction * flat.shape[1])).unsqueeze(1)  # (B, 1, H, W)
        deleted.append(shares(task, network, question.of(torch.where(chosen, empty, question.inputs))))
        inserted.append(shares(task, network, question.of(torch.where(chosen, question.inputs, empty))))
    return _table(deleted), _table(inserted)


def area(curve: Array) -> Array:
    """The areas under curves (B, STEPS + 1): mean probabilities over all shares of pixels, (B,)."""
    return np.asarray(np.trapezoid(curve, FRACTIONS, axis=1))


def _table(columns: list[Tensor]) -> Array:
    found: Array = torch.stack(columns, 1).double().cpu().numpy()
    return found
