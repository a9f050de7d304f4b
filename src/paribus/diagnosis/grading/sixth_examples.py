"""Examples of the hosts of the sixth grading, half of them measured and read from PARIBUS_DATA."""

from __future__ import annotations

import gzip
import tarfile
from functools import cache
from itertools import islice

import numpy as np

from paribus.chance import key
from paribus.diagnosis.grading.examples import Array, Examples, measured, parted

AUTHORS = {"Shakespeare": "tinyshakespeare", "Plato": "plato_republic", "encyclopedia": "wikitext2_valid"}
LETTERS = "abcdefghijklmnopqrstuvwxyz ,.;:'"  # of which a passage is counted; all others are one more column
PASSAGE = 90  # letters
ROAD = 3  # as CamVid's masks count
THINGS = {0: "aeroplane", 1: "car", 6: "frog"}  # as CIFAR-10's labels count
LIMBS = (1.0, 0.7, 0.5)  # of an arm


@cache
def authors() -> Examples:
    """Passages of 90 letters by three authors as the shares of 33 letters in them: 1,200 to learn from."""
    draw = np.random.default_rng(key("grading", "authors"))
    rows, labels = [], []
    for label, name in enumerate(AUTHORS.values()):
        with gzip.open(measured("text") / f"{name}.txt.gz", "rt", encoding="utf-8") as file:
            text = " ".join(file.read().lower().split())
        for start in draw.permutation(len(text) // PASSAGE)[:550]:
            passage = text[start * PASSAGE : (start + 1) * PASSAGE]
            counts = [passage.count(letter) for letter in LETTERS]
            rows.append([*counts, PASSAGE - sum(counts)])
            labels.append(label)
    columns = np.array(rows, np.float32) / PASSAGE
    return parted(columns, np.array(labels), 1200, tuple(AUTHORS))


@cache
def dots() -> Examples:
    """One to five dots of any brightness under noise, to be counted, 16 × 16 pixels: 900 to learn from."""
    draw = np.random.default_rng(key("grading", "dots"))
    labels = draw.integers(0, 5, 1300)
    y, x = np.mgrid[:4, :4]  # a dot lies somewhere in one of 16 fields of 4 × 4 pixels
    pictures = np.zeros((len(labels), 16, 16))
    for picture, label in zip(pictures, labels, strict=True):
        for field in draw.permutation(16)[: label + 1]:
            row, column = draw.uniform(1, 2, 2)
            dot = draw.uniform(110, 170) * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 0.9)
            picture[4 * (field // 4) :, 4 * (field % 4) :][:4, :4] += dot
    drawn = np.rint((50 + pictures + draw.normal(0, 10, pictures.shape)).clip(0, 255)).astype(np.uint8)
    return parted(drawn[:, None], labels, 900, tuple("12345"))


@cache
def roads() -> Examples:
    """Frames from a car (CamVid, Brostow et al. 2009), 24 × 32 pixels in colour: 110 of road or not to learn from."""
    from PIL import Image

    pictures, masks = [], []
    folder = measured("camvid")
    for path in islice(sorted((folder / "train").iterdir()), 0, 340, 2):
        with Image.open(path) as frame, Image.open(folder / "train_labels" / f"{path.stem}.png") as mask:
            pictures.append(np.asarray(frame.convert("RGB").resize((32, 24), Image.Resampling.BOX)))
            masks.append(np.asarray(mask.resize((32, 24), Image.Resampling.NEAREST)) == ROAD)
    return parted(np.stack(pictures).transpose(0, 3, 1, 2), np.stack(masks).astype(np.int64), 110, ("rest", "road"))


@cache
def reach() -> Examples:
    """How far the hand of an arm of three limbs is from a point, by its angles and two idle columns: 850 to learn from.

    In the manner of the robot arms of Rasmussen et al. (1996), with noise of a twentieth of a limb.
    """
    draw = np.random.default_rng(key("grading", "reach"))
    angles = draw.uniform(-np.pi / 2, np.pi / 2, (1250, len(LIMBS)))
    turned = np.cumsum(angles, axis=1)
    hand = np.stack([np.cos(turned) @ LIMBS, np.sin(turned) @ LIMBS], 1)
    away = np.hypot(*(hand - [0.4, 1.2]).T) + draw.normal(0, 0.05, len(hand))
    columns = np.concatenate([angles, draw.normal(0, 1, (len(angles), 2))], 1)
    return parted(columns.astype(np.float32), away.astype(np.float32), 850)


@cache
def things() -> Examples:
    """Aeroplanes, cars and frogs in colour (CIFAR-10, Krizhevsky 2009), halved to 16 × 16 pixels: 1,200."""
    with tarfile.open(measured("cifar10") / "cifar-10-binary.tar.gz") as archive:
        name = next(name for name in archive.getnames() if name.endswith("data_batch_1.bin"))
        found = archive.extractfile(name)
        assert found is not None
        rows: Array = np.frombuffer(found.read(), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    rows = rows[np.isin(rows[:, 0], list(THINGS))][:1700]
    small = rows[:, 1:].reshape(-1, 3, 16, 2, 16, 2).mean((3, 5))
    labels = np.searchsorted(list(THINGS), rows[:, 0])
    return parted(np.rint(small).astype(np.uint8), labels, 1200, tuple(THINGS.values()))
