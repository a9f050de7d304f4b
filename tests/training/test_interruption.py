"""R6: asked to stop, a training saves and says so; asked twice, it aborts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from paribus.errors import Interrupted
from paribus.records.parts import register
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.run import Run
from paribus.study import Study
from paribus.training import checkpoints
from paribus.training.interruption import SIGNALS, interruptible


@pytest.mark.parametrize("number", SIGNALS)
def test_R6_a_request_is_noted_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with interruptible() as request:
        assert not request.stop_requested()
        os.kill(os.getpid(), number)
        assert request.stop_requested()
    assert signal.getsignal(number) is before


def test_R6_the_second_ctrl_c_aborts_and_says_so(capsys):
    with interruptible() as request:
        os.kill(os.getpid(), signal.SIGINT)
        assert "Ctrl-C again aborts" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert request.stop_requested()
    assert "aborting" in capsys.readouterr().err


def test_R6_impatient_schedulers_may_repeat_a_polite_kill():
    with interruptible() as request:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert request.stop_requested()


def spin(seconds: float = 20) -> None:
    """Work that reports nothing."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@pytest.mark.parametrize("number", SIGNALS)
def test_R6_reading_is_left_at_once(number):
    reached = []

    def read():
        try:
            os.kill(os.getpid(), number)
            spin()
        except Exception as error:  # as decoders do, which take every error for damage
            reached.append(error)
        reached.append("behind it")

    with interruptible() as request, pytest.raises(Interrupted, match="before the first step"), request.at_once():
        read()
    assert (reached, request.breaks) == ([], False)


def test_R6_a_request_before_the_reading_is_heard_too():
    with interruptible() as request:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted), request.at_once():
            pytest.fail("it was begun")


def test_R6_behind_the_reading_a_request_waits_for_the_step():
    with interruptible() as request:
        with request.at_once():
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.stop_requested()


def test_R6_a_request_that_nobody_heard_is_passed_on():
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), signal.SIGINT)


def test_R6_an_ignored_signal_stays_ignored():
    """As SIGINT is in background jobs of a script; a polite kill is heard all the same."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interruptible() as request:
        os.kill(os.getpid(), signal.SIGINT)
        assert not request.stop_requested()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.stop_requested()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


class Slow:
    """Somebody presses Ctrl-C while it is decoded."""

    def key(self):
        return {}

    def write(self, cache):
        cache.start(classes=["a", "b"], shape=(4,), dtype="float32", count=400)
        for chunk in range(100):
            cache.add(np.ones((4, 4), np.float32), [0, 1, 0, 1])
            if chunk == 2:
                os.kill(os.getpid(), signal.SIGINT)


def test_R6_a_request_is_heard_while_data_are_decoded(train, digits, tmp_path):
    register("data", Slow)
    steps = []
    with pytest.raises(Interrupted, match="before the first step"):
        train(digits({"data": "Slow", "split.limit": None}), listen=steps.append)
    assert steps == []
    assert RunFolder(tmp_path / "run").status.state == "interrupted"


class Silent(Slow):
    """It is read without a word of progress, from the first moment on."""

    def write(self, cache):
        os.kill(os.getpid(), signal.SIGTERM)
        spin()


def test_R6_a_request_is_heard_while_a_source_is_silent(train, digits, tmp_path):
    register("data", Silent)
    with pytest.raises(Interrupted, match="before the first step"):
        train(digits({"data": "Silent", "split.limit": None}))
    assert RunFolder(tmp_path / "run").status.state == "interrupted"
    train(digits(), "other")  # nothing stays locked or broken


def test_R6_the_parent_of_a_study_hears_it_while_it_reads(tmp_path):
    register("data", Silent)
    study = Study("digits/mlp", {"data": "Silent"}, vary={"optimizer.lr": [0.1, 0.01]}, seeds=2, runs=tmp_path)
    with pytest.raises(Interrupted, match="before the first step"):
        study.run(jobs=1, listen=lambda event: pytest.fail(str(event)))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_R6_elsewhere_than_in_the_main_thread_nothing_is_changed():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with interruptible() as request:
            seen.append((request.stop_requested(), signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, True)]


CHANGES = {"budget.epochs": 100_000, "split.limit": 200, "model.widths": [16], "training.precision": "fp32"}
COMMAND = [sys.executable, "-c", "from paribus.cli import main; main()"]


def ignore_sigint() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_R6_a_real_command_stops_politely(tmp_path):
    """Ctrl-C, a polite kill, Ctrl-C for the whole group, and a polite kill of a background job, all at once."""
    ways = {"int": signal.SIGINT, "term": signal.SIGTERM, "group": signal.SIGINT, "background": signal.SIGTERM}
    words = [f"{field}={value}".replace(" ", "") for field, value in CHANGES.items()]
    commands = {
        way: subprocess.Popen(
            [*COMMAND, "run", "digits/mlp", *words, "--runs", str(tmp_path / way), "--threads", "1"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=ignore_sigint if way == "background" else None,
        )
        for way in ways
    }
    folders = {way: Run("digits/mlp", {**CHANGES, "model.widths": [16]}, runs=tmp_path / way).folder for way in ways}
    until = time.monotonic() + 60
    while any(len(folder.history) < 2 for folder in folders.values()):
        assert time.monotonic() < until, [command.poll() for command in commands.values()]
        time.sleep(0.05)
    commands["background"].send_signal(signal.SIGINT)  # is ignored, as a shell wants it of its background jobs
    for way, number in ways.items():
        (os.killpg if way == "group" else os.kill)(commands[way].pid, number)
    asked = time.monotonic()
    said = {way: command.communicate(timeout=30)[1] for way, command in commands.items()}
    assert time.monotonic() - asked < 15  # a second or two on an idle machine
    for way, command in commands.items():
        assert command.returncode == 130, said[way]
        assert "everything is saved" in said[way]
        assert "Traceback" not in said[way]
        assert folders[way].status.state == "interrupted"
        steps = checkpoints.newest(folders[way].checkpoints)[0]["step"]
        assert steps >= folders[way].history[-1]["step"]


ABORT = """
import os, signal
from paribus.cli import main
from paribus.training import monitor
original = monitor.Monitor.save
def save(self):
    os.kill(os.getpid(), signal.SIGINT)  # impatient: while the first request is being served
    original(self)
monitor.Monitor.save = save
original_tick = monitor.Monitor.tick
def tick(self):
    if self.session.step == 3:
        os.kill(os.getpid(), signal.SIGINT)
    original_tick(self)
monitor.Monitor.tick = tick
monitor.TICK_SECONDS = 0
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_R6_ctrl_c_twice_aborts_a_real_command(tmp_path):
    words = ["run", "digits/mlp", "--runs", str(tmp_path), "--threads", "1"]
    done = subprocess.run([sys.executable, "-c", ABORT, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    folder = Run("digits/mlp", runs=tmp_path).folder
    assert folder.status.state == "interrupted"
    assert folder.result is None


def test_R6_a_stopped_run_goes_on(train, digits, every_step, stop_at, tmp_path):
    """The recipe of a stopped folder is all that is needed to go on."""
    with pytest.raises(Interrupted) as stopped:
        train(digits(), listen=stop_at(3))
    assert stopped.value.exit_code == 130
    folder = RunFolder(tmp_path / "run")
    assert isinstance(folder.recipe, Recipe)
    assert train(folder.recipe, seed=folder.seed)[1].steps == 24
