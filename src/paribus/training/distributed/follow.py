"""Every process of a training but the first: it does what the first one says, and writes nothing."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import torch.distributed as dist

from paribus.data.deliver.loader import Batch
from paribus.data.prepare.prepared import prepare
from paribus.errors import ParibusError, RunError, message_of
from paribus.records.inputs import identity_of
from paribus.records.plugins import load_plugin
from paribus.records.recipe import Recipe
from paribus.training.distributed import meeting
from paribus.training.distributed.group import Several
from paribus.training.distributed.lead import STORE, several_of
from paribus.training.execution import Settings
from paribus.training.failures import as_out_of_memory
from paribus.training.interruption import SIGNALS
from paribus.training.loaders import Loaders
from paribus.training.monitor import Plan
from paribus.training.session import Session
from paribus.training.step import step

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store


def follow(recipe: Recipe, seed: int) -> None:
    """Train with the others that torchrun has started, where this is not the first of them and there is anything to do.

    Raises:
        ParibusError: if it cannot, or would train something else; the first process says so too.
    """
    here = meeting.place()
    assert here is not None
    store = meeting.store_of_torchrun()
    known = {"recipe identity": recipe.identity, "seed": seed}
    _follow(store, here.rank, here.local, recipe, known, started_here=False)


def main() -> int:
    """A process that the first one has started; gives its exit code."""
    rank, local = int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"])
    store = meeting.store_in(os.environ[STORE])
    try:
        _follow(store, rank, local, None, {}, started_here=True)
    except ParibusError:
        return 1  # the first process says why
    return 0


def _follow(
    store: Store, rank: int, local: int, recipe: Recipe | None, known: Mapping[str, Any], started_here: bool
) -> None:
    logging.getLogger("paribus").setLevel(logging.ERROR)  # the first process gives the same warnings
    try:
        _heed(signal.SIG_DFL)  # where the first process refuses to train, torchrun ends the others by one of them
        store.wait(["plan"], meeting.EVALUATING)  # until it has read its data
        _heed(signal.SIG_IGN)  # the first process hears them, saves, and lets the others go
        plan = json.loads(store.get("plan"))
        if plan is None:
            store.set(f"heard/{rank}", "")
            return
        meeting.compare(plan, {**known, **meeting.software()}, rank)
        if recipe is None:
            for file in plan["plugins"]:
                load_plugin(file)
            recipe = Recipe.read(plan["recipe"])
            meeting.compare(plan, {"recipe identity": recipe.identity}, rank)
        settings = meeting.placed(Settings(**plan["settings"] | {"device": _kind(plan)}), local)
        group = several_of(recipe, rank, settings, partial(lost, store, rank))
        seeds = recipe.seeds(plan["seed"])
        prepared = prepare(recipe, seeds)
        own = identity_of(recipe.identity, prepared.inputs) if prepared.inputs is not None else ""
        meeting.compare(plan, {"data": own}, rank)
        session = Session(recipe, prepared, seeds, settings, group)
        data = Loaders.of(recipe, prepared, session.execution.device)
        store.set(f"here/{rank}", meeting.here())
        with meeting.on_loopback() if started_here else nullcontext():
            group.words = meeting.connect(store, rank, settings)
        obey(session, group, data, recipe)
    except BaseException as error:
        error = as_out_of_memory(error)
        if not isinstance(error, Lost):
            ours = isinstance(error, ParibusError)
            said = (error.rule, error.got, error.hint) if ours else (message_of(error), "", "")  # type: ignore[attr-defined]
            store.set(f"failed/{rank}", json.dumps(said))
        raise
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _heed(how: signal.Handlers) -> None:
    """What becomes of this process when it is asked to stop."""
    for number in SIGNALS:
        signal.signal(number, how)


class Lost(RunError):
    """The first process does not answer any more."""


def lost(store: Store, rank: int, error: RuntimeError) -> Lost:
    """A broken connection, as one that follows sees it: the first process says more, and hears that this one lives."""
    with suppress(RuntimeError):  # the store may be gone with the first process
        store.set(f"waited/{rank}", "it lives")
    return Lost("the other processes of this run are gone", got=str(error).splitlines()[0])


def obey(session: Session, group: Several, data: Loaders, recipe: Recipe) -> None:
    """Do what the first process says, until it says that this is the end."""
    steps = min(recipe.budget.epochs * len(data.train), recipe.budget.steps or 2**62)
    plan = Plan(recipe.budget.epochs, steps, len(data.train))
    batches: Iterator[Batch] | None = None
    while (word := group.heard()) != "end":
        if word == "step":
            if batches is None:
                session.begin_epoch()
                batches = data.rest_of_epoch(session, plan)
            step(session, next(batches), plan.time(session.step))
        elif word == "tell":
            group.told(session.own())
        elif word == "load":
            load(session, group.spread({}))
        elif word == "shard":
            session.shard()
        elif word == "weights":
            session.weights()
        elif word == "state":
            session.whole()
        else:  # an epoch has ended
            session.end_epoch(group.spread({}))
            batches = None


def load(session: Session, state: Mapping[str, Any]) -> None:
    """Go on where the first process is; it has counted all that was counted before.

    Raises:
        RunError: if this process would calculate in another way.
    """
    own, first = session.execution.plain(), state["execution"]
    for name in ("precision", "channels_last", "backend"):
        if own.get(name) != first.get(name):
            got = f"{name} {own.get(name)} here, {first.get(name)} in the first"
            hint = "set training.precision, or use machines that are alike"
            raise RunError("all processes of a run calculate alike", got=got, hint=hint)
    session.load(state)
    session.meter = session.task.meter("train")


def _kind(plan: Mapping[str, Any]) -> str:
    return str(plan["settings"]["device"]).partition(":")[0]


if __name__ == "__main__":
    sys.exit(main())
