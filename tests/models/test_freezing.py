"""Which tensors and modules patterns freeze, and until when."""

from __future__ import annotations

import math

import pytest
from torch import nn

from paribus.errors import RecipeError
from paribus.models.freezing import frozen_until, resting, set_epoch


@pytest.fixture
def net():
    return nn.ModuleDict(
        {
            "body": nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5)),
            "free": nn.BatchNorm1d(2, affine=False),
            "head": nn.Linear(2, 1),
        }
    )


def still(net, until, epoch) -> set[str]:
    found = {id(module) for module in resting(net, until, epoch)}
    return {path for path, module in net.named_modules() if id(module) in found}


def test_a_module_stands_for_all_below_it(net):
    until = frozen_until(net, ["body", "free"], {})
    assert set(until) == {name for name in net.state_dict() if not name.startswith("head")}
    assert still(net, until, 0) == {"body", "body.0", "body.1", "free"}  # dropout within body rests with body


def test_single_tensors_leave_the_statistics_alone(net):
    until = frozen_until(net, ["body.1.weight", "body.1.bias"], {})
    assert still(net, until, 0) == set()
    set_epoch(net, until, 0)
    assert not net["body"][1].weight.requires_grad
    assert net["body"][0].weight.requires_grad


def test_unfreezing_has_the_last_word(net):
    until = frozen_until(net, ["*"], {"head": 0, "body.0": 3})
    assert (until["head.weight"], until["body.0.bias"], until["body.1.weight"]) == (0, 3, math.inf)
    for epoch, trained in ((0, {"head"}), (2, {"head"}), (3, {"head", "body.0"}), (10**9, {"head", "body.0"})):
        set_epoch(net, until, epoch)
        named = {name.rpartition(".")[0] for name, it in net.named_parameters() if it.requires_grad}
        assert named == trained


def test_what_no_pattern_names_is_left_as_its_model_made_it(net):
    net["head"].requires_grad_(False)
    set_epoch(net, frozen_until(net, ["free"], {}), 10)
    assert not net["head"].weight.requires_grad


def test_wildcards_and_slips(net):
    assert set(frozen_until(net, ["*.bias"], {})) == {"body.0.bias", "body.1.bias", "head.bias"}
    with pytest.raises(RecipeError, match="did you mean 'head'"):
        frozen_until(net, ["haed"], {})
    with pytest.raises(RecipeError, match="there are body, head, free"):
        frozen_until(net, ["zzz"], {})
