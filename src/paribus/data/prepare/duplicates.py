"""Pictures that are there twice: to the byte, or cut, mirrored, brightened or compressed once more.

Equal examples are found by a hash. Near ones in two steps. *Candidates* are the nearest neighbours of each picture,
also looked up mirrored and cut, in an embedding: the whitened principal components of small grey pictures. Each is then
*aligned*, one picture laid onto the other, and judged by the correlation of pixels and of slopes between pixels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.dataset import Dataset
from paribus.progress import Announce, silent

LEAST = 16  # pixels on a side below which look-alikes cannot be told from copies
SMALL, SIDE = 16, 32  # pixels on a side of what is embedded, and of what is aligned
COMPONENTS, FITTED = 64, 4000  # of the embedding, and the pictures that it is fitted to
BLOCK = 1000  # pictures that are looked up at once
NEAREST, ALIKE = 3, 0.62  # neighbours of a picture that are aligned, if their cosine is this at least
AT_ONCE = 1024  # pairs that are aligned at once
STEPS = (0.06, 0.04, 0.025, 0.015, 0.008)  # of place and size, by which a pair is aligned
AROUND = torch.cat([torch.zeros(1, 3), torch.eye(3), -torch.eye(3)])  # (7, 3): of the middle and the side
CUTS = ((1.0, 1), (0.9, 2), (0.8, 3))  # sides that are looked up, and at how many places along each axis
PIXELS, SLOPES = 0.9, 0.65  # correlations that two copies have at least
TOGETHER = 2.9  # and the sum of both on Fisher's scale: JPEG takes from slopes, a cut from pixels, and hardly both
APART = 4.0  # robust deviations by which copies stand out from look-alikes, on Fisher's scale artanh r
BULK = 100  # pairs from which it is known how look-alikes of these data are


class View(NamedTuple):
    """What of a picture is looked up: where the middle of a part lies (0 is its own), its side, and mirrored or not."""

    x: float
    y: float
    side: float
    mirrored: bool


@dataclass(frozen=True)
class Near:
    """Two pictures of which one seems to be made from the other.

    Args:
        first, second: their rows, the smaller one first.
        pixels: correlation of the aligned pixels.
        slopes: correlation of the differences between neighbouring pixels.
        mirrored: whether one is the other's mirror image.
        side: which share of the other's side one of them shows.
    """

    first: int
    second: int
    pixels: float
    slopes: float
    mirrored: bool
    side: float


def equal(inputs: Tensor) -> list[tuple[int, ...]]:
    """Rows of inputs (N, …) that are the same to the last bit, in groups of two or more."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for row, one in enumerate(inputs.numpy(force=True)):
        groups[blake2b(one.tobytes(), digest_size=16).digest()].append(row)
    return [tuple(rows) for rows in groups.values() if len(rows) > 1]


def near(pictures: Tensor, progress: Announce = silent) -> list[Near]:
    """Pairs of pictures uint8 (N, C, H, W) that are copies, equal ones left out but for one of each."""
    later = {row for rows in equal(pictures) for row in rows[1:]}
    rows = torch.tensor([row for row in range(len(pictures)) if row not in later])
    if len(rows) < 2:
        return []
    small = torch.cat([_resized(some.float(), SIDE) for some in pictures[rows].split(BLOCK)])
    pairs = candidates(small.mean(1, keepdim=True), progress)
    found = aligned(small, pairs, progress)
    least = threshold(_others([whole for whole, _ in pairs], [one.slopes for one in found]))
    best: dict[tuple[int, int], Near] = {}
    for one in found:
        pair = (one.first, one.second)
        if _is_copy(one, least) and (pair not in best or one.pixels > best[pair].pixels):
            best[pair] = one
    number = rows.tolist()
    return [
        Near(number[one.first], number[one.second], one.pixels, one.slopes, one.mirrored, one.side)
        for one in best.values()
    ]


def _is_copy(one: Near, least: float) -> bool:
    """Whether two pictures are so alike that one was made from the other; ``least`` is for their slopes."""
    together = sum(math.atanh(min(value, 0.9999)) for value in (one.pixels, one.slopes))
    return one.pixels >= PIXELS and one.slopes >= least and together >= TOGETHER


