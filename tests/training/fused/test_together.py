"""Whole trainings driven together: each ends as it would alone, and what happens to one touches no other."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from paribus.data.prepare import prepared
from paribus.errors import Diverged, Interrupted, Paused
from paribus.records.parts import Part, register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training.execution import Settings
from paribus.training.fused import together, validation
from paribus.training.fused.together import How, Together
from paribus.training.fused.trial import Trial
from paribus.training.interruption import StopRequest
from paribus.training.loop import stepwise, train
from paribus.training.session import Session

CPU = Settings("cpu", 1, checkpoint_seconds=1000.0)
SMALL = {"split.limit": 120, "training.batch_size": 32, "training.precision": "fp32", "budget.epochs": 4}
ALWAYS = How(measured=False)


@pytest.fixture(scope="module", autouse=True)
def data_at_hand():
    prepared.share(Recipe.load("digits/mlp").data)
    yield
    prepared.forget()


class Noisy(nn.Module):
    """It draws by itself, which could not be done for each of several runs as it would be alone."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(64, num_classes)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.linear(functional.dropout(inputs.flatten(1), 0.5, self.training))


class Driven:
    """Runs of arms, one seed each, in folders of this test, and what was told of them."""

    def __init__(self, root, arms: Sequence[Mapping[str, Any]], name: str = "digits/mlp", settings=CPU) -> None:
        widths = {"model.widths": [8, 8]} if name == "digits/mlp" and not any("model" in arm for arm in arms) else {}
        self.recipes = [Recipe.load(name, {**SMALL, **widths, **arm}) for arm in arms]
        register_own(self.recipes[0].parts())
        self.root, self.settings = root, settings
        self.told: list[tuple[int, str, Any]] = []
        self.hear: Callable[[int, str, Any], None] = lambda number, kind, what: None
        self.request = StopRequest()

    def folder(self, number: int) -> RunFolder:
        return RunFolder(self.root / "together" / str(number))

    def together(self, how: How = ALWAYS, only: Sequence[int] | None = None) -> Driven:
        """Drive them."""
        numbers = list(range(len(self.recipes))) if only is None else list(only)

        def opening(number):
            return lambda listen, request: stepwise(
                self.folder(number), self.recipes[number], number, self.settings, listen, request=request
            )

        def tell(place, kind, what):
            self.told.append((numbers[place], kind, what))
            self.hear(numbers[place], kind, what)

        Together([opening(number) for number in numbers], tell, self.request, how).run()
        return self

    def ends(self) -> dict[int, str]:
        return {number: kind for number, kind, _ in self.told if kind not in ("started", "progress")}

    def why(self, number: int) -> Any:
        return next(what for at, kind, what in self.told if at == number and kind in ("ended", "returned"))

    def alone(self, number: int) -> RunFolder:
        folder = RunFolder(self.root / "alone" / str(number))
        train(folder, self.recipes[number], number, CPU)
        return folder

    def assert_as_alone(self, numbers: Sequence[int], rel: float = 1e-4) -> None:
        for number in numbers:
            mine, alone = self.folder(number), self.alone(number)
            assert mine.result is not None
            assert alone.result is not None
            assert mine.status.state == "finished"
            assert (mine.result.epochs, mine.result.steps, mine.result.best_epoch, mine.result.stopped_early) == (
                alone.result.epochs,
                alone.result.steps,
                alone.result.best_epoch,
                alone.result.stopped_early,
            )
            for row, other in zip(mine.history, alone.history, strict=True):
                assert row.keys() == other.keys()
                figures = {name: value for name, value in row.items() if name != "seconds"}
                assert figures == pytest.approx({name: other[name] for name in figures}, rel=rel, abs=1e-6)
            weights = load_file(alone.weights)
            for name, tensor in load_file(mine.weights).items():
                torch.testing.assert_close(tensor, weights[name], rtol=1e-4, atol=1e-5)


def test_runs_end_as_they_do_alone_with_all_their_records(tmp_path):
    driven = Driven(tmp_path, [{}, {"optimizer.lr": 0.02}, {"model.dropout": 0.3, "budget.epochs": 3}]).together()
    assert driven.ends() == dict.fromkeys(range(3), "finished")
    driven.assert_as_alone(range(3))
    for number in range(3):
        mine, alone = driven.folder(number), RunFolder(tmp_path / "alone" / str(number))
        assert {it.name for it in mine.path.rglob("*")} == {it.name for it in alone.path.rglob("*")}
        assert [look.step for look in mine.signals] == [look.step for look in alone.signals]
        for look, other in zip(mine.signals, alone.signals, strict=True):
            assert look.update_ratio == pytest.approx(other.update_ratio, rel=1e-3)
            assert look.step_gradient == pytest.approx(other.step_gradient, rel=1e-3)
        assert mine.result.execution["together"] == 3
        assert "together" not in alone.result.execution


