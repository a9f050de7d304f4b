"""Examples of the hosts of the seventh grading, half of them measured and read from PARIBUS_DATA."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections import defaultdict
from functools import cache

import numpy as np

from paribus.chance import key
from paribus.diagnosis.grading.examples import Array, Examples, measured, parted

REGIONS = {  # as the Census Bureau draws them, and seven or eight states of each
    "Northeast": ("Connecticut", "Maine", "Massachusetts", "New Hampshire", "New Jersey", "New York", "Pennsylvania"),
    "Midwest": ("Illinois", "Indiana", "Iowa", "Michigan", "Minnesota", "North Dakota", "Ohio", "Wisconsin"),
    "South": ("Alabama", "Arkansas", "Florida", "Georgia", "Louisiana", "Mississippi", "South Carolina", "Texas"),
    "West": ("California", "Idaho", "Montana", "Nevada", "Oregon", "Utah", "Washington", "Wyoming"),
}
SEGMENTS = ("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg")  # lit by 0 … 9
ENDS = {  # of each segment, as (row, column), in half widths of the digit
    "a": (-2, -1, -2, 1), "b": (-2, 1, 0, 1), "c": (0, 1, 2, 1), "d": (2, -1, 2, 1),
    "e": (0, -1, 2, -1), "f": (-2, -1, 0, -1), "g": (0, -1, 0, 1),
}  # fmt: skip
OUTDOORS = {2: "flowers", 10: "landscapes", 14: "people", 17: "trees"}  # as coarse labels of CIFAR-100 count


@cache
def winters() -> Examples:
    """A state's gas for homes by months, as shares of a year (EIA), and its region: 700 years to learn from."""
    years: dict[tuple[str, str], list[float]] = defaultdict(list)
    with gzip.open(measured("energy") / "us_gas_residential_monthly.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            years[row["state"], row["date"][:4]].append(float("nan" if row["y"] in ("", "NA") else row["y"]))
    region = {state: label for label, states in enumerate(REGIONS.values()) for state in states}
    found = [(months, region[state]) for (state, _), months in years.items() if state in region and len(months) == 12]
    columns, labels = np.array([months for months, _ in found]), np.array([label for _, label in found])
    whole = np.isfinite(columns).all(1)
    shares = (columns / columns.sum(1, keepdims=True))[whole]
    return parted(shares.astype(np.float32), labels[whole], 700, tuple(REGIONS))


@cache
def displays() -> Examples:
    """Digits on a display of seven segments, slanted, moved, faint or bright, 16 × 16 pixels: 1,000 to learn from."""
    draw = np.random.default_rng(key("grading", "displays"))
    labels = draw.integers(0, 10, 1500)
    y, x = np.mgrid[:16, :16]
    pictures = np.zeros((len(labels), 16, 16))
    for picture, label in zip(pictures, labels, strict=True):
        half, slant, thick = draw.uniform(2.2, 3.2), draw.uniform(-0.1, 0.35), draw.uniform(0.6, 0.9)
        row = y - draw.uniform(6.7, 8.3)
        across, down = (x - draw.uniform(6.2, 8.8) + slant * row) / half, row / half
        for segment in SEGMENTS[label]:
            top, left, bottom, right = ENDS[segment]
            off = np.hypot(down - down.clip(top, bottom), across - across.clip(left, right))
            np.maximum(picture, np.clip(1.5 - half * off / thick, 0, 1), out=picture)
    light = draw.uniform(60, 150, (len(labels), 1, 1))
    drawn = np.rint((45 + light * pictures + draw.normal(0, 16, pictures.shape)).clip(0, 255)).astype(np.uint8)
    return parted(drawn[:, None], labels, 1000, tuple("0123456789"))


@cache
def manuscripts() -> Examples:
    """Characters by hand (Omniglot, Lake et al. 2015) on ruled, stained paper, 28 × 28: 150 of paper or ink."""
    draw = np.random.default_rng(key("grading", "manuscripts"))
    with np.load(measured("omniglot") / "images_background_small1.npz") as found:
        packed = found["images_packed"]
    chosen = np.unpackbits(packed[draw.permutation(len(packed))[:220]], axis=2)[:, :104, :104]
    ink = _coarser(np.pad(chosen, ((0, 0), (4, 4), (4, 4))).astype(np.float64))
    y, x = np.mgrid[:28, :28]
    spot, wide = draw.uniform(0, 28, (2, len(ink), 1, 1)), draw.uniform(2, 5, (len(ink), 1, 1))
    stains = np.exp(-((y - spot[0]) ** 2 + (x - spot[1]) ** 2) / (2 * wide**2))
    rules = (y + draw.integers(0, 7, (len(ink), 1, 1))) % 7 == 0
    paper = draw.uniform(170, 220, (len(ink), 1, 1)) - 80 * stains - 45 * rules
    drawn = paper - draw.uniform(70, 110, (len(ink), 1, 1)) * ink + draw.normal(0, 12, ink.shape)
    pictures = np.rint(drawn.clip(0, 255)).astype(np.uint8)[:, None]
    return parted(pictures, (ink >= 0.4).astype(np.int64), 150, ("paper", "ink"))


def _coarser(pictures: Array) -> Array:
    """A quarter as high and as wide."""
    count, height, width = pictures.shape
    means: Array = pictures.reshape(count, height // 4, 4, width // 4, 4).mean((2, 4))
    return means


@cache
def throws() -> Examples:
    """How far a ball flies through air, in metres, by speed, angle, wind, drag, height and spin: 800 to learn from.

    The flight is followed in steps of 10 ms; two further columns say nothing, and the tape is 1 m off.
    """
    draw = np.random.default_rng(key("grading", "throws"))
    low, high = np.array([[12, 15, -6, 0.004, 1, -1], [32, 65, 6, 0.02, 12, 1]])
    columns = draw.uniform(low, high, (1200, 6))
    speed, angle, wind, drag, height, spin = columns.T
    vx, vy = speed * np.cos(np.radians(angle)), speed * np.sin(np.radians(angle))
    x, y = np.zeros(len(columns)), height.copy()
    for _ in range(1000):
        flying, fast = y > 0, np.hypot(vx - wind, vy)
        ax, ay = -drag * fast * (vx - wind) - 0.1 * spin * vy, -9.81 - drag * fast * vy + 0.1 * spin * vx
        vx, vy = vx + 0.01 * ax, vy + 0.01 * ay
        x, y = x + 0.01 * vx * flying, y + 0.01 * vy * flying
    idle = draw.normal(0, 1, (len(columns), 2))
    far = x + draw.normal(0, 1, len(columns))
    return parted(np.concatenate([columns, idle], 1).astype(np.float32), far.astype(np.float32), 800)


@cache
def outdoors() -> Examples:
    """Flowers, landscapes, people and trees in colour (CIFAR-100, Krizhevsky 2009), 16 × 16 pixels: 900."""
    rows = []
    with tarfile.open(measured("cifar100") / "cifar-100-binary.tar.gz") as archive:
        for name in ("train", "test"):
            found = archive.extractfile(f"cifar-100-binary/{name}.bin")
            assert found is not None
            rows.append(np.frombuffer(found.read(), np.uint8).reshape(-1, 2 + 3 * 32 * 32))
    both = np.concatenate(rows)
    mine = both[np.isin(both[:, 0], list(OUTDOORS))]
    small = mine[:, 2:].reshape(-1, 3, 16, 2, 16, 2).mean((3, 5))
    labels = np.searchsorted(list(OUTDOORS), mine[:, 0])
    return parted(np.rint(small).astype(np.uint8), labels, 900, tuple(OUTDOORS.values()))
