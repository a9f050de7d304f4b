"""Examples of the hosts of the ninth grading, most of them measured and read from PARIBUS_DATA."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections import Counter
from functools import cache

import numpy as np

from paribus.chance import key
from paribus.diagnosis.grading.examples import Array, Examples, measured, parted

ALPHABET = "abcdefghijklmnopqrstuvwxyzäöüß "  # of which a snippet is counted
SNIPPET = 16  # letters
ACTIVITIES = {  # steps a second, how hard they are, and how far the body leans
    "sitting": (0.0, 0.0, 0.9), "standing": (0.0, 0.0, 0.0), "walking": (1.8, 0.35, 0.1),
    "upstairs": (1.5, 0.4, 0.35), "running": (2.7, 1.0, 0.25), "cycling": (1.3, 0.18, 0.6),
}  # fmt: skip
LETTERS = "AEFHKMSZ"
MIDDLES = {4: "deer", 8: "ship", 9: "lorry"}  # as CIFAR-10's labels count
SKY, GROUND = 0, (3, 4)  # road and pavement, as CamVid's masks count


@cache
def tongues() -> Examples:
    """Snippets of 16 letters out of sentences (Tatoeba) as counts of 31 letters, and their tongue: 1,100 to learn."""
    with gzip.open(measured("parallel_eng_deu") / "eng_deu.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").lower().split("\t")[:2] for line in lines]
    draw = np.random.default_rng(key("grading", "tongues"))
    columns, labels = [], list[int]()
    for at in draw.permutation(len(rows)):
        label = len(labels) % 2
        kept = "".join(letter for letter in rows[at][label] if letter in ALPHABET)
        if len(kept) < SNIPPET:
            continue
        start = draw.integers(0, len(kept) - SNIPPET + 1)
        counts = Counter(kept[start : start + SNIPPET])
        columns.append([counts[letter] for letter in ALPHABET])
        labels.append(label)
        if len(labels) == 1700:
            break
    return parted(np.array(columns, np.float32), np.array(labels), 1100, ("English", "German"))


@cache
def activities() -> Examples:
    """What a telephone in a pocket feels in three seconds, as 27 figures of its three axes: 960 windows to learn from.

    Of each axis mean, deviation, extremes, quartiles, jerk and the strength of the two halves of its spectrum.
    """
    draw = np.random.default_rng(key("grading", "activities"))
    labels, time = draw.integers(0, len(ACTIVITIES), 1440), np.arange(120) / 40
    columns = []
    for label in labels:
        steps, hard, lean = list(ACTIVITIES.values())[label]
        steps, hard = steps * draw.uniform(0.8, 1.25), hard * draw.uniform(0.6, 1.5)
        lean, turn = lean + draw.normal(0, 0.25), draw.normal(0, 0.6)
        beat = 2 * np.pi * (steps * time + draw.uniform())
        along = 1 + hard * (np.sin(beat) + 0.4 * np.sin(2 * beat + draw.uniform(0, 6)))
        aside, ahead = 0.3 * hard * np.sin(beat / 2), 0.5 * hard * np.cos(beat)
        axes = np.stack(
            [
                along * np.cos(lean),
                along * np.sin(lean) * np.cos(turn) + aside,
                along * np.sin(lean) * np.sin(turn) + ahead,
            ]
        ) + draw.uniform(0.02, 0.15) * draw.standard_normal((3, len(time)))
        heard = abs(np.fft.rfft(axes - axes.mean(1, keepdims=True), axis=1))
        jerk = abs(np.diff(axes, axis=1)).mean(1)
        halves = [heard[:, 1:7].mean(1), heard[:, 7:20].mean(1)]
        spread = np.quantile(axes, (0, 0.25, 0.75, 1), axis=1)
        columns.append(np.concatenate([axes.mean(1), axes.std(1), *spread, jerk, *halves]))
    return parted(9.81 * np.array(columns, np.float32), labels, 960, tuple(ACTIVITIES))


@cache
def scripts() -> Examples:
    """Characters by hand, 15 × 15 pixels, and their script (Omniglot, Lake et al. 2015): 1,800 to learn from."""
    with np.load(measured("omniglot") / "images_background_small1.npz") as found:
        packed, characters, names = found["images_packed"], found["label"], found["classes"]
    ink = np.unpackbits(packed, axis=2)[:, :, :105].reshape(-1, 15, 7, 15, 7).mean((2, 4))
    written = [str(name).partition("/")[0] for name in names]
    classes = sorted(set(written))
    labels = np.array([classes.index(script) for script in written])[characters]
    some = np.random.default_rng(key("grading", "scripts")).permutation(len(labels))[:2500]
    pictures = np.rint(255 * (1 - ink[some])).astype(np.uint8)[:, None]
    return parted(pictures, labels[some], 1800, tuple(classes))


@cache
def letters() -> Examples:
    """Eight printed letters, turned, moved, dark on light or light on dark, 16 × 16 pixels: 1,000 to learn from."""
    from PIL import Image, ImageDraw, ImageFont

    draw = np.random.default_rng(key("grading", "letters"))
    labels = draw.integers(0, len(LETTERS), 1500)
    pictures = []
    for label in labels:
        sheet = Image.new("L", (64, 64))
        font = ImageFont.load_default(size=float(draw.uniform(34, 50)))
        middle = tuple(float(value) for value in draw.uniform(27, 37, 2))
        ImageDraw.Draw(sheet).text((middle[0], middle[1]), LETTERS[label], fill=255, font=font, anchor="mm")
        turned = sheet.rotate(float(draw.normal(0, 12)), Image.Resampling.BILINEAR)
        ink = np.asarray(turned.resize((16, 16), Image.Resampling.BOX)) / 255
        ground = draw.uniform(90, 165)
        light = draw.uniform(45, 85) * draw.choice([-1, 1])
        pictures.append(ground + light * ink + draw.normal(0, 14, ink.shape))
    drawn = np.rint(np.stack(pictures).clip(0, 255)).astype(np.uint8)[:, None]
    return parted(drawn, labels, 1000, tuple(LETTERS))


@cache
def middles() -> Examples:
    """The middles of deer, ships and lorries in colour (CIFAR-10, Krizhevsky 2009), 12 × 12 pixels: 1,100 to learn."""
    with tarfile.open(measured("cifar10") / "cifar-10-binary.tar.gz") as archive:
        name = next(name for name in archive.getnames() if name.endswith("data_batch_1.bin"))
        found = archive.extractfile(name)
        assert found is not None
        rows: Array = np.frombuffer(found.read(), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    rows = rows[np.isin(rows[:, 0], list(MIDDLES))][:1500]
    middle = rows[:, 1:].reshape(-1, 3, 32, 32)[:, :, 4:28, 4:28]
    small = middle.reshape(-1, 3, 12, 2, 12, 2).mean((3, 5))
    labels = np.searchsorted(list(MIDDLES), rows[:, 0])
    return parted(np.rint(small).astype(np.uint8), labels, 1100, tuple(MIDDLES.values()))


@cache
def views() -> Examples:
    """Frames from a car (CamVid, Brostow et al. 2009), 20 × 20 pixels: 150 of sky, ground and the rest to learn from.

    The middle of every second frame; road and pavement are ground.
    """
    from PIL import Image

    folder = measured("camvid")
    paths = [(part, path) for part in ("train", "val") for path in sorted((folder / part).iterdir())]
    pictures, masks = [], []
    for part, path in paths[1:430:2]:
        with Image.open(path) as frame, Image.open(folder / f"{part}_labels" / f"{path.stem}.png") as mask:
            frame.draft("RGB", (160, 120))
            pictures.append(np.asarray(frame.convert("RGB").resize((27, 20), Image.Resampling.BOX))[:, 3:23])
            named = np.asarray(mask.resize((27, 20), Image.Resampling.NEAREST))[:, 3:23]
        masks.append(np.where(named == SKY, 1, 2 * np.isin(named, GROUND)))
    return parted(np.stack(pictures).transpose(0, 3, 1, 2), np.stack(masks), 150, ("rest", "sky", "ground"))


@cache
def heating() -> Examples:
    """Gas for the homes of a state in a month (EIA) by the month and past ones, as logarithms: 950 to learn from."""
    found: dict[tuple[str, int], float] = {}
    with gzip.open(measured("energy") / "us_gas_residential_monthly.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            if row["y"] not in ("", "NA") and float(row["y"]) > 0 and row["state"] != "U.S.":
                found[row["state"], int(np.datetime64(row["date"], "M").astype(int))] = float(np.log(float(row["y"])))
    columns, targets = [], []
    for (state, month), used in found.items():
        past = [found.get((state, month - lag)) for lag in (2, 3, 12, 24)]
        if None not in past:
            year = 2 * np.pi * month / 12
            columns.append([np.sin(year), np.cos(year), *past])
            targets.append(used)
    some = np.random.default_rng(key("grading", "heating")).permutation(len(targets))[:1450]
    return parted(np.array(columns, np.float32)[some], np.array(targets, np.float32)[some], 950)


@cache
def renewables() -> Examples:
    """Days of a country's power: used, and made of wind and sun, in deviations (OPSD, Germany): 1,250 to learn from."""
    with gzip.open(measured("energy") / "opsd_germany_daily.csv.gz", "rt") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Wind"] and row["Solar"]]
    columns = np.array([[float(row[name]) for name in ("Consumption", "Wind", "Solar")] for row in rows])
    free = (np.array([row["Date"] for row in rows], "datetime64[D]").astype(np.int64) + 3) % 7 >= 5
    columns[:, 1:] **= 0.5  # a root makes them less lopsided
    scaled = (columns - columns.mean(0)) / columns.std(0)
    some = np.random.default_rng(key("grading", "renewables")).permutation(len(rows))[:1900]
    return parted(scaled[some].astype(np.float32), free[some].astype(np.int64), 1250, ("working", "free"))