def test_who_stops_early_frees_a_place_for_who_waits(tmp_path):
    patient = {"stopping": {"use": "patience", "patience": 1, "min_delta": 9.0}, "budget.epochs": 9}
    driven = Driven(tmp_path, [{}, patient, {"optimizer.lr": 0.03}, {}]).together(How(width=2, measured=False))
    order = [(number, kind) for number, kind, _ in driven.told if kind in ("started", "finished")]
    assert order[:4] == [(0, "started"), (1, "started"), (1, "finished"), (2, "started")]
    assert driven.folder(1).result.stopped_early
    assert driven.folder(2).result.execution["together"] == 2
    driven.assert_as_alone(range(4))


def test_R7_one_that_diverges_ends_alone(tmp_path):
    driven = Driven(tmp_path, [{}, {"optimizer.lr": 1e30}, {}]).together()
    assert driven.ends() == {0: "finished", 1: "ended", 2: "finished"}
    assert isinstance(driven.why(1), Diverged)
    assert driven.folder(1).status.state == "diverged"
    driven.assert_as_alone([0, 2])


def test_one_that_fails_ends_alone(tmp_path, monkeypatch):
    driven = Driven(tmp_path, [{}, {}, {}])
    right = RunFolder.append_metrics

    def full(self, row):
        if self.path.name == "1" and row["epoch"] == 2 and "together" in self.path.parts:
            raise OSError("no space left")
        right(self, row)

    monkeypatch.setattr(RunFolder, "append_metrics", full)
    driven.together()
    assert driven.ends() == {0: "finished", 1: "ended", 2: "finished"}
    assert "no space left" in str(driven.why(1))
    assert driven.folder(1).status.state == "failed"
    driven.assert_as_alone([0, 2])


def test_the_first_failure_stops_all_that_ask_for_it(tmp_path, monkeypatch):
    driven = Driven(tmp_path, [{}, {}, {}])
    monkeypatch.setattr(RunFolder, "append_metrics", lambda self, row: 1 / 0 if self.path.name == "1" else None)
    driven.together(How(measured=False, fail_fast=True))
    assert driven.ends() == dict.fromkeys(range(3), "ended")
    assert driven.folder(1).status.state == "failed"
    assert {driven.folder(number).status.state for number in (0, 2)} == {"interrupted"}


@pytest.mark.parametrize("again", ["together", "alone", "one by one with others"])
def test_R6_all_are_saved_on_request_and_go_on(tmp_path, again):
    driven = Driven(tmp_path, [{"optimizer": "adam"}, {"optimizer": "adam"}, {"optimizer": "adam"}])

    def press(number, kind, what):
        if kind == "progress" and what.step >= 6 and not driven.request.number:
            driven.request.number = signal.SIGTERM

    driven.hear = press
    with pytest.raises(Interrupted):
        driven.together()
    assert set(driven.ends().values()) == {"ended"}
    for number in range(3):
        assert driven.folder(number).status.state == "interrupted"
        assert list(driven.folder(number).checkpoints.glob("*.safetensors"))
    driven.request, driven.hear, driven.told = StopRequest(), lambda *_: None, []
    if again == "alone":
        for number in range(3):
            train(driven.folder(number), driven.recipes[number], number, CPU)
    else:
        if again != "together":  # so one comes to the others in the middle of an epoch
            with pytest.raises(Paused):
                train(driven.folder(1), driven.recipes[1], 1, Settings("cpu", 1, until=3))
        driven.together()
    driven.assert_as_alone(range(3))


def test_runs_at_other_places_wait_until_the_others_come_to_theirs(tmp_path):
    stopped = Driven(tmp_path, [{}, {}, {}])

    def press(number, kind, what):
        stopped.request.number = signal.SIGTERM if kind == "progress" and what.step >= 2 else 0

    stopped.hear = press
    with pytest.raises(Interrupted):
        stopped.together(only=[1, 2])
    stopped.request, stopped.hear, stopped.told = StopRequest(), lambda *_: None, []
    stopped.together()  # 0 from its beginning, 1 and 2 from the middle
    assert {stopped.folder(number).result.execution["together"] for number in range(3)} == {3}
    stopped.assert_as_alone(range(3))


THAWING = {"model.unfreeze": {"hidden": 2}, "model.norm": "batch"}


def test_layers_that_thaw_do_so_for_all(tmp_path):
    driven = Driven(tmp_path, [THAWING, {**THAWING, "optimizer.lr": 0.02}, {**THAWING, "budget.epochs": 3}]).together()
    assert driven.ends() == dict.fromkeys(range(3), "finished")
    assert {driven.folder(number).result.execution["together"] for number in range(3)} == {3}
    driven.assert_as_alone(range(3))


def test_who_has_thawed_already_waits_until_the_others_have(tmp_path):
    driven = Driven(tmp_path, [THAWING] * 3)
    with pytest.raises(Paused):
        train(driven.folder(1), driven.recipes[1], 1, Settings("cpu", 1, until=3))
    driven.together()
    assert [driven.folder(number).result.execution["together"] for number in range(3)] == [3, 3, 3]
    driven.assert_as_alone(range(3))


