"""Weights of single epochs that a run keeps, and the state from which a longer one goes on.

``kept/epoch-0003.safetensors`` with its hash in ``epoch-0003.json``; ``kept/state.safetensors`` is what a checkpoint
at the end of the run holds. Nothing of it changes the training, so what is kept is no part of a recipe.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import RunError
from paribus.models.weights import hash_of, pack
from paribus.records.metric import Metric
from paribus.records.run import RunFolder
from paribus.training import checkpoints
from paribus.training.session import Session

RULE = "what is kept is none, best, last, all, or every:N; several with commas between"


@dataclass(frozen=True)
class Keep:
    """Which epochs a run keeps.

    Args:
        best: the one with the best validation figure: the task's first.
        last: the last one.
        every: each epoch whose number it divides; 0 for none, 1 for all.
    """

    best: bool = False
    last: bool = False
    every: int = 0

    @classmethod
    def of(cls, text: str) -> Keep:
        """Read ``best``, ``last``, ``all``, ``every:5``, or several with commas between; ``none`` keeps nothing.

        Raises:
            RunError: for other words.
        """
        best, last, every = False, False, 0
        if not isinstance(text, str):
            raise RunError(RULE, got=text, hint='for example keep="every:2"')
        for word in text.replace(" ", "").split(","):
            name, _, number = word.partition(":")
            if name == "every" and number.isdecimal() and int(number):
                every = int(number)
            elif word == "all":
                every = 1
            elif word in ("best", "last"):
                best, last = best or word == "best", last or word == "last"
            elif word != "none" or text.strip() != "none":
                raise RunError(RULE, got=text, hint="for example best,last")
        return cls(best, last, every)

    def __bool__(self) -> bool:
        return self.best or self.last or bool(self.every)

    def wanted(self, rows: Iterable[Mapping[str, Any]], metric: Metric) -> set[int]:
        """The epochs to keep of those that were trained, the last one left out unless it is wanted for another reason.

        Args:
            rows: of the history.
            metric: by which the best is told.
        """
        rows = list(rows)
        found = {row["epoch"] for row in rows if self.every and row["epoch"] % self.every == 0}
        name, sign = f"val/{metric.name}", 1 if metric.higher_is_better else -1
        known = [row for row in rows if row.get(name) is not None and math.isfinite(row[name])]
        if self.best and known:
            found.add(max(known, key=lambda row: (sign * row[name], -row["epoch"]))["epoch"])
        return found


def keep_epoch(folder: RunFolder, session: Session, keep: Keep, last: bool = False) -> None:
    """Behind an epoch: write its weights if they are to be kept, and drop those that are no longer.

    Args:
        folder: of the run.
        session: at the end of an epoch, or of the run.
        keep: what is wished.
        last: whether this is the end of the run; then the state is kept too.
    """
    if not keep:
        return
    wanted = keep.wanted(session.rows, session.task.metrics[0])
    if last:
        wanted |= {session.epoch} if keep.last else set()
        _write(folder.kept / "state.safetensors", checkpoints.pack(session.state()), {"epoch": session.epoch})
    if session.epoch in wanted and session.epoch not in folder.kept_epochs:
        weights = dict(session.evaluated.state_dict())
        _write(folder.kept_weights(session.epoch), pack(weights), {"weights_sha256": hash_of(weights)})
    for epoch in folder.kept_epochs:
        if epoch not in wanted:
            checkpoints.remove(folder.kept_weights(epoch).with_suffix(".json"))


def state_of(folder: RunFolder) -> dict[str, Any] | None:
    """The state at the end of a run, if it was kept.

    Raises:
        CorruptCheckpoint: if it is damaged.
    """
    path = folder.kept / "state.safetensors"
    return checkpoints.load(path) if path.exists() else None


def copy_kept(source: RunFolder, target: RunFolder) -> None:
    """Take over the weights of single epochs from another run."""
    for epoch in source.kept_epochs:
        for suffix in (".safetensors", ".json"):
            path = source.kept_weights(epoch).with_suffix(suffix)
            files.write_with(target.kept / path.name, partial(shutil.copyfile, path))


def _write(path: Path, content: bytes, about: Mapping[str, Any]) -> None:
    files.write_bytes(path, content)
    files.write_json(path.with_suffix(".json"), {"sha256": sha256(content).hexdigest(), **about})
