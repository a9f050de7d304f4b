"""A trial tells whether common steps are those alone, and leaves no trace."""

from __future__ import annotations

import copy

import pytest
import torch

from paribus.training.fused.clusters import Clusters
from paribus.training.fused.trial import EXACT, MOVED, Trial, attempt


def test_common_steps_are_those_alone_and_nothing_is_left_behind(trainings):
    made = trainings([{}, {}, {}], **{"model.norm": "batch", "model.dropout": 0.5, "training.clip_norm": 0.1})
    dues = [own[0] for own in made]
    before = [copy.deepcopy(due.session.state()) for due in dues]
    found = attempt(dues)
    assert found.same
    assert 0 <= found.error < EXACT / 10
    assert found.alone > 0
    assert found.together > 0
    for due, state in zip(dues, before, strict=True):
        now = due.session.state()
        assert now["network"].keys() == state["network"].keys()
        assert all(torch.equal(now["network"][name], tensor) for name, tensor in state["network"].items())
        assert now["optimizers"]["model"]["state"] == {}
        assert (now["step"], now["signals"]) == (0, state["signals"])
        assert due.session.signals.wanted


def test_another_draw_is_found(trainings, monkeypatch):
    """Were the masks of dropout those of another key, no gradient would be what it is alone."""
    made = trainings([{}, {}], **{"model.dropout": 0.5})
    monkeypatch.setattr("paribus.training.fused.noise.set_seed", lambda key: torch.manual_seed(key + 1))
    found = attempt([own[0] for own in made])
    assert not found.same
    assert found.error > 0.1


def test_a_step_that_goes_elsewhere_is_found(trainings, monkeypatch):
    """Right gradients are not enough: an optimizer might read them in another order."""
    right = Clusters.step

    def wrong(self, gradients):
        right(self, {name: -it for name, it in gradients.items()})

    made = trainings([{}, {}])
    monkeypatch.setattr(Clusters, "step", wrong)
    found = attempt([own[0] for own in made])
    assert found.error < EXACT
    assert found.moved > MOVED
    assert not found.same


@pytest.mark.parametrize(("lanes", "pays"), [(1, True), (2, True), (3, False)])
def test_a_common_step_must_beat_as_many_runs_as_go_elsewhere_at_a_time(lanes, pays):
    assert Trial(0.5, 0.2, 0.0, 0.0, EXACT).pays(lanes) is pays
