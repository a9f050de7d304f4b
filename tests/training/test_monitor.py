"""Beside the steps: who hears what, when checkpoints are written, and what does not count as training."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest

from paribus.errors import Interrupted
from paribus.tasks import evaluation
from paribus.training import checkpoints, loop, session


def test_the_listener_hears_every_epoch(train, digits, every_step):
    heard = []
    folder, _ = train(digits(), listen=heard.append)
    assert [progress.row for progress in heard if progress.row] == folder.history
    assert [progress.step for progress in heard if progress.row is None] == list(range(1, 25))
    assert {(progress.steps, progress.epochs) for progress in heard} == {(24, 3)}
    assert [progress.epoch for progress in heard if progress.row] == [1, 2, 3]


def test_checkpoints_come_as_often_as_was_asked_for(train, digits, every_step, monkeypatch):
    saved = []
    monkeypatch.setattr(checkpoints, "save", lambda folder, step, state: saved.append(step))
    train(digits(), "often", checkpoint_seconds=0.0)
    assert saved == list(range(1, 25))
    saved.clear()
    train(digits(), "never", checkpoint_seconds=3600.0)
    assert saved == []


def test_evaluating_and_saving_are_no_training_time(train, digits, every_step, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(session, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def taking(seconds, work):
        return lambda *given: (now.__setitem__(0, now[0] + seconds), work(*given))[1]

    monkeypatch.setattr(loop, "step", taking(1.0, loop.step))
    monkeypatch.setattr(session.Session, "evaluate", taking(100.0, session.Session.evaluate))
    monkeypatch.setattr(checkpoints, "save", taking(1000.0, checkpoints.save))
    _, result = train(digits(), checkpoint_seconds=0.0)
    assert result.seconds == 24.0


def test_a_stop_during_evaluation_is_heard_between_its_batches(train, digits, monkeypatch):
    original = evaluation.evaluate

    def interrupted(task, network, loader, split, between):
        os.kill(os.getpid(), signal.SIGINT)
        return original(task, network, loader, split, between)

    with monkeypatch.context() as patch:
        patch.setattr(session, "evaluate", interrupted)
        with pytest.raises(Interrupted):
            train(digits())
    folder, result = train(digits())
    assert result.weights_sha256 == train(digits(), "whole")[1].weights_sha256
    assert folder.status.resumed == 1
    assert [row["epoch"] for row in folder.history] == [1, 2, 3]
