"""Where torchrun has started several processes and the run is finished, none of them waits for another."""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import replace

import pytest
import torch.distributed as dist

from paribus.records.recipe import Recipe
from paribus.training.distributed import follow, meeting
from paribus.training.distributed.lead import GRACE_SECONDS, Lead
from paribus.training.execution import Settings
from paribus.training.interruption import SIGNALS, StopRequest


@pytest.fixture
def shared(monkeypatch):
    """What two processes read and write together."""
    store = dist.HashStore()
    here = meeting.Place(0, 2, 0)
    monkeypatch.setattr(meeting, "store_of_torchrun", lambda: store)
    monkeypatch.setattr(meeting, "place", lambda: replace(here, rank=int(threading.current_thread().name == "follows")))
    heard, logger = {number: signal.getsignal(number) for number in SIGNALS}, logging.getLogger("paribus")
    level = logger.level
    yield store
    logger.setLevel(level)  # who follows is quiet
    for number, handler in heard.items():
        signal.signal(number, handler)


def test_who_follows_hears_that_there_is_nothing_to_train(shared, monkeypatch):
    recipe = Recipe.load("digits/mlp")
    lead = Lead(recipe, 0, Settings("cpu", 1, processes=2), None, StopRequest())
    dismissed = threading.Thread(target=lead.dismiss)
    dismissed.start()
    monkeypatch.setattr(threading.current_thread(), "name", "follows")
    follow.follow(recipe, 0)
    dismissed.join(GRACE_SECONDS / 2)  # it has heard that this one heard, and does not wait in vain
    assert not dismissed.is_alive()


def test_who_follows_can_be_ended_while_the_first_process_reads_its_data(shared, monkeypatch):
    waiting = []
    monkeypatch.setattr(threading.current_thread(), "name", "follows")

    def wait(keys, timeout):
        waiting.append((keys, timeout, [signal.getsignal(number) for number in SIGNALS]))
        shared.set("plan", "null")

    monkeypatch.setattr(meeting, "store_of_torchrun", lambda: Waiting(shared, wait))
    follow.follow(Recipe.load("digits/mlp"), 0)
    assert waiting == [(["plan"], meeting.EVALUATING, [signal.SIG_DFL] * len(SIGNALS))]


class Waiting:
    """A store of which is seen how it is waited for."""

    def __init__(self, store, wait):
        self.store, self.wait = store, wait

    def __getattr__(self, name):
        return getattr(self.store, name)
