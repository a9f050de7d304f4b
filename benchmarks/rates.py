"""How often are verdicts on real trainings wrong? ``python -m benchmarks.rates FOLDER`` trains, and prints the table.

Small networks are compared on data sets that are drawn anew.

*Sides*: one sees the left half of every picture, the other the right half, mirrored. Every picture was itself mirrored
or not by the toss of a coin, so over data sets both are equally good, exactly, whatever the pictures show; on any one
data set one of them may be better. A verdict "better" or "worse" about data like these is therefore always false, and
one about these data need not be.

*Starts*: the two differ in the draw of their first weights alone, so they are equally good on every data set, and such
a verdict is always false.

What was trained stays in ``FOLDER/rates.jsonl``, one line for each data set: the command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import paribus as pb
from paribus.data.sources.images.idx import pairs
from paribus.data.sources.masks.shapes import INSIDE, outline
from paribus.evidence import judge_family, mean_interval
from paribus.evidence.simulation import alarm
from paribus.files import append_line, read_lines
from paribus.studies.executors.job import Event

Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]  # (N, H, W) and their classes (N,)
SOURCES = ("shapes", "digits", "fashion-mnist")
SEEDS = (3, 5, 10)


class Half(nn.Module):
    """A perceptron with one hidden layer that sees one half of a picture.

    Args:
        input_shape: shape of one picture.
        num_classes: how many classes there are.
        side: which half; the right one is mirrored, so that both halves have their outer edge on the left.
        start: a name of the layers, by which their first weights are drawn.
        width: units of the hidden layer.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_classes: int,
        side: Literal["left", "right"] = "left",
        start: Literal["one", "two"] = "one",
        width: int = 16,
    ) -> None:
        super().__init__()
        channels, height, columns = input_shape
        self.side, self.half = side, columns // 2
        layers = nn.Linear(channels * height * self.half, width), nn.ReLU(), nn.Linear(width, num_classes)
        self.layers = nn.ModuleDict({start: nn.Sequential(*layers)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x if self.side == "left" else x.flip(-1)
        [layers] = self.layers.values()
        logits: torch.Tensor = layers(seen[..., : self.half].flatten(1))
        return logits


def main() -> None:
    """Train until there are as many data sets as asked for, or the time is over; then print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.rates", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sources", nargs="+", default=SOURCES, choices=SOURCES)
    parser.add_argument("--data-sets", type=int, default=400, help="of each source")
    parser.add_argument("--examples", type=int, default=300, help="of each data set")
    parser.add_argument("--minutes", type=float, default=60.0, help="after which no further data set is begun")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    file, until = arguments.folder / "rates.jsonl", time.monotonic() + 60 * arguments.minutes
    known = {(row["source"], row["number"], row["examples"]) for row in read_lines(file)[0]}
    for number in range(arguments.data_sets):
        for source in arguments.sources:
            if (source, number, arguments.examples) not in known and time.monotonic() < until:
                append_line(file, study(source, number, arguments.examples))
    print("\n".join(table(read_lines(file)[0])))


def study(source: str, number: int, examples: int) -> dict[str, Any]:
    """One study with as many seeds as any row of the table needs, as a row of the file."""
    pictures, classes = drawn(source, np.random.default_rng([number, SOURCES.index(source)]), examples)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARIBUS_CACHE"] = folder  # every data set is used once
        data = pb.Data(pictures[:, None], classes)
        comparison = pb.Study(
            "digits/mlp",
            vary={"model.side": ["left", "right"], "model.start": ["one", "two"]},
            layout="one-at-a-time",
            changes={"data": data, "model": Half, "split": {"val": 0.3, "test": 0.0}},
            seeds=max(SEEDS),
            epochs=12,
            runs=folder,
        )
        sides, starts = comparison.run(jobs=1, listen=_ignore).effects
    return {
        "source": source,
        "number": number,
        "examples": examples,
        "sides": sides.judged.estimate.per_seed,
        "starts": starts.judged.estimate.per_seed,
        "overlap": sides.claims["like-these"].estimate.overlap,
    }


def drawn(source: str, rng: np.random.Generator, examples: int) -> Pictures:
    """A data set of its own: some examples of a source, each mirrored or not."""
    pictures, classes = _shapes(rng, examples) if source == "shapes" else _some(*_all(source), rng, examples)
    mirrored = rng.random(examples) < 0.5
    return np.where(mirrored[:, None, None], pictures[..., ::-1], pictures), classes


def _some(pictures: NDArray[np.uint8], classes: NDArray[np.int64], rng: np.random.Generator, examples: int) -> Pictures:
    chosen = rng.choice(len(pictures), examples, replace=False)
    return pictures[chosen], classes[chosen]


def _shapes(rng: np.random.Generator, examples: int, size: int = 12) -> Pictures:
    """Discs, squares, triangles and rings in noise."""
    classes = rng.integers(len(INSIDE), size=examples)
    shapes = np.stack([outline(rng, [*INSIDE][one], size) for one in classes])  # (N, size, size)
    return (80 + 100 * shapes + rng.normal(0, 15, shapes.shape)).clip(0, 255).astype(np.uint8), classes


def _all(source: str) -> Pictures:
    if source not in _read:
        _read[source] = _digits() if source == "digits" else _fashion()
    return _read[source]


_read: dict[str, Pictures] = {}


def _digits() -> Pictures:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target


def _fashion() -> Pictures:
    folder = Path(os.environ["PARIBUS_DATA"], "fashion_mnist")
    parts = pairs(folder / "train-images-idx3-ubyte.gz", folder / "train-labels-idx1-ubyte.gz")
    pictures, classes = zip(*parts, strict=True)
    return np.concatenate(pictures), np.concatenate(classes).astype(np.int64)


def _ignore(event: Event) -> None:
    pass


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The rate of false words for every source and number of seeds, judged from the recorded differences."""
    columns = {
        "sides, about data like these": ("sides", True),
        "sides, as if seeds were independent": ("sides", False),
        "starts, about data like these": ("starts", True),
        "starts, about these data": ("starts", False),
    }
    yield f"| source | data sets | seeds | {' | '.join(columns)} |"
    yield "|---" * (3 + len(columns)) + "|"
    for source in (*SOURCES, "all"):
        studies = [row for row in rows if source in (row["source"], "all")]
        for n in SEEDS if studies else ():
            cells = [_rate([wrong(row, what, n, overlap) for row in studies]) for what, overlap in columns.values()]
            yield f"| {source} | {len(studies)} | {n} | {' | '.join(cells)} |"


def wrong(row: dict[str, Any], what: str, n: int, overlap: bool) -> bool:
    """Whether the first n seeds of a study would have said better or worse."""
    step = 1 / round(0.3 * row["examples"])
    estimate = mean_interval(row[what][:n], resolution=step, overlap=row["overlap"] if overlap else 0.0)
    [judged] = judge_family([estimate], delta=None, higher_is_better=True)
    return alarm(judged)


def _rate(found: Sequence[bool]) -> str:
    """A share with its 95 % interval (Wilson)."""
    from scipy.stats import binomtest

    ends = binomtest(sum(found), len(found)).proportion_ci(0.95, "wilson")
    return f"{sum(found) / len(found):.3f} [{ends.low:.3f}, {ends.high:.3f}]"


if __name__ == "__main__":
    main()
