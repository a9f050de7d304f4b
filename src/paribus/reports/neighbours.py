"""The page about nearest neighbours: accuracy by k, bias and variance, and the neighbours themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records import wording
from paribus.records.wording import clean, count, percent
from paribus.reports.page import Answer, Card, Figure, Page, Row, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.neighbours import Curve, Neighbourhood, Neighbours
    from paribus.evidence import Estimate
    from paribus.evidence.proportion import Proportion


def neighbours_page(record: Neighbours) -> Page:
    """What nearest neighbours know."""
    from paribus.plots import neighbours as plots

    sure = percent(record.confidence)
    sections = (
        Section(
            text=tuple(f"{clean(curve.says)}." for curve in record.curves),
            figure=Figure("neighbours-accuracy", plots.accuracy(record), "Accuracy by the number of neighbours."),
            tables=tuple(_by_k(record, curve) for curve in record.curves),
            notes=(
                f"Brackets: {sure} intervals over the examples (Wilson). The best k was chosen on these very examples, "
                "so its accuracy is a little too good.",
                "A training example is its own nearest neighbour: with k = 1 all are right, unless equal ones have "
                "different labels. With all training examples as neighbours the answer is the largest class.",
            ),
        ),
        Section(
            "Bias and variance by k",
            (
                "Few neighbours: answers that depend on which training examples happened to be there. Many: the same "
                "answer whatever the training set, right or wrong.",
            ),
            Figure("neighbours-bias-variance", plots.bias_variance(record), "Bias and variance by k."),
            notes=(
                f"{count(record.draws, 'training set')} of {record.redrawn:,} examples, drawn with replacement. "
                "Parts of the 0-1 loss: Domingos (2000), A unified bias-variance decomposition and its applications.",
            ),
        ),
        *_shown(record),
    )
    whole = (
        f"{count(record.examples, 'example')} of the {wording.SPLITS[record.split]} split, neighbours among "
        f"{record.train:,} training examples, Euclidean distances."
    )
    question = "What do the nearest neighbours of an example say?"
    return Page("Analysis", "neighbours", question, tuple(_answers(record)), summary=whole, sections=sections)


def _answers(record: Neighbours) -> Iterator[Answer]:
    for curve in record.curves:
        place = max(range(len(record.ks)), key=lambda place: curve.accuracy[place].value)
        about = f"{clean(curve.layer)}, best k = {record.ks[place]}"
        beside = f"k = 1: {share(curve.accuracy[0])}" if place else ""
        yield Answer(about, share(curve.accuracy[place]), beside=beside)
    yield Answer("the network itself, on the same examples", share(record.network))


def _by_k(record: Neighbours, curve: Curve) -> Table:
    heads = (
        f"k, {clean(curve.layer)}", "accuracy", "training", "error, sets redrawn", "bias", "variance: harm",
        "variance: help",
    )  # fmt: skip
    rows = tuple(
        (
            f"{k:,}",
            share(accuracy),
            wording.share(own),
            *(wording.share(part) for part in (errors.error, errors.bias, errors.unbiased, errors.biased)),
        )
        for k, accuracy, own, errors in zip(record.ks, curve.accuracy, curve.train, curve.errors, strict=True)
    )
    return Table(heads, rows, "r" * len(heads), data=lambda: _data(record, curve))


def _data(record: Neighbours, curve: Curve) -> list[Row]:
    return [
        {
            "layer": curve.layer,
            "k": k,
            "accuracy": accuracy.value,
            "low": accuracy.low,
            "high": accuracy.high,
            "training accuracy": own,
            "error": errors.error,
            "bias": errors.bias,
            "unbiased variance": errors.unbiased,
            "biased variance": errors.biased,
        }
        for k, accuracy, own, errors in zip(record.ks, curve.accuracy, curve.train, curve.errors, strict=True)
    ]


def _shown(record: Neighbours) -> Iterator[Section]:
    for curve in record.curves if record.shown else ():
        text = "Each example, then the training examples nearest to it. The network is wrong about the first ones."
        cards = tuple(_card(one, curve.layer) for one in record.shown)
        note = "Distances are in units of the median one between an example and a training example."
        yield Section(f"Neighbours: {clean(curve.layer)}", (text,), cards=cards, notes=(note,))


def _card(one: Neighbourhood, layer: str) -> Card:
    near, example = one.neighbours[layer], one.example
    right = example.name == one.said
    said = f"{one.said}, rightly" if right else f"{one.said}, in truth {example.name}"
    lines = (
        f"example {example.row}: the network says {clean(said)}",
        "neighbours: " + ", ".join(f"{clean(other.name)} ({other.distance:.2f})" for other in near),
    )
    pictures = tuple(filter(None, (example.picture, *(other.picture for other in near))))
    return Card(pictures, lines, "better" if right else "worse")


def share(interval: Proportion | Estimate) -> str:
    """A share with its interval: ``91.2 % [89.0, 93.1]``."""
    return f"{100 * interval.value:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
