"""Examples of the hosts of the fifth grading, most of them measured and read from PARIBUS_DATA."""

from __future__ import annotations

import csv
import gzip
from functools import cache

import numpy as np

from paribus.chance import key
from paribus.diagnosis.grading.examples import Examples, measured, parted

TOPICS = ("world", "sport", "business", "science")  # of headlines, as their labels count
WORDS = 4000  # hashed; of a headline each word counts once
COLUMNS = 40  # into which the words of headlines are folded
RATIOS = ((1, 1), (1, 2), (2, 3), (1, 3), (3, 4))  # of the two waves of a curve


@cache
def headlines() -> Examples:
    """Headlines of four topics as 40 columns (AG's news, Zhang et al. 2015): 1,500 to learn from.

    Words are hashed, rare ones weigh more, and a truncated SVD of the training rows gives the columns.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    with gzip.open(measured("ag_news") / "train.csv.gz", "rt", encoding="utf-8") as lines:
        rows = [(int(row["label"]), f"{row['title']} {row['description']}") for row in csv.DictReader(lines)]
    draw = np.random.default_rng(key("grading", "headlines"))
    chosen = [rows[at] for at in draw.permutation(len(rows))[:2100]]
    labels = np.array([label for label, _ in chosen])
    counted = HashingVectorizer(n_features=WORDS, stop_words="english", alternate_sign=False, norm=None)
    words = counted.transform([text for _, text in chosen])
    weighed = TfidfTransformer().fit(words[:1500]).transform(words)
    columns = TruncatedSVD(COLUMNS, random_state=0).fit(weighed[:1500]).transform(weighed).astype(np.float32)
    return Examples(columns[:1500], labels[:1500], columns[1500:], labels[1500:], TOPICS)


@cache
def curves() -> Examples:
    """Curves that two waves draw, of five ratios, 18 × 18 pixels under noise: 1,300 to learn from."""
    draw = np.random.default_rng(key("grading", "curves"))
    labels = draw.integers(0, len(RATIOS), 1800)
    time = np.linspace(0, 2 * np.pi, 150)
    pictures = np.zeros((len(labels), 18, 18))
    for picture, label in zip(pictures, labels, strict=True):
        across, down = RATIOS[label]
        middle, size, phase = draw.uniform(8, 9, 2), draw.uniform(5, 7, 2), draw.uniform(0.4, 1.2)
        x = middle[0] + size[0] * np.sin(across * time + phase)
        y = middle[1] + size[1] * np.sin(down * time)
        picture[np.rint(y).astype(int), np.rint(x).astype(int)] = 1.0
    drawn = np.rint((60 + 140 * pictures + draw.normal(0, 18, pictures.shape)).clip(0, 255)).astype(np.uint8)
    return parted(drawn[:, None], labels, 1300, tuple(f"{across}:{down}" for across, down in RATIOS))


@cache
def nuclei() -> Examples:
    """Microscope pictures at a quarter of their size, cut to 28 × 28 pixels: 160 of nuclei or ground to learn from."""
    with np.load(measured("nuclei") / "dsb2018_256.npz") as found:
        pictures, masks = found["images"].astype(np.float64), found["labels"] > 0
    small = pictures.reshape(-1, 64, 4, 64, 4).mean((2, 4))[:, None, 18:46, 18:46]
    covered = masks.reshape(-1, 64, 4, 64, 4).mean((2, 4))[:, 18:46, 18:46] >= 0.5
    return parted(np.rint(small).astype(np.uint8), covered.astype(np.int64), 160, ("ground", "nucleus"))


@cache
def load() -> Examples:
    """The load of a town in GW by hour, weekday, season and its past (PJM Dayton): 900 hours to learn from."""
    with gzip.open(measured("energy") / "dayton_hourly_2004_2013.csv.gz", "rt") as lines:
        rows = [(row["datetime"], float(row["mw"]) / 1000) for row in csv.DictReader(lines)]
    times = np.array([time for time, _ in rows], "datetime64[h]")
    values = np.array([value for _, value in rows])
    hours = times.astype(np.int64)
    day = np.stack([np.sin(hours * np.pi / 12), np.cos(hours * np.pi / 12)], 1)
    year = np.stack([np.sin(hours * 2 * np.pi / 8766), np.cos(hours * 2 * np.pi / 8766)], 1)
    weekday = ((hours // 24 + 3) % 7)[:, None] >= 5
    past = np.stack([np.roll(values, 24), np.roll(values, 48), np.roll(values, 168)], 1)
    columns = np.concatenate([day, year, weekday, past], 1).astype(np.float32)[168:]
    some = np.random.default_rng(key("grading", "load")).permutation(len(columns))[:1300]
    return parted(columns[some], values[168:][some].astype(np.float32), 900)


@cache
def chests() -> Examples:
    """Chests under X-rays, sound or with pneumonia, 28 × 28 pixels (MedMNIST, Yang et al. 2023): 900 to learn from."""
    with np.load(measured("pneumonia_mnist") / "pneumoniamnist_balanced.npz") as found:
        pictures, labels = found["train_images"], found["train_labels"][:, 0].astype(np.int64)
    some = np.random.default_rng(key("grading", "chests")).permutation(len(labels))[:1300]
    return parted(pictures[some][:, None], labels[some], 900, ("sound", "pneumonia"))
