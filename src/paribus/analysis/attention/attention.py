"""The analysis: maps of single pictures, and their certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from paribus.analysis.attention import layers
from paribus.analysis.attention.certificate import FEWEST, certify
from paribus.analysis.attention.methods import OF_LAYERS, Method, Way
from paribus.analysis.attention.question import Question, refuse_training, shares
from paribus.analysis.attention.records import Attention, Certificate, Map
from paribus.analysis.attention.shown import picture_of, values_of
from paribus.analysis.filters import smoothed
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import DataError, RecipeError, nearest
from paribus.inference.trained import SplitName, Trained, prepared_with
from paribus.tasks.pictures import decoded

Empty = Literal["mean", "black", "blur"]
BLUR = 8  # of the shorter side of a picture: the deviation of the blur
Row = Annotated[int, Field(ge=0)]


def attention(
    trained: Trained,
    *,
    method: Method = "gradcam",
    layer: str = "",
    split: SplitName = "val",
    rows: tuple[Row, ...] = (),
    pictures: Path | None = None,
    label: str | int = "",
    shown: Annotated[int, Field(ge=1, le=32)] = 4,
    tested: Annotated[int, Field(ge=0)] = 24,
    empty: Empty = "mean",
) -> Attention:
    """Where a network looks, and whether maps of that kind can be believed.

    Args:
        trained: the network.
        method: how maps are made: gradcam, cam, gradcam++, integrated_gradients or occlusion.
        layer: that maps are taken from; the last convolutional one larger than 1×1 by default.
        split: the part of the data.
        rows: pictures by where they stand in the data set; by default some of the split, a wrong answer among them.
        pictures: a picture file, or a folder of them, instead.
        label: the class that maps are about, by name or number; by default the predicted one, and the true one.
        shown: how many pictures have their maps shown, of those that are not named.
        tested: how many pictures of the split the certificate rests on; 0 makes none.
        empty: what stands for a picture that shows nothing: the mean of the data, black, or the picture blurred.

    Raises:
        DataError: if the data are no pictures, or the layer has no maps, or maps of 1×1, or was overwritten in place.
        RecipeError: if there is no such layer, class or picture.
    """
    _check(trained)
    prepared = prepared_with(trained, split)
    pool = _spread(prepared.rows[split], max(shown, tested))
    samples = _samples(prepared, pool)
    layer = layers.choose(trained.network, samples.inputs[:1], layer, method == "cam") if method in OF_LAYERS else ""
    ask = _Asker(trained, method, layer, empty)
    chosen = _chosen(ask, prepared, split, samples, rows, pictures, shown)
    maps = tuple(one for part in chosen.parts() for one in ask.maps(part, label))
    certificate, untested = ask.certificate(samples.take(slice(0, tested)))
    return Attention(method, layer, split, empty, maps, certificate, untested)


def _check(trained: Trained) -> None:
    """Refuse what is no picture, and a network in training mode."""
    shape = trained.info.input_shape
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise DataError("maps are of pictures with 1 or 3 channels", got=f"inputs of shape {shape}")
    refuse_training(trained.network)


@dataclass(frozen=True)
class Samples:
    """Pictures, and what is known of them.

    Args:
        inputs: (B, C, H, W) float32, stored values.
        places: what each is called.
        targets: (B,) classes, (B, H, W) of pixels; ``None`` where they are not known.
    """

    inputs: Tensor
    places: tuple[str, ...]
    targets: Tensor | None

    def take(self, which: slice) -> Samples:
        """Some of them."""
        return Samples(self.inputs[which], self.places[which], None if self.targets is None else self.targets[which])

    def parts(self) -> Iterator[Samples]:
        """One after another."""
        return (self.take(slice(place, place + 1)) for place in range(len(self.places)))


class _Asker:
    """What is asked of one network in one way."""

    def __init__(self, trained: Trained, method: Method, layer: str, empty: Empty) -> None:
        self.trained, self.task, self.network = trained, trained.task, trained.network
        self.method, self.layer, self.empty = method, layer, empty
        self.classes = trained.info.classes

    def way(self, inputs: Tensor) -> Way:
        """The way for some pictures."""
        return Way(self.method, self.layer, empty_of(self.trained, inputs, self.empty))

    def question(self, samples: Samples, label: int | None = None, truly: bool = False) -> Question:
        """Why a class? That is said, or that is true, or this one.

        Where pixels have classes, it is asked of those that are said to be, or truly are, of the class; the class is by
        default the one that takes up more of the picture than of the training data, by the largest share.
        """
        with torch.no_grad():
            said = self.task.predict(self.network, samples.inputs).argmax(1)
        classes = samples.targets.long() if truly and samples.targets is not None else said
        if classes.ndim == 1:
            return Question(samples.inputs, classes if label is None else torch.full_like(classes, label))
        if label is None:
            picked = _typical(classes, self.trained.info.class_counts)
        else:
            picked = torch.full((len(classes),), label)
        return Question(samples.inputs, picked, classes == picked[:, None, None])

    def maps(self, sample: Samples, label: str | int) -> Iterator[Map]:
        """The maps of one picture: of the class that is asked for, or of the predicted and the true one."""
        if label != "":
            yield self.map(sample, self.question(sample, _class(label, self.classes)), "asked for")
            return
        said = self.question(sample)
        truth = self.question(sample, truly=True) if sample.targets is not None else said
        same = bool((truth.classes == said.classes).all()) and truth.where is None
        yield self.map(sample, said, "predicted and true" if same and sample.targets is not None else "predicted")
        if not same:
            yield self.map(sample, truth, "true")

    def map(self, sample: Samples, question: Question, role: str) -> Map:
        """One map, with its figures."""
        way = self.way(question.inputs)
        found = way.maps(self.network, question)
        raw, targets = found.raw[0], sample.targets
        height, width = raw.shape
        nobody = question.where is not None and not bool(question.where.any())
        return Map(
            sample.places[0],
            self.classes[int(targets[0])] if targets is not None and targets.ndim == 1 else "",
            self.classes[int(question.classes[0])],
            role,
            float(question.read(found.outputs)[0]),
            float(shares(self.task, self.network, question)[0]),
            0 if question.where is None else int(question.where.sum()),
            float(raw.min()),
            float(raw.max()),
            (height, width),
            float((raw < 0).float().mean()),
            None if found.gap is None else float(found.gap[0]),
            "no pixel is of this class" if nobody else refusal(raw),
            values_of(raw),
            picture_of(sample.inputs[0]),
        )

    def certificate(self, samples: Samples) -> tuple[Certificate | None, str]:
        """The certificate of some pictures, or why there is none."""
        if not samples.places:
            return None, "no picture was to be tested"
        question = self.question(samples)
        maps = self.way(question.inputs).maps(self.network, question)
        sound = torch.tensor([not refusal(raw) for raw in maps.raw])
        left_out = len(sound) - int(sound.sum())
        if sound.sum() < FEWEST:
            known = f"{int(sound.sum())} of {len(sound)} pictures have a map that shows something"
            return None, f"a certificate needs at least {FEWEST}: {known}"
        question = question.take(sound)
        labels = [self.classes[one] for one in question.classes.tolist()]
        return certify(self.task, self.network, question, self.way(question.inputs), labels, left_out), ""


def refusal(raw: Tensor) -> str:
    """Why a raw map (h, w) shows nothing; empty where it does."""
    if not bool(raw.isfinite().all()):
        return "it is not finite: NaN or infinity"
    if not bool((raw > 0).any()):
        return "it is nowhere positive: no place speaks for the class"
    return ""


def empty_of(trained: Trained, inputs: Tensor, kind: Empty) -> Tensor:
    """Pictures that show nothing, in stored values, for pictures (B, C, H, W)."""
    if kind == "blur":
        spread = max(1.0, min(inputs.shape[2:]) / BLUR)
        return torch.stack([smoothed(one, spread) for one in inputs.cpu()]).to(inputs)
    mean = trained.info.mean if kind == "mean" and trained.info.mean else (0.0,) * inputs.shape[1]
    return torch.tensor(mean, dtype=inputs.dtype, device=inputs.device).view(-1, 1, 1)


def _typical(classes: Tensor, counts: Sequence[int]) -> Tensor:
    """The class of each picture's pixels (B, H, W) that takes up more of it than of the training data by most: (B,)."""
    usual = torch.tensor(counts, dtype=torch.float64)
    known = [one[one < len(usual)] for one in classes]
    shares = [one.bincount(minlength=len(usual)).double() / max(1, one.numel()) for one in known]
    return torch.stack([(share - usual / usual.sum()).argmax() for share in shares]).to(classes.device)


