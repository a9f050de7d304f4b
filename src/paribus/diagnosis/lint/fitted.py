"""What is fitted before training is fitted on training rows only."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Windows
from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject

CLOSE = 1e-4  # relative: sums are taken in other orders
WAY_OUT = "fit on the training rows alone: let the source store raw values, and the recipe scale them"


def preprocessing(subject: Subject) -> Verdict:
    """Mean and deviation that the run recorded, computed anew from the stored values of the training rows."""
    info, examples, rows = subject.info, subject.prepared.examples, subject.prepared.rows
    if info.table is not None and info.table.fitted is not None:
        return _table(subject)
    if not info.mean:
        return kept("nothing is fitted: the network sees stored values as they are")
    if isinstance(examples, Windows):
        values = examples.values[examples.covered(rows["train"], before=examples.length)].T[None]
        everything = examples.values.T[None]
    elif isinstance(examples, Dataset) and isinstance(examples.inputs, Tensor):
        values, everything = examples.inputs[rows["train"]], examples.inputs
    else:
        raise Unchecked("inputs are several tensors, and it is not known what their moments are of")
    now, whole, recorded = _moments(values), _moments(everything), (np.array(info.mean), np.array(info.deviation))
    if not _close(recorded, now):
        also = "they are those of all rows, held-out ones among them" if _close(recorded, whole) else "nor of all rows"
        return broken(
            f"mean and deviation that inputs are scaled by are not those of the training rows; {also}",
            WAY_OUT,
            mean_recorded=float(recorded[0][0]),
            mean_of_training_rows=float(now[0][0]),
            mean_of_all_rows=float(whole[0][0]),
        )
    return kept(f"mean and deviation are those of {len(rows['train']):,} training rows")


def _table(subject: Subject) -> Verdict:
    """Means and deviations of number columns of a table, by NumPy alone."""
    info = subject.info
    table = info.table
    assert table is not None
    fitted, inputs = table.fitted, subject.prepared.examples.inputs  # type: ignore[attr-defined]
    assert fitted is not None
    if table.wishes.scale == "none" or not isinstance(inputs, Tensor):
        return kept("nothing is fitted but what takes the place of missing values")
    train, everything = (it.double().numpy() for it in (inputs[subject.prepared.rows["train"]], inputs))
    numbers = [place for place, column in enumerate(table.columns) if not column.categories]
    for place in numbers:
        recorded = (np.array([fitted.centre[place]]), np.array([fitted.spread[place]]))
        fill, wish = fitted.fill[place], table.wishes.scale
        if not _close(recorded, _column(train[:, place], fill, wish)):
            of_all = _close(recorded, _column(everything[:, place], fill, wish))
            return broken(
                f"the column {table.columns[place].name} is scaled by figures that are not those of the training rows"
                + ("; they are those of all rows, held-out ones among them" if of_all else ""),
                WAY_OUT,
                centre_recorded=float(recorded[0][0]),
                centre_of_training_rows=float(_column(train[:, place], fill, wish)[0][0]),
            )
    return kept(f"{len(numbers)} columns of numbers are scaled by figures of {len(train):,} training rows")


def _column(values: NDArray[np.float64], fill: float, wish: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    whole = np.where(np.isnan(values), fill, values)
    if wish == "robust":
        low, middle, high = np.percentile(whole, (25, 50, 75))
        return np.array([middle]), np.array([high - low or 1.0])
    return np.array([whole.mean()]), np.array([whole.std() or 1.0])


def _moments(values: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of each channel of (N, C, …), a few thousand examples at a time."""
    sums = squares = torch.zeros(values.shape[1], dtype=torch.float64)
    for some in values.split(2048):
        flat = some.double().transpose(0, 1).flatten(1)  # (C, …)
        sums, squares = sums + flat.sum(1), squares + flat.square().sum(1)
    number = values.numel() / values.shape[1]
    mean = sums / number
    deviation = (squares / number - mean.square()).clamp(min=0).sqrt()
    return mean.numpy(), torch.where(deviation > 0, deviation, 1.0).numpy()


def _close(
    one: tuple[NDArray[np.float64], NDArray[np.float64]], other: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> bool:
    scale = np.maximum(np.abs(other[1]), 1e-9)
    if one[0].shape != other[0].shape:
        return False
    return bool((np.abs(one[0] - other[0]) / scale < CLOSE).all() and (np.abs(one[1] / scale - 1) < CLOSE).all())
