"""What was chosen by what: the kept epoch by a validation figure, nothing by the test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress

from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject
from paribus.errors import ParibusError
from paribus.records import opened
from paribus.records.parts import build
from paribus.records.run import RunFolder
from paribus.records.wording import count

SLACK = 2.0  # seconds between the clock of a status and that of a test


def kept_epoch(subject: Subject) -> Verdict:
    """The epoch whose weights stay is the best by a validation figure, or the last."""
    result, recipe = subject.result, subject.recipe
    rule = build("stopping", recipe.stopping)
    metric = str(getattr(rule, "metric", ""))
    if not rule.restore:
        if result.best_epoch == result.epochs:
            return kept("the last weights are kept: nothing was chosen")
        return broken(
            f"the recipe keeps the last weights, and those of epoch {result.best_epoch} were kept",
            "train again",
            kept=float(result.best_epoch),
            last=float(result.epochs),
        )
    if not metric.startswith("val/"):
        return broken(
            f"the kept epoch was chosen by {metric or 'an unnamed figure'}, which is no validation figure",
            "stopping.metric=val/loss",
            metric=metric or "unnamed",
            kept=float(result.best_epoch),
        )
    better = {name.name: name.higher_is_better for name in subject.folder.figures_of_merit().values()}
    directions = {f"{split}/{name}": higher for split in ("train", "val") for name, higher in better.items()}
    best = 0
    for row in subject.rows:
        if rule.observe(row["epoch"], {metric: math.nan, **_numbers(row)}, directions):
            best = row["epoch"]
    if (best or result.epochs) == result.best_epoch:
        return kept(f"epoch {result.best_epoch} of {result.epochs} is the best by {metric}")
    return broken(
        f"the kept epoch is {result.best_epoch}, and by {metric} it is {best or result.epochs}",
        "train again, or say in stopping.metric by what is chosen",
        metric=metric,
        kept=float(result.best_epoch),
        best=float(best or result.epochs),
    )


def _numbers(row: dict[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in row.items() if name != "non_finite"}


def test_opened_once(subject: Subject) -> Verdict:
    """The test was opened behind the training, and not for another recipe on the same data before."""
    looked = [name for name in subject.rows[0] if name.startswith("test")] if subject.rows else []
    if looked and len(subject.rows) > 1:
        raise Unchecked(
            f"{looked[0]} was recorded after each of {len(subject.rows)} epochs, and nobody wrote down what was chosen"
            " by it"
        )
    held = opened.read(subject.folder.path)
    if held is None:
        return kept("the test is closed")
    ended = subject.folder.status.heartbeat
    if held.opened < ended - SLACK:
        return broken(
            "the test was opened before the training ended",
            "choose on validation figures, and open the test of the finished run: paribus test RUN",
            seconds_before_the_end=ended - held.opened,
        )
    if others := [folder for folder in _siblings(subject) if _opened_too(folder, subject)]:
        return broken(
            f"the test of the same data was opened for {count(len(others), 'other recipe')} too: who compares them"
            " there chooses by the test",
            "choose on validation figures, and open the test of what was chosen alone; else report all of them",
            others=", ".join("/".join(folder.path.parts[-2:]) for folder in others[:3]),
        )
    return kept("the test was opened once, behind the training", examples=float(held.examples))


def _siblings(subject: Subject) -> Iterator[RunFolder]:
    """Runs of other recipes beside this one; those of a study are looked at with it."""
    path = subject.folder.path.absolute()
    if (path.parents[1] / "study.json").exists():
        return
    for other in sorted(path.parents[1].glob("*/seed-*/test.json")):
        if other.parents[1] != path.parent:
            yield RunFolder(other.parent)


def _opened_too(other: RunFolder, subject: Subject) -> bool:
    """Whether another run read the same data, and divided them in the same way."""
    with suppress(ParibusError, KeyError):
        mine, theirs = subject.content, other.read()
        data = [content.get("inputs", {}).get("data", {}).get("digest") for content in (mine, theirs)]
        recipes = [(content["recipe"].get("data"), content["recipe"].get("split")) for content in (mine, theirs)]
        return data[0] == data[1] and recipes[0] == recipes[1]
    return False
