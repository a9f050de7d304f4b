"""Compiling: decided by what is left to be done, recorded, and without consequence where it fails."""

from __future__ import annotations

import logging

import pytest
import torch

from paribus.training import compiling
from paribus.training.compiling import COST, GAIN, MEASURED, WARM, Compiling, pays
from paribus.training.distributed.group import One
from paribus.training.execution import Settings
from paribus.training.monitor import Plan

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Session:
    """As much of a session as the decision asks for, on a GPU that is not there."""

    def __init__(self, device: str = "cuda") -> None:
        self.execution = type("Execution", (), {"device": device})()
        self.fitted, self.step, self.group = None, 0, One()


@pytest.fixture
def decided(monkeypatch):
    """Takes steps of so many seconds and says behind which of them, counted from 1, it was compiled; 0 if never."""

    def run(each: float, steps: int, wish: str = "auto", device: str = "cuda") -> int:
        done: list[int] = []
        session = Session(device)
        monkeypatch.setattr(compiling, "compile_model", lambda it: done.append(it.step))
        monkeypatch.setattr(Compiling, "_now", lambda self: session.step * each)
        choice = Compiling(session, Plan(1, steps, steps), Settings(compile=wish))
        for session.step in range(1, steps + 1):
            choice.stepped()
        return done[0] if done else -1

    return run


def test_short_trainings_do_not_pay_for_compiling(decided):
    least = COST / GAIN  # seconds
    steps = WARM + MEASURED + 1000
    assert decided(1.01 * least / 1000, steps) == WARM + MEASURED
    assert decided(0.99 * least / 1000, steps) == -1
    assert decided(1e-3, WARM + MEASURED - 1) == -1  # over before anything is known
    assert pays(1.01 * least)
    assert not pays(0.99 * least)


def test_a_wish_is_followed_and_a_processor_compiles_only_on_request(decided):
    assert decided(1.0, 10_000, "off") == -1
    assert decided(1e-6, 10, "on") == 0
    assert decided(1.0, 10_000, "auto", "cpu") == -1
    assert decided(1e-6, 10, "on", "cpu") == 0


@pytest.fixture
def quickly(monkeypatch):
    """A backend that compiles nothing: that its graph is called is all there is to be seen."""
    calls = []

    def backend(graph, examples):
        def run(*given):
            calls.append(len(given))
            return graph(*given)

        return run

    monkeypatch.setattr(compiling, "BACKEND", backend)
    return calls


@pytest.mark.filterwarnings("default")  # of the compiler's own imports
def test_a_compiled_training_computes_the_same_and_says_so(train, digits, quickly):
    recipe = digits({"model.norm": "batch"}, "cnn")
    _, plain = train(recipe, "plain")
    _, compiled = train(recipe, "compiled", compile="on")
    assert len(quickly) >= 24  # every step, and no evaluation: they are 24
    assert compiled.execution["compiled"] is True
    assert "compiled" not in plain.execution
    assert compiled.weights_sha256 == plain.weights_sha256
    assert compiled.metrics == plain.metrics


def test_a_model_that_cannot_be_compiled_trains_as_it_is(train, digits, monkeypatch, caplog):
    def refuses(*_, **__):
        raise RuntimeError("no compiler here\nand more")

    monkeypatch.setattr(torch, "compile", refuses)
    with caplog.at_level(logging.WARNING):
        _, result = train(digits(), compile="on")
    assert "the model cannot be compiled and trains as it is: no compiler here" in caplog.text
    assert "compiled" not in result.execution
    assert result.weights_sha256 == train(digits(), "plain")[1].weights_sha256


@pytest.mark.cuda
@needs_cuda
@pytest.mark.filterwarnings("default")
def test_cuda_a_compiled_training_learns_as_much(train, digits):
    recipe = digits({"model.norm": "batch"}, "cnn")
    losses = [train(recipe, wish, device="cuda", compile=wish)[1].metrics["val/loss"] for wish in ("on", "off")]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
