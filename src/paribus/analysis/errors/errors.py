"""The analysis ``errors``: where a network is right and wrong, and what follows from it where it says classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from paribus.analysis.errors.calibration import Calibration, calibration
from paribus.analysis.errors.costs import Costs, costs
from paribus.analysis.errors.figures import ClassFigures, class_figures
from paribus.analysis.errors.labels import Labels, labels
from paribus.analysis.examples import Answers, Examples, look
from paribus.errors import DataError
from paribus.evidence.detection import Detections, detections
from paribus.inference.trained import SplitName, Trained

LEFT = "ranks, calibration and labels cannot be checked"
FEWEST = 8  # examples from which ranks, calibration and cuts are told


@dataclass(frozen=True)
class Errors:
    """Where a network errs. What needs probabilities of classes is missing where the task has none.

    Args:
        examples: confusion, the worst and the best examples, those of cells.
        confidence: of all intervals, which are over examples: how sure figures of this very network are.
        classes: figures of each class, from the confusion.
        ranks: ROC and precision–recall of each class against the rest.
        calibration: how far its probabilities can be believed.
        costs: what mistakes cost, where costs are given.
        labels: labels that are suspected to be wrong.
        unchecked: what could not be checked, with the reason.
    """

    examples: Examples
    confidence: float
    classes: tuple[ClassFigures, ...] = ()
    ranks: Detections | None = None
    calibration: Calibration | None = None
    costs: Costs | None = None
    labels: Labels | None = None
    unchecked: tuple[str, ...] = ()


def errors(
    trained: Trained,
    *,
    split: SplitName = "val",
    most: Annotated[int, Field(ge=1)] = 2000,
    shown: Annotated[int, Field(ge=1, le=48)] = 12,
    cost: str = "",
    cost_table: Path | None = None,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> Errors:
    """Look at a network's answers, example by example, and at what they say together.

    Args:
        trained: the network.
        split: the part of the data.
        most: examples that are looked at, the first ones of the split; of each fold where labels are judged.
        shown: how many of the worst and of the best are kept, and of the suspected labels.
        cost: what mistakes cost, "fn=10 fp=1" of each class against the rest, "CLASS=10 CLASS>OTHER=5" of classes.
        cost_table: a CSV file with the cost of taking each class (line) for each other (column).
        confidence: of the intervals.

    Raises:
        DataError: if the task says nothing of single examples, or for costs that cannot be read.
    """
    examples, answers = look(trained, split, most, shown)
    figures = class_figures(examples.confusion, examples.classes)
    why = _unknown(trained, answers)
    if answers is None or why:
        if cost or cost_table:
            raise DataError(f"costs need probabilities of classes: {why}", got=cost or str(cost_table))
        return Errors(examples, confidence, figures, unchecked=(why,) if examples.classes else ())
    shares, true = answers.shares, answers.labels
    judged = labels(trained, answers, split, most, shown) if split != "train" else None
    learned = "suspected labels cannot be checked on training examples: the network has learned them, wrong or not"
    return Errors(
        examples,
        confidence,
        figures,
        detections(shares.double().numpy(), true.numpy(), confidence),
        calibration(shares, true, confidence),
        costs(cost, cost_table, shares, true, examples.classes, confidence),
        judged,
        () if judged else (learned,),
    )


def _unknown(trained: Trained, answers: Answers | None) -> str:
    """Why there are no probabilities to judge, or nothing."""
    if answers is None:
        return f"{LEFT}: they need one class for each example, and its probabilities"
    if len(answers.labels) < FEWEST:
        return f"{LEFT}: there are {len(answers.labels)} examples, and {FEWEST} are needed"
    if not bool(answers.shares.isfinite().all()):
        return f"{LEFT}: {trained.recipe.model.use} gives probabilities that are not finite"
    return ""