def _others(wholes: Sequence[int], slopes: Sequence[float]) -> list[float]:
    """The correlations of each picture but its best one, which may be that of a copy."""
    best: dict[int, int] = {}
    for place, whole in enumerate(wholes):
        if whole not in best or slopes[place] > slopes[best[whole]]:
            best[whole] = place
    return [one for place, one in enumerate(slopes) if best[wholes[place]] != place]


def threshold(slopes: Sequence[float]) -> float:
    """The correlation of slopes from which pictures are copies, by those of neighbours that are look-alikes at most.

    Their median and their median deviation tell how alike pictures of these data are: shirts on a white ground are,
    photographs are not. Where all are alike, only a copy that stands out is one.
    """
    if len(slopes) < BULK:
        return SLOPES
    scores = torch.tensor(slopes).clamp(-0.999, 0.9999).atanh()
    middle = scores.median()
    spread = 1.4826 * (scores - middle).abs().median()
    return max(SLOPES, float((middle + APART * spread).tanh()))


_known: dict[tuple[str, ...], list[Near]] = {}  # of this process: runs of a study share their data


def known(dataset: Dataset, progress: Announce = silent) -> list[Near]:
    """The near copies in a data set of pictures, looked for once."""
    assert isinstance(dataset.inputs, Tensor)
    key = tuple(dataset.contents.get("inputs", ()))
    if not key:
        return near(dataset.inputs, progress)
    if key not in _known:
        _known[key] = near(dataset.inputs, progress)
    return _known[key]