def _chosen(
    ask: _Asker,
    prepared: PreparedData,
    split: str,
    samples: Samples,
    rows: Sequence[int],
    pictures: Path | None,
    shown: int,
) -> Samples:
    """The pictures whose maps are shown."""
    if rows and pictures is not None:
        raise RecipeError("pictures are named by rows or by files", got=f"rows={list(rows)}, pictures={pictures}")
    if pictures is not None:
        return _files(ask.trained, pictures)
    if rows:
        if strange := sorted(set(rows) - set(prepared.rows[split].tolist())):
            hint = "rows of examples stand in: paribus explain RUN examples; or set another split"
            raise RecipeError(f"this row is not in the {split} split", got=strange[0], hint=hint)
        return _samples(prepared, torch.tensor(rows))
    return _with_a_mistake(ask, samples, shown)


def _with_a_mistake(ask: _Asker, samples: Samples, shown: int) -> Samples:
    """The first pictures; the last of them is one that the network gets wrong, where there is one."""
    places = list(range(len(samples.places)))
    if samples.targets is not None and samples.targets.ndim == 1:
        wrong = (ask.question(samples).classes != samples.targets).nonzero().flatten().tolist()
        places = [place for place in places if place not in wrong[:1]][: shown - bool(wrong)] + wrong[:1]
    which = places[:shown]
    targets = None if samples.targets is None else samples.targets[which]
    return Samples(samples.inputs[which], tuple(samples.places[place] for place in which), targets)


def _samples(prepared: PreparedData, rows: Tensor) -> Samples:
    """Pictures of a data set."""
    inputs, targets = prepared.examples.take(rows.to(prepared.examples.device))
    return Samples(inputs.float(), tuple(f"example {row}" for row in rows.tolist()), targets)


def _files(trained: Trained, path: Path) -> Samples:
    """Pictures from files, decoded as in training."""
    from paribus.inference.predict import expanded

    files = expanded([path])
    pixels, problems = decoded(files, trained.info)
    for file, problem in problems.items():
        raise DataError(problem, got=str(file))
    return Samples(pixels.float(), tuple(file.name for file in files), None)


def _spread(rows: Tensor, count: int) -> Tensor:
    """Some rows of a split, spread evenly: in some data sets the classes lie one behind the other."""
    count = min(count, len(rows))
    return rows[torch.arange(count) * len(rows) // max(1, count)]


def _class(label: str | int, classes: Sequence[str]) -> int:
    """The number of a class that is named, or numbered."""
    if str(label) in classes:
        return classes.index(str(label))
    if isinstance(label, int) and 0 <= label < len(classes):
        return label
    raise RecipeError("there is no class of this name", got=label, hint=nearest(str(label), classes))
