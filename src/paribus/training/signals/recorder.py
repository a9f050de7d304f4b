"""When looks are taken at a training, and where they are written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

import torch

from paribus import files
from paribus.data.deliver.loader import Batch, Loader
from paribus.errors import message_of
from paribus.records.run import RunFolder
from paribus.records.signals import Look
from paribus.training.monitor import Plan
from paribus.training.session import Session
from paribus.training.signals import examples
from paribus.training.signals.layers import Layers
from paribus.training.signals.neighbours import agreement
from paribus.training.signals.probe import Probe, look_at
from paribus.training.signals.step import rates, stepped, weight_norms

logger = logging.getLogger(__name__)

BATCHES = 8  # first ones of training whose classes are counted
PAID = 300  # steps between two looks at the probe, which cost about five of a small network in batches of
USUAL = 32  # and more; of smaller batches the probe is so many more steps
UNWATCHED: AbstractContextManager[None] = nullcontext()
FITTED = "the model is fitted at once, and takes no steps along gradients"
UNSEEN = "training ended behind a step that nobody knew to be the last"

Fields = dict[str, Any]


class Recorder:
    """Looks at a training before its first step, behind epochs 1, 2, 4, 8, …, and at its end.

    Args:
        folder: where the looks are written.
        session: the training, which is left as it is.
        loader: of the training examples.
        plan: how long it takes.
    """

    def __init__(self, folder: RunFolder, session: Session, loader: Loader, plan: Plan) -> None:
        self.folder, self.session, self.loader, self.plan = folder, session, loader, plan
        self.gathered = session.signals

    def watching(self, batch: Batch) -> AbstractContextManager[None]:
        """Where the coming step is taken; most are not watched, and cost nothing."""
        step = self.session.step
        if not self.gathered.wanted or not (step < BATCHES or self.plan.before_look(step)):
            return UNWATCHED
        return UNWATCHED if self.session.fitted else self._watching(batch)

    @contextmanager
    def _watching(self, batch: Batch) -> Iterator[None]:
        session, first = self.session, None
        with session.stopwatch.paused():
            if session.step < BATCHES:
                self._count(batch)
            if session.step == 0:
                first = self._seen(probed=True, ends=True)
        if not self.plan.before_look(session.step):
            yield
            return
        with stepped(session, self._layers) as left:
            yield
        self.gathered.step = {"at": session.step, **left}
        if first is not None:
            self._append(_look(0, 0, first, self._left()))

    def look(self) -> None:
        """Behind an epoch: take a look if it is one of 1, 2, 4, 8, …"""
        session, gathered = self.session, self.gathered
        gathered.count()
        if not gathered.wanted or session.fitted or session.epoch.bit_count() != 1:
            return
        since = session.step - max((look.step for look in gathered.looks if look.probed), default=-self._pause)
        delivered = {"batch_inputs": gathered.batch_inputs, "largest_class": tuple(gathered.batches)}
        self._append(
            _look(
                session.epoch,
                session.step,
                self._seen(since >= self._pause),
                self._left(),
                delivered if session.epoch == 1 else {},
            )
        )

    def finish(self, probed: bool = True) -> None:
        """Behind the last step, before other weights are restored: take the last look, in place of one taken there.

        No checkpoint holds it: with more epochs it would not be the last.
        """
        session = self.session
        if not self.gathered.wanted:
            return
        if session.fitted:
            last = _look(session.epoch, session.step, {"unrecorded": {"steps": FITTED, "probe": FITTED}})
        else:
            last = _look(session.epoch, session.step, self._seen(probed, ends=True), self._left())
        self.folder.restore_signals([*(look for look in self.gathered.looks if look.step < last.step), last])

    def _count(self, batch: Batch) -> None:
        """Note what one of the first batches is like."""
        session, info = self.session, self.session.task.info
        if not session.step:
            self.gathered.batch_inputs = examples.inputs_of(session.network, batch, info)
        share = examples.largest_class(batch.targets, len(info.classes))
        if share is not None:
            self.gathered.batches.append(share)

    def _seen(self, probed: bool, ends: bool = False) -> Fields:
        """Of the weights as they are now; at both ends of a training a little more."""
        session = self.session
        fields = {"weight_norm": weight_norms(self._layers)}
        if not probed:
            return fields
        try:
            return {
                **fields,
                **look_at(session, self._layers, self._probe, ends),
                **(self._examples if not session.step else {}),
            }
        except Exception as error:  # of somebody's own network, which may not take so many examples: it trains on
            logger.debug("the probe was not shown to the network", exc_info=True)
            return {**fields, "unrecorded": {"probe": f"showing it the examples failed: {message_of(error)}"}}

    @property
    def _pause(self) -> int:
        """Steps between two looks at the probe."""
        return PAID * max(1, USUAL // self.loader.batch_size)

    @cached_property
    def _layers(self) -> Layers:
        return Layers(self.session.network)

    @cached_property
    def _probe(self) -> Probe:
        pieces = self.session.training.accumulate
        return Probe.of(self.loader, -(-self.loader.batch_size // pieces))

    @property
    def _examples(self) -> Fields:
        """Of the examples themselves."""
        batch, network, info = self._probe.whole, self.session.network, self.session.task.info
        inputs = examples.inputs_of(network, batch, info)
        known = {"inputs": inputs, "targets": examples.targets_of(batch)}
        with torch.inference_mode():
            return {**known, **agreement(network, self.loader, info)}

    def _left(self) -> Fields:
        """What the last step left behind."""
        known = dict(self.gathered.step)
        fresh = known.pop("at", None) == self.session.step
        clips = self.gathered.clips()
        return {"lr": rates(self.session), **clips, **(known if fresh else {"unrecorded": {"update_ratio": UNSEEN}})}

    def _append(self, look: Look) -> None:
        self.gathered.looks.append(look)
        files.append_line(self.folder.path / "signals.jsonl", look.plain())


def _look(epoch: int, step: int, *parts: Fields) -> Look:
    """A look of several parts, each of which may say what it could not see."""
    fields = {name: value for part in parts for name, value in part.items()}
    missing = {name: why for part in parts for name, why in part.get("unrecorded", {}).items()}
    return Look(epoch, step, **{**fields, "unrecorded": missing})