@pytest.fixture
def validated(monkeypatch) -> list[str]:
    """The runs that are validated by themselves, one after another."""
    right, known = Session.evaluate, []
    monkeypatch.setattr(Session, "evaluate", lambda self, *words: known.append(self) or right(self, *words))
    return known


def test_runs_are_validated_together(tmp_path, validated):
    averaged = {"model.norm": "batch", "model.dropout": 0.2, "training.ema": 0.9}
    driven = Driven(tmp_path, [averaged, {**averaged, "budget.epochs": 3}]).together()
    assert len(validated) == 2 + 1  # once in both ways; and the last epoch of the one that is left
    driven.assert_as_alone([0, 1])


@pytest.mark.parametrize("fault", ["other figures", "no rule for it", "slower"])
def test_where_a_common_validation_is_none_each_has_its_own(tmp_path, validated, monkeypatch, fault):
    right = validation.together

    def faulty(looks):
        if fault == "no rule for it":
            raise NotImplementedError("no batching rule")
        time.sleep(0.3 if fault == "slower" else 0.0)
        return [
            {name: value * 1.01 for name, value in one.items()} if fault != "slower" else one for one in right(looks)
        ]

    monkeypatch.setattr(validation, "together", faulty)
    monkeypatch.setattr(validation, "_clock", lambda look: time.perf_counter)
    monkeypatch.setattr(together, "FEWEST_STEPS", 0)
    monkeypatch.setattr(Trial, "pays", lambda self, lanes: True)
    driven = Driven(tmp_path, [{"budget.epochs": 2}] * 2).together(How(measured=fault == "slower"))
    assert len(validated) == 2 + 2  # in both ways, then one after another
    driven.assert_as_alone([0, 1])


def test_finished_runs_are_not_trained_again(tmp_path):
    driven = Driven(tmp_path, [{}, {}]).together()
    written = [driven.folder(number).weights.stat().st_mtime_ns for number in range(2)]
    driven.together()
    assert driven.ends() == dict.fromkeys(range(2), "finished")
    assert [driven.folder(number).weights.stat().st_mtime_ns for number in range(2)] == written


RETURNED = {
    "several stages": ("gaussians/gan", [{}, {}]),
    "a common step failed": ("digits/mlp", [{"model": Part(Noisy)}] * 2),
    "changes from batch to batch": ("digits/vae", [{}, {}]),
    "no other run": ("digits/mlp", [{}]),
    "layers of the networks": ("digits/mlp", [{}, {"model.activation": "tanh"}]),
}


@pytest.mark.parametrize("why", RETURNED)
def test_what_cannot_step_together_is_returned_untouched_with_the_reason(tmp_path, why):
    name, arms = RETURNED[why]
    driven = Driven(tmp_path, arms, name).together()
    last = len(arms) - 1
    assert driven.ends()[last] == "returned"
    assert why in driven.why(last)
    folder = driven.folder(last)
    assert folder.status.state == "interrupted"
    assert folder.history == []
    assert not list(folder.checkpoints.glob("*"))


def test_who_comes_later_and_does_not_fit_is_returned_and_the_others_stay(tmp_path, monkeypatch):
    patient = {"stopping": {"use": "patience", "patience": 1, "min_delta": 9.0}, "budget.epochs": 9}
    driven = Driven(tmp_path, [{}, patient, {}])
    right, trials = together.attempt, []

    def once(dues):
        trials.append(len(dues))
        return replace(right(dues), error=0.0 if len(trials) == 1 else 1.0)

    monkeypatch.setattr(together, "attempt", once)
    driven.together(How(width=2, measured=False))
    assert driven.ends() == {0: "finished", 1: "finished", 2: "returned"}
    assert "not that of each alone" in driven.why(2)
    assert trials == [2, 2]
    driven.assert_as_alone([0, 1])


def test_runs_that_others_train_more_quickly_are_returned(tmp_path):
    driven = Driven(tmp_path, [{"budget.epochs": 400}] * 3).together(How(lanes=10**6))
    assert set(driven.ends().values()) == {"returned"}
    assert "not quicker" in driven.why(0)
    short = Driven(tmp_path / "short", [{}, {}]).together(How())
    assert "fewer than finding out is worth" in short.why(0)


def test_memory_that_does_not_suffice_returns_all(tmp_path, monkeypatch):
    driven = Driven(tmp_path, [{}, {}, {}])
    right, steps = torch.func.functional_call, []

    def full(*args):
        steps.append(1)
        if len(steps) == 9:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return right(*args)

    monkeypatch.setattr("paribus.training.fused.step.functional_call", full)
    driven.together()
    assert set(driven.ends().values()) == {"returned"}
    assert "OutOfMemoryError: CUDA out of memory" in driven.why(0)
    for number in range(3):
        train(driven.folder(number), driven.recipes[number], number, CPU)
    driven.assert_as_alone(range(3))
