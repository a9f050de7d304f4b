"""The target is not among the inputs, and the past comes before the future."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Windows
from paribus.data.prepare.columns import given_away
from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject

MOST = 4096  # features that are looked at one by one
EQUAL = 1 - 1e-6  # correlation from which a column is the target itself, in another unit
LEAVE_OUT = "leave such columns out (data.drop), or say why they are known before the target is"


def targets_inside(subject: Subject) -> Verdict:
    """No feature alone is, or gives away, the target."""
    examples = subject.prepared.examples
    if isinstance(examples, Windows):
        return _in_series(examples)
    if not isinstance(examples, Dataset) or examples.sequential or not isinstance(examples.inputs, Tensor):
        raise Unchecked("inputs are no table of features")
    if examples.moments is None and examples.metadata.table is None:
        raise Unchecked("inputs are tokens, and which of them tell of a target is what is learned")
    if not isinstance(examples.targets, Tensor) or examples.targets.ndim > 2:
        raise Unchecked("each example has many targets")
    if not examples.classes and not subject.info.target_mean:
        raise Unchecked("there is nothing to predict but the inputs themselves")
    if examples.metadata.table is not None:
        found = list(given_away(examples))
        if found:
            return broken(found[0], LEAVE_OUT, columns=float(len(found)))
        return kept(f"none of {len(examples.metadata.table.columns)} columns alone gives the target away")
    train = subject.prepared.rows["train"]
    labels = examples.labels
    return _in_features(examples.inputs[train], examples.targets[train], None if labels is None else labels[train])


def _in_features(inputs: Tensor, targets: Tensor, labels: Tensor | None) -> Verdict:
    """Numbers, and pixels: is one of them a function of the class, or the target in another unit?"""
    flat = inputs.reshape(len(inputs), -1)
    if flat.shape[1] > MOST:
        raise Unchecked(f"{flat.shape[1]:,} features are too many to be looked at one by one")
    values = flat.double().numpy(force=True)
    found = (
        _telling(values, labels.numpy(force=True))
        if labels is not None
        else _the_same(values, targets.reshape(len(targets), -1).double().numpy(force=True))
    )
    if found is None:
        return kept(f"none of {flat.shape[1]:,} features alone gives the target away")
    where = np.unravel_index(found, tuple(inputs.shape[1:]))
    return broken(
        "a single feature gives the target away",
        LEAVE_OUT,
        feature=", ".join(map(str, where)),
        features=float(flat.shape[1]),
    )


def _telling(values: NDArray[np.float64], labels: NDArray[np.int64]) -> int | None:
    """The first feature whose ranges in the classes do not touch: to know it is to know the class."""
    present = [label for label in np.unique(labels) if (labels == label).sum() > 1]
    low = np.array([values[labels == label].min(0) for label in present])  # (K, F)
    high = np.array([values[labels == label].max(0) for label in present])
    order = np.argsort(low, 0)
    low, high = np.take_along_axis(low, order, 0), np.take_along_axis(high, order, 0)
    apart = (high[:-1] < low[1:]).all(0) if len(present) > 2 else np.zeros(values.shape[1], bool)
    if len(present) == 2:  # two classes may well be apart in an easy feature: only two single values are the label
        apart = (high == low).all(0) & (high[:-1] < low[1:]).all(0)
    return int(apart.argmax()) if apart.any() else None


def _the_same(values: NDArray[np.float64], targets: NDArray[np.float64]) -> int | None:
    """The first feature that is one of the targets, but for its unit."""
    centred = values - values.mean(0)
    lengths = np.linalg.norm(centred, axis=0)
    for target in targets.T:
        other = target - target.mean()
        whole = lengths * np.linalg.norm(other)
        likeness = np.divide(np.abs(other @ centred), whole, out=np.zeros(len(lengths)), where=whole > 0)
        if (likeness > EQUAL).any():
            return int(likeness.argmax())
    return None


def _in_series(windows: Windows) -> Verdict:
    """No column of the past holds what is to be forecast, moved back in time."""
    for name, lag in _ahead(windows):
        return broken(
            f"the column {name} holds what is forecast, {lag} steps before it happens",
            "leave that column out, or move it to the time at which it is known",
            column=name,
            steps_ahead=float(lag),
        )
    return kept(f"none of {len(windows.columns)} columns is a target that was moved back in time")


def _ahead(windows: Windows) -> Iterator[tuple[str, int]]:
    """Columns that are a target of some steps later."""
    values = windows.values.double()
    changes = values.diff(dim=0).numpy(force=True)  # a level that both have says nothing
    for place in range(windows.targets, len(windows.columns)):
        for lag in range(0, min(windows.horizon + windows.length, len(changes) // 2)):
            early = changes[: len(changes) - lag, place]
            for target in range(windows.targets):
                late = changes[lag:, target]
                if np.ptp(early) and np.ptp(late) and abs(np.corrcoef(early, late)[0, 1]) > EQUAL and lag > 0:
                    yield windows.columns[place], lag


def time_order(subject: Subject) -> Verdict:
    """Of what has an order, training ends before validation begins, and that before the test."""
    examples, rows = subject.prepared.examples, subject.prepared.rows
    if not isinstance(examples, Windows):
        if getattr(examples, "sequential", False):
            return _in_order(rows, 1)
        raise Unchecked("nothing says at what time an example was taken")
    return _windows_in_order(examples, rows)


def _windows_in_order(windows: Windows, rows: Mapping[str, Tensor]) -> Verdict:
    first = 0
    for one in windows.known.series:
        inside = {name: some[(some >= first) & (some < first + one.rows)] for name, some in rows.items()}
        verdict = _in_order({name: some for name, some in inside.items() if len(some)}, windows.horizon)
        if verdict.state == "broken":
            return verdict
        first += one.rows
    return kept("no step is forecast in two parts, and training comes first")


def _in_order(rows: Mapping[str, Tensor], horizon: int) -> Verdict:
    """Whether what one part forecasts ends before the next one begins."""
    ordered = [name for name in ("train", "val", "test") if name in rows]
    for before, after in pairwise(ordered):
        last, begin = int(rows[before].max()) + horizon - 1, int(rows[after].min())
        if last >= begin:
            return broken(
                f"the {before} part reaches into the {after} part",
                "divide what has an order by time: split.val and split.test of a series do so",
                last_step=float(last),
                first_step_of_the_next=float(begin),
            )
    return kept("the parts follow each other in time")
