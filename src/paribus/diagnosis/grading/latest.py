"""Examples of the hosts that nobody has looked at: of the tenth grading, most measured and read from PARIBUS_DATA."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections import defaultdict
from functools import cache

import numpy as np

from paribus.chance import key
from paribus.diagnosis.grading.examples import Array, Examples, measured, parted

GARMENTS = {1: "trousers", 3: "dress", 5: "sandal", 6: "shirt", 7: "trainer", 8: "bag"}  # as Fashion-MNIST counts
SURFACES = {0: "sky", 1: "building", 3: "road", 5: "tree"}  # as CamVid's masks count
PATCH = 24  # pixels of a frame of 120 × 160
MOODS = ("glad", "sad", "surprised", "indifferent", "angry")
MACHINES = (0, 1, 8, 9)  # as CIFAR-10's labels count
PIECE = 20  # pixels
HOURS = (3, 8, 13, 18)  # of which a day's load is told


@cache
def garments() -> Examples:
    """Six sorts of clothes and bags (Fashion-MNIST, Xiao et al. 2017), 14 × 14 pixels: 1,200 to learn from."""
    folder = measured("fashion_mnist")
    with gzip.open(folder / "t10k-images-idx3-ubyte.gz") as file:
        pictures: Array = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 14, 2, 14, 2)
    with gzip.open(folder / "t10k-labels-idx1-ubyte.gz") as file:
        labels: Array = np.frombuffer(file.read(), np.uint8, offset=8)
    some = np.flatnonzero(np.isin(labels, list(GARMENTS)))[:1800]
    small = np.rint(pictures[some].mean((2, 4))).astype(np.uint8)[:, None]
    return parted(small, np.searchsorted(list(GARMENTS), labels[some]), 1200, tuple(GARMENTS.values()))


@cache
def clocks() -> Examples:
    """The load of a town in twelve hours, in MW (PJM Dayton), and the part of the day when they end: 1,000 to learn."""
    with gzip.open(measured("energy") / "dayton_hourly_2004_2013.csv.gz", "rt") as lines:
        rows = [(np.datetime64(row["datetime"], "h"), float(row["mw"])) for row in csv.DictReader(lines)]
    hours = np.array([hour for hour, _ in rows]).astype(np.int64)
    loads = np.array([used for _, used in rows])
    draw = np.random.default_rng(key("grading", "clocks"))
    columns, labels = [], list[int]()
    for start in draw.permutation(len(rows) - 12):
        if hours[start + 11] - hours[start] != 11 or loads[start : start + 12].min() <= 0:
            continue  # the clock was changed in between
        columns.append(loads[start : start + 12])
        labels.append(int(hours[start + 11] % 24) // 4)
        if len(labels) == 1600:
            break
    names = tuple(f"{4 * part} h" for part in range(6))
    return parted(np.array(columns, np.float32), np.array(labels), 1000, names)


@cache
def surfaces() -> Examples:
    """Patches of a street in colour (CamVid, Brostow et al. 2009), 12 × 12 pixels, and what most of each is: 1,000.

    At places drawn at random in smaller frames, where three quarters are of one sort; as many patches of each sort.
    """
    from PIL import Image

    folder = measured("camvid")
    draw = np.random.default_rng(key("grading", "surfaces"))
    found = defaultdict[int, list[Array]](list)
    for path in sorted((folder / "train").iterdir()):
        with Image.open(path) as frame, Image.open(folder / "train_labels" / f"{path.stem}.png") as mask:
            frame.draft("RGB", (160, 120))
            picture, named = np.asarray(frame.convert("RGB")), np.asarray(mask)[::2, ::2]
        here = dict.fromkeys(SURFACES, 2)  # of a sort in a frame
        for _ in range(60):
            top, left = int(draw.integers(0, 120 - PATCH + 1)), int(draw.integers(0, 160 - PATCH + 1))
            window = np.s_[top : top + PATCH, left : left + PATCH]
            sort, count = max(((sort, int((named[window] == sort).sum())) for sort in SURFACES), key=lambda one: one[1])
            if count >= 0.75 * PATCH**2 and here[sort]:
                here[sort] -= 1
                found[sort].append(picture[window])
    few = min(375, *(len(found[sort]) for sort in SURFACES))
    windows = np.concatenate([np.stack(found[sort][:few]) for sort in SURFACES]).transpose(0, 3, 1, 2)
    small = windows.reshape(-1, 3, PATCH // 2, 2, PATCH // 2, 2).mean((3, 5))
    labels = np.repeat(np.arange(len(SURFACES)), few)
    return parted(np.rint(small).astype(np.uint8), labels, 1000, tuple(SURFACES.values()))


@cache
def moods() -> Examples:
    """Drawn faces in five moods, turned, large or small, on grainy ground, 16 × 16 pixels: 1,050 to learn from."""
    draw = np.random.default_rng(key("grading", "moods"))
    labels = draw.integers(0, len(MOODS), 1550)
    y, x = np.mgrid[:48, :48] / 3.0 - 7.83  # drawn three times as fine
    pictures = []
    for label in labels:
        size, turn = draw.uniform(5.4, 7.2), draw.normal(0, 0.25)
        down, right = draw.uniform(-1, 1, 2)
        u = ((x - right) * np.cos(turn) + (y - down) * np.sin(turn)) / size
        v = ((y - down) * np.cos(turn) - (x - right) * np.sin(turn)) / size
        eyes = np.hypot(abs(u) - draw.uniform(0.32, 0.42), v + 0.28) < draw.uniform(0.12, 0.17)
        bend = {"glad": 1, "sad": -1, "angry": -0.8}.get(MOODS[label], 0) * draw.uniform(0.25, 0.4)
        mouth = (abs(v - 0.42 - bend * (0.5 - (u / 0.5) ** 2)) < 0.09) & (abs(u) < 0.5)
        if MOODS[label] == "surprised":
            mouth = np.hypot(u, v - 0.45) < draw.uniform(0.16, 0.26)
        brows = (abs(v + 0.62 - 0.4 * (0.4 - abs(u))) < 0.08) & (abs(abs(u) - 0.38) < 0.2)
        ink = eyes | mouth | (brows & (MOODS[label] == "angry"))
        ground, face = draw.uniform(60, 200), draw.uniform(150, 230)
        drawn = np.where(np.hypot(u, v) < 1, np.where(ink, draw.uniform(20, 70), face), ground)
        pictures.append(drawn.reshape(16, 3, 16, 3).mean((1, 3)) + draw.normal(0, 12, (16, 16)))
    whole = np.rint(np.stack(pictures).clip(0, 255)).astype(np.uint8)[:, None]
    return parted(whole, labels, 1050, MOODS)


@cache
def creatures() -> Examples:
    """Machines and creatures in colour (CIFAR-10, Krizhevsky 2009), in 12 × 12 pixels: 1,300 to learn from."""
    with tarfile.open(measured("cifar10") / "cifar-10-binary.tar.gz") as archive:
        name = next(name for name in archive.getnames() if name.endswith("test_batch.bin"))
        found = archive.extractfile(name)
        assert found is not None
        rows: Array = np.frombuffer(found.read(), np.uint8).reshape(-1, 1 + 3 * 32 * 32)[:1900]
    middle = rows[:, 1:].reshape(-1, 3, 32, 32)[:, :, 4:28, 4:28]
    small = middle.reshape(-1, 3, 12, 2, 12, 2).mean((3, 5))
    labels = (~np.isin(rows[:, 0], MACHINES)).astype(np.int64)
    return parted(np.rint(small).astype(np.uint8), labels, 1300, ("machine", "creature"))


@cache
def borders() -> Examples:
    """Microscope pictures at half their size (Data Science Bowl 2018), 18 × 18 pixels: 165 of nuclei and their borders.

    Each around a place in a nucleus; a border is what touches the ground or another nucleus.
    """
    draw = np.random.default_rng(key("grading", "borders"))
    with np.load(measured("nuclei") / "dsb2018_256.npz") as found:
        pictures, numbered = found["images"].astype(np.float64), found["labels"].astype(np.int64)
    small = pictures.reshape(-1, 128, 2, 128, 2).mean((2, 4))
    mask = numbered[:, ::2, ::2]
    around = np.stack([np.roll(mask, step, axis) for step in (-1, 1) for axis in (1, 2)])
    sorts = np.where((mask > 0) & (around != mask).any(0), 2, mask > 0)
    cut, named = [], []
    for picture, sort in zip(small, sorts, strict=True):
        middles = np.argwhere(sort == 1)
        top, left = (middles[draw.integers(len(middles))] - 9).clip(0, 110) if len(middles) else (55, 55)
        cut.append(picture[top : top + 18, left : left + 18])
        named.append(sort[top : top + 18, left : left + 18])
    drawn = np.rint(np.stack(cut)).astype(np.uint8)[:, None]
    return parted(drawn, np.stack(named), 165, ("ground", "nucleus", "border"))


@cache
def grain() -> Examples:
    """How strong the noise on a piece of a photograph is (BSDS, Martin et al. 2001), by ten figures of it: 1,000."""
    from PIL import Image

    draw = np.random.default_rng(key("grading", "grain"))
    columns, strengths = [], draw.uniform(0, 40, 1500)
    photographs = list[Array]()
    for path in sorted((measured("denoise") / "train180").iterdir()):
        with Image.open(path) as taken:
            photographs.append(np.asarray(taken.convert("L"), np.float64))
    for place, strength in enumerate(strengths):
        photograph = photographs[place % len(photographs)]
        top, left = draw.integers(0, [side - PIECE + 1 for side in photograph.shape])
        piece = photograph[top : top + PIECE, left : left + PIECE] + strength * draw.standard_normal((PIECE, PIECE))
        piece = piece.clip(0, 255)
        across, down = abs(np.diff(piece, axis=1)), abs(np.diff(piece, axis=0))
        bent = abs(np.diff(np.diff(piece, axis=0), axis=1))
        columns.append(
            [piece.mean(), piece.std(), *np.quantile(across, (0.25, 0.5, 0.75)), *np.quantile(down, (0.25, 0.5, 0.75)),
             np.median(bent), bent.mean()]
        )  # fmt: skip
    return parted(np.array(columns, np.float32), strengths.astype(np.float32), 1000)


@cache
def loads() -> Examples:
    """Days of a town's load at four hours, in deviations, working or free (PJM Dayton): 1,400 to learn from."""
    found = defaultdict[str, dict[int, float]](dict)
    with gzip.open(measured("energy") / "dayton_hourly_2004_2013.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            day, _, time = row["datetime"].partition(" ")
            found[day][int(time[:2])] = float(row["mw"])
    days = [day for day, used in found.items() if min((used.get(hour, 0.0) for hour in HOURS), default=0.0) > 0]
    columns = np.array([[found[day][hour] for hour in HOURS] for day in days])
    free = (np.array(days, "datetime64[D]").astype(np.int64) + 3) % 7 >= 5
    scaled = (columns - columns.mean(0)) / columns.std(0)
    some = np.random.default_rng(key("grading", "loads")).permutation(len(days))[:2000]
    return parted(scaled[some].astype(np.float32), free[some].astype(np.int64), 1400, ("working", "free"))
