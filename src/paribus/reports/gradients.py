"""The gradient on its way back, as a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from paribus.records.wording import clean, count
from paribus.reports.page import Answer, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.gradients import Gradients

BOUND = (
    "the bound is the gradient at the end of the chain of blocks times the largest singular values of the Jacobians of "
    "the blocks between, for the first example; skip connections are within the blocks"
)


def gradients_page(record: Gradients) -> Page:
    """Whether the gradient vanishes or explodes, layer by layer."""
    from paribus.plots.gradients import gradients

    steps = len(record.layers) - 1
    each = record.reach ** (1 / steps) if record.reach > 0 else math.nan
    by = f"× {each:.2g} from layer to layer" if not math.isnan(each) else "nothing arrives"
    finding = f"at the first layer {record.reach:.2g} times that at the last, {by}"
    heads = ("layer", "‖∂loss/∂h‖", "‖∂loss/∂W‖", "first example", "bound")
    rows = tuple(
        (clean(one.name), f"{one.activation:.2g}", *map(_known, (one.weight, one.ratio, one.bound)))
        for one in record.layers
    )
    about = f"means over {count(record.examples, 'training example')}, with {_at(record)}"
    limits = "a gradient is said to vanish below 1/10,000 of the last layer's, and to explode above 10,000 times it"
    iterated = () if record.exact else ("blocks too large for a whole Jacobian: its stretch is iterated, from below",)
    section = Section(
        figure=Figure("gradients", gradients(record), "Norms of the gradient over the layers."),
        tables=(Table(heads, rows, "lrrrr"),),
        notes=(about, BOUND, *iterated, limits),
    )
    question = "Does the gradient arrive at the first layers?"
    answer = Answer("the gradient", finding, record.word, "" if record.word == "arrives" else "worse")
    return Page("Analysis", "gradients", question, (answer,), sections=(section,))


def _known(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _at(record: Gradients) -> str:
    return "the trained weights" if record.at == "final" else "the weights that training started from"