def candidates(grey: Tensor, progress: Announce = silent) -> dict[tuple[int, int], View]:
    """Pairs of pictures (N, 1, S, S) that may be made from each other: (whole, part) → what of the whole."""
    project = _projection(_resized(grey[:: max(1, len(grey) // FITTED)], SMALL))
    base = torch.cat([project(_resized(some, SMALL)) for some in grey.split(BLOCK)])
    looked = _views()
    values = torch.empty(len(grey), len(looked))
    others = torch.empty(len(grey), len(looked), dtype=torch.int64)
    for place, view in enumerate(looked):
        progress("looking for copies", place, len(looked))
        for start in range(0, len(grey), BLOCK):
            some = grey[start : start + BLOCK]
            likeness = project(_resized(_part(some, view), SMALL)) @ base.T  # (b, N)
            own = torch.arange(len(some))
            likeness[own, own + start] = -1
            values[start : start + BLOCK, place], others[start : start + BLOCK, place] = likeness.max(1)
    return dict(_nearest(values, others, looked))


def _nearest(values: Tensor, others: Tensor, looked: Sequence[View]) -> Iterator[tuple[tuple[int, int], View]]:
    """Of all that a picture was looked up as, the few best neighbours."""
    order = values.argsort(1, descending=True)
    for row in (values.max(1).values >= ALIKE).nonzero()[:, 0].tolist():
        taken: set[int] = set()
        for place in order[row].tolist():
            other = int(others[row, place])
            if values[row, place] < ALIKE or len(taken) == NEAREST:
                break
            if other not in taken:
                taken.add(other)
                yield (row, other), looked[place]


def aligned(pictures: Tensor, pairs: Mapping[tuple[int, int], View], progress: Announce = silent) -> list[Near]:
    """How alike pairs of pictures (N, C, S, S) are where one is laid onto the other."""
    found: list[Near] = []
    entries = list(pairs.items())
    for start in range(0, len(entries), AT_ONCE):
        progress("comparing pictures", start, len(entries))
        some = entries[start : start + AT_ONCE]
        whole, part = (pictures[[pair[place] for pair, _ in some]] for place in (0, 1))
        flips = torch.tensor([view.mirrored for _, view in some])
        whole = torch.where(flips[:, None, None, None], whole.flip(-1), whole)
        at = _laid(whole, part, torch.tensor([view[:3] for _, view in some]))
        cut = _cut(whole, at[:, None])
        pixels, slopes = _correlation(cut, part[:, None]), _correlation(_slopes(cut), _slopes(part[:, None]))
        found += [
            Near(min(pair), max(pair), one, other, view.mirrored, side)
            for (pair, view), one, other, side in zip(
                some, pixels[:, 0].tolist(), slopes[:, 0].tolist(), at[:, 2].tolist(), strict=True
            )
        ]
    return found


def _laid(whole: Tensor, part: Tensor, at: Tensor) -> Tensor:
    """Middle and side (P, 3) of the parts of (P, C, S, S) that are most like others, uphill from ``at`` (P, 3)."""
    grey, target = whole.mean(1, keepdim=True), part.mean(1, keepdim=True)
    for step in STEPS:
        tried = at[:, None] + AROUND * step  # (P, 7, 3)
        tried[..., 2].clamp_(0.6, 1.0)
        scores = _correlation(_cut(grey, tried), target[:, None])  # (P, 7)
        at = tried[torch.arange(len(at)), scores.argmax(1)]
    return at


def _views() -> list[View]:
    """All that is looked up of a picture; what is mirrored is mirrored first, then cut."""
    found = []
    for side, places in CUTS:
        free = (torch.linspace(-1, 1, places) * (1 - side)).tolist() if places > 1 else [0.0]
        found += [View(x, y, side, mirrored) for x in free for y in free for mirrored in (False, True)]
    return found


def _part(grey: Tensor, view: View) -> Tensor:
    """A view of pictures (B, C, S, S)."""
    turned = grey.flip(-1) if view.mirrored else grey
    return turned if view.side == 1 else _cut(turned, torch.tensor(view[:3]).expand(len(grey), 1, 3))[:, 0]


def _projection(small: Tensor) -> Callable[[Tensor], Tensor]:
    """Onto whitened principal components of some pictures (n, 1, s, s), as unit vectors (B, components)."""
    flat = _unit(small.flatten(1))
    mean = flat.mean(0)
    _, deviations, directions = torch.linalg.svd(flat - mean, full_matrices=False)
    most = min(COMPONENTS, int((deviations > 1e-4 * deviations[0]).sum()))
    matrix = directions[:most].T / (deviations[:most] / len(flat) ** 0.5 + 1e-3)  # (s², components)
    return lambda some: F.normalize((_unit(some.flatten(1)) - mean) @ matrix, dim=1)


def _unit(flat: Tensor) -> Tensor:
    """Rows (B, n) of mean 0 and length 1: neither brightness nor contrast counts."""
    return F.normalize(flat - flat.mean(1, keepdim=True), dim=1)


def _resized(pictures: Tensor, side: int) -> Tensor:
    if pictures.shape[-2:] == (side, side):
        return pictures
    return F.interpolate(pictures, (side, side), mode="bilinear", antialias=True, align_corners=False)


def _cut(whole: Tensor, at: Tensor) -> Tensor:
    """Parts (P, K, C, S, S) of pictures (P, C, S, S): at (P, K, 3) lie middle and side."""
    pairs, tried, _ = at.shape
    channels, *size = whole.shape[1:]
    theta = at.new_zeros(pairs, tried, 2, 3)
    theta[..., 0, 0] = theta[..., 1, 1] = at[..., 2]
    theta[..., 0, 2], theta[..., 1, 2] = at[..., 0], at[..., 1]
    grid = F.affine_grid(theta.flatten(0, 1), [pairs * tried, channels, *size], align_corners=False)
    tall = grid.reshape(pairs, tried * size[0], size[1], 2)  # all parts of a picture in one go, below each other
    cut = F.grid_sample(whole, tall, align_corners=False, padding_mode="border")
    parts: Tensor = cut.unflatten(2, (tried, size[0])).transpose(1, 2)
    return parts


def _correlation(one: Tensor, other: Tensor) -> Tensor:
    """Of two batches (P, K, …), over all behind the second axis: (P, K)."""
    one, other = (it.flatten(2) for it in (one, other))
    return F.cosine_similarity(one - one.mean(2, keepdim=True), other - other.mean(2, keepdim=True), dim=2)


def _slopes(pictures: Tensor) -> Tensor:
    """Differences along both axes of (P, K, C, S, S), of their grey values: JPEG halves the resolution of colours."""
    grey = pictures.mean(2)
    across, down = grey[..., :-1, 1:] - grey[..., :-1, :-1], grey[..., 1:, :-1] - grey[..., :-1, :-1]
    return torch.stack([across, down], 2)
