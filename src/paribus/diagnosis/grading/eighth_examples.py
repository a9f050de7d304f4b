"""Examples of the hosts of the eighth grading, most of them measured and read from PARIBUS_DATA."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from paribus.chance import key
from paribus.diagnosis.grading.examples import Array, Examples, measured, parted

if TYPE_CHECKING:
    from PIL.Image import Image

DAYS = ("mild", "winter", "summer", "mild, free", "winter, free", "summer, free")  # free: on a Saturday or Sunday
MACHINES = {"sound": 0.0, "outer race": 3.6, "inner race": 5.4, "ball": 2.3, "loose": 1.0}  # knocks in a turn
CALLS = ("tone", "rise", "fall", "warble", "clicks", "hum", "hiss")
DAMAGES = ("as taken", "blurred", "noisy", "compressed", "shaken")
PIECE = 18  # pixels
HOUSEHOLD = ("Global_active_power", "Global_reactive_power", "Voltage", "Sub_metering_3")


@cache
def days() -> Examples:
    """The load of a town in the hours of a day, in MW (PJM Dayton), and which sort of day it was: 1,100 to learn."""
    hours: dict[str, list[float]] = defaultdict(list)
    with gzip.open(measured("energy") / "dayton_hourly_2004_2013.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            hours[row["datetime"][:10]].append(float(row["mw"]))
    whole = [date for date, loads in hours.items() if len(loads) == 24]
    dates = np.array(whole, "datetime64[D]")
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    season = np.isin(month, [12, 1, 2]) + 2 * np.isin(month, [6, 7, 8])
    free = (dates.astype(np.int64) + 3) % 7 >= 5
    some = np.random.default_rng(key("grading", "days")).permutation(len(whole))[:1800]
    columns = np.array([hours[date] for date in whole], np.float32)
    return parted(columns[some], (season + 3 * free)[some].astype(np.int64), 1100, DAYS)


@cache
def bearings() -> Examples:
    """The envelope of a machine's vibration in 32 bands up to eight times its turning, and its fault: 900 to learn.

    Each knock rings at a tone of the housing and dies away; turning, strength and noise differ from machine to machine.
    """
    draw = np.random.default_rng(key("grading", "bearings"))
    labels, time = draw.integers(0, len(MACHINES), 1350), np.arange(2048) / 2048 * 8  # turns, give or take
    columns = []
    for label in labels:
        turns = time * draw.uniform(0.93, 1.07)
        heard = draw.normal(0, 1, len(time)) + draw.uniform(0.2, 0.8) * np.sin(2 * np.pi * (turns + draw.uniform()))
        knocks = list(MACHINES.values())[label]
        if knocks:
            since = (turns * knocks + draw.uniform()) % 1 / knocks
            strength = draw.uniform(1.2, 3.2) * (1 + (label == 2) * np.sin(2 * np.pi * turns))
            heard += strength * np.exp(-since * 14) * np.sin(2 * np.pi * since * 60)
        bands = abs(np.fft.rfft(abs(heard) - abs(heard).mean()))[1:65] / len(time)
        columns.append(bands.reshape(32, 2).max(1))
    return parted(np.array(columns, np.float32), labels, 900, tuple(MACHINES))


@cache
def plates() -> Examples:
    """Number plates of cars, or something else of the same street, in colour, 16 × 32 pixels: 924 to learn from.

    Two views of each plate and two of what stands elsewhere in the photograph, of which a quarter validates.
    """
    from PIL import Image

    draw = np.random.default_rng(key("grading", "plates"))
    views: list[tuple[Array, int, bool]] = []
    for land in ("eu", "us"):
        with (measured("plates") / f"{land}.csv").open() as lines:
            rows = list(csv.DictReader(lines))
        for row in rows:
            x, y, w, h = (float(row[name]) for name in "xywh")
            validates = draw.random() < 0.25
            with Image.open(measured("plates") / land / row["file"]) as photograph:
                photograph.draft("RGB", (photograph.width // 2, photograph.height // 2))
                views += [
                    (_view(photograph, middle, wide), label, validates)
                    for middle, wide, label in _windows((x + w / 2, y + h / 2), w, draw)
                ]
    pictures, labels = np.stack([view for view, _, _ in views]), np.array([label for _, label, _ in views])
    later = np.array([validates for _, _, validates in views])
    order = draw.permutation(len(views))
    first, second = order[~later[order]], order[later[order]]
    return Examples(pictures[first], labels[first], pictures[second], labels[second], ("street", "plate"))


def _windows(
    plate: tuple[float, float], width: float, draw: np.random.Generator
) -> list[tuple[tuple[float, float], float, int]]:
    """Middle, width and label of two windows over a plate and of two that do not touch it."""
    found: list[tuple[tuple[float, float], float, int]] = []
    while len(found) < 2:
        wide = width * draw.uniform(1.15, 1.5)
        found.append(
            ((plate[0] + draw.uniform(-0.08, 0.08) * width, plate[1] + draw.uniform(-0.08, 0.08) * width), wide, 1)
        )
    while len(found) < 4:
        wide = width * draw.uniform(0.9, 1.5)
        middle = draw.uniform(wide / 2, 512 - wide / 2), draw.uniform(wide / 4, 384 - wide / 4)
        if abs(middle[0] - plate[0]) > (wide + width) / 2 or abs(middle[1] - plate[1]) > (wide + width) / 4:
            found.append((middle, wide, 0))
    return found


def _view(photograph: Image, middle: tuple[float, float], wide: float) -> Array:
    """A window of a photograph of 512 × 384, half as high as wide, in 16 × 32 pixels."""
    from PIL import Image

    share = photograph.width / 512
    x, y = middle
    left, top, wide, high = (round(share * value) for value in (x - wide / 2, y - wide / 4, wide, wide / 2))
    cut = photograph.convert("RGB").crop((left, top, left + wide, top + high))
    return np.asarray(cut.resize((32, 16), Image.Resampling.BOX)).transpose(2, 0, 1)


@cache
def calls() -> Examples:
    """What a microphone hears, as pictures of 20 tones by 20 moments, of seven sorts under noise: 1,000 to learn."""
    draw = np.random.default_rng(key("grading", "calls"))
    labels, time = draw.integers(0, len(CALLS), 1500), np.linspace(0, 1, 840)
    pictures = np.zeros((len(labels), 20, 20))
    for place, label in enumerate(labels):
        pitch, phase = draw.uniform(60, 140), draw.uniform(0, 2 * np.pi)
        sweep, wave = draw.uniform(70, 140) * (time - 0.5), draw.uniform(25, 45) * np.sin(2 * np.pi * 3 * time + phase)
        run = {1: sweep, 2: -sweep, 3: wave}.get(int(label), 0 * time)
        whole = 2 * np.pi * np.cumsum(pitch + run) / len(time)
        heard = np.sin(whole)
        if CALLS[label] == "clicks":
            heard = 5.0 * ((time * draw.uniform(4, 7) + phase) % 1 < 0.012)
        if CALLS[label] == "hum":
            heard = np.sin(np.outer([0.5, 1, 1.5, 2], whole)).sum(0) / 2
        if CALLS[label] == "hiss":
            heard = np.sin(whole + np.cumsum(draw.normal(0, 0.6, len(time))))
        heard = heard * draw.uniform(0.5, 1.5) + draw.normal(0, 0.8, len(time))
        frames = np.stack([heard[start : start + 40] for start in range(0, 800, 40)]) * np.hanning(40)
        pictures[place] = np.log(abs(np.fft.rfft(frames, axis=1))[:, 1:21].T + 0.3)
    drawn = np.rint((70 + 45 * pictures).clip(0, 255)).astype(np.uint8)
    return parted(drawn[:, None], labels, 1000, CALLS)


@cache
def photographs() -> Examples:
    """Pieces of photographs (BSDS, Martin et al. 2001), 18 × 18 pixels, and what befell them: 960 to learn from."""
    from PIL import Image, ImageFilter

    draw = np.random.default_rng(key("grading", "photographs"))
    shake = ImageFilter.Kernel((5, 5), [0] * 10 + [1] * 5 + [0] * 10)
    pieces, labels = [], []
    for path in sorted((measured("denoise") / "train180").iterdir()):
        with Image.open(path) as photograph:
            grey = photograph.convert("L")
        blurred = grey.filter(ImageFilter.GaussianBlur(draw.uniform(1.0, 2.0)))
        sharp = np.asarray(grey, np.float64)
        seen = [np.asarray(one, np.float64) for one in (grey, blurred, grey, _compressed(grey), grey.filter(shake))]
        for label in draw.integers(0, len(DAMAGES), 6):
            corners = draw.integers(0, np.array(sharp.shape) - PIECE, (8, 2))
            top, left = max(corners, key=lambda at: sharp[at[0] :, at[1] :][:PIECE, :PIECE].std())  # no plain sky
            piece = seen[label][top : top + PIECE, left : left + PIECE]
            piece = piece + draw.uniform(12, 25) * draw.standard_normal(piece.shape) * (DAMAGES[label] == "noisy")
            pieces.append(np.rint(piece.clip(0, 255)).astype(np.uint8)[None])
            labels.append(label)
    pictures, classes, train = np.stack(pieces), np.array(labels), 6 * 160  # of 160 photographs
    order = draw.permutation(train)
    return Examples(pictures[:train][order], classes[:train][order], pictures[train:], classes[train:], DAMAGES)


def _compressed(picture: Image) -> Image:
    """What JPEG leaves of a picture at a low quality."""
    from PIL import Image

    stored = BytesIO()
    picture.save(stored, "JPEG", quality=12)
    return Image.open(stored).copy()


@cache
def tubes() -> Examples:
    """Chests under X-rays, 28 × 28 pixels, with a tube drawn across: 160 of body or tube to learn from."""
    from PIL import Image

    draw = np.random.default_rng(key("grading", "tubes"))
    paths = sorted(path for part in ("train", "test") for path in (measured("xray") / part).rglob("*.jpg"))
    y, x = np.mgrid[:28, :28]
    steps = np.linspace(0, 1, 60)[:, None]
    pictures, masks = [], []
    for path in paths:
        with Image.open(path) as film:
            chest = np.asarray(film.convert("L").resize((28, 28), Image.Resampling.BOX)).astype(np.float64)
        start, bend, end = draw.uniform((0, 7), (4, 21)), draw.uniform(7, 21, 2), draw.uniform((17, 4), (26, 24))
        way = (1 - steps) ** 2 * start + 2 * steps * (1 - steps) * bend + steps**2 * end
        off = np.sqrt(((y[..., None] - way[:, 0]) ** 2 + (x[..., None] - way[:, 1]) ** 2).min(-1))
        bright = draw.uniform(45, 80) * np.clip(1.8 - off, 0, 1)
        pictures.append(np.rint((0.8 * chest + bright + draw.normal(0, 5, off.shape)).clip(0, 255)).astype(np.uint8))
        masks.append(off < 1.3)
    return parted(np.stack(pictures)[:, None], np.stack(masks).astype(np.int64), 160, ("body", "tube"))


@cache
def country() -> Examples:
    """What a country uses in a day, in GWh, by weekday, season and days before (OPSD, Germany): 1,000 to learn from."""
    with gzip.open(measured("energy") / "opsd_germany_daily.csv.gz", "rt") as lines:
        rows = [(row["Date"], float(row["Consumption"])) for row in csv.DictReader(lines)]
    dates, values = np.array([date for date, _ in rows], "datetime64[D]"), np.array([value for _, value in rows])
    number = dates.astype(np.int64)
    year = 2 * np.pi * number / 365.25
    weekday = np.eye(7)[(number + 3) % 7]
    past = np.stack([np.roll(values, lag) for lag in (2, 3, 7, 14)], 1)
    columns = np.concatenate([np.sin(year)[:, None], np.cos(year)[:, None], weekday, past], 1)[14:]
    some = np.random.default_rng(key("grading", "country")).permutation(len(columns))[:1500]
    return parted(columns[some].astype(np.float32), values[14:][some].astype(np.float32), 1000)


@cache
def options() -> Examples:
    """What an option to buy is worth (Black & Scholes 1973) by five figures and one that says nothing: 900 to learn.

    Prices are those of a market that is half a dollar off.
    """
    from scipy.special import ndtr

    draw = np.random.default_rng(key("grading", "options"))
    low, high = np.array([[70, 70, 0.1, 0.0, 0.1], [130, 130, 2.0, 0.08, 0.6]])
    columns = draw.uniform(low, high, (1350, 5))
    stock, strike, years, rate, swing = columns.T
    wide = swing * np.sqrt(years)
    far = (np.log(stock / strike) + (rate + swing**2 / 2) * years) / wide
    worth = stock * ndtr(far) - strike * np.exp(-rate * years) * ndtr(far - wide) + draw.normal(0, 0.5, len(columns))
    volume = draw.lognormal(8, 1, (len(columns), 1))
    return parted(np.concatenate([columns, volume], 1).astype(np.float32), worth.astype(np.float32), 900)


@cache
def household() -> Examples:
    """Days of a household's power by four meters, in deviations, working or free (UCI, Hebrail & Berard): 1,100."""
    with gzip.open(measured("energy") / "household_power_daily.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))
    columns = np.array([[float(row[name]) for name in HOUSEHOLD] for row in rows])
    free = (np.array([row["datetime"] for row in rows], "datetime64[D]").astype(np.int64) + 3) % 7 >= 5
    whole = columns[:, 2] > 330_000  # minutes × volts
    columns, labels = columns[whole], free[whole].astype(np.int64)
    scaled = (columns - columns.mean(0)) / columns.std(0)
    return parted(scaled.astype(np.float32), labels, 1100, ("working", "free"))
