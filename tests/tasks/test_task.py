"""What models are supplied with: the usual names, and those that a task adds."""

from __future__ import annotations

from typing import ClassVar

import pytest

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.models.network import assemble
from paribus.records.kinds import KINDS
from paribus.records.parts import Part
from paribus.tasks.classification import Classification

INFO = DataInfo((3, 8, 8), ("a", "b", "c"), {"train": 9}, (3, 3, 3), (1.0,) * 3, (1.0,) * 3)


class Anchored(Classification):
    """Supplies one name more."""

    supplies: ClassVar = frozenset({"anchors"})

    def model_inputs(self):
        return {**super().model_inputs(), "anchors": (1, 2, 3)}


class Forgetful(Anchored):
    """Does not say so."""

    supplies: ClassVar = frozenset()


def test_every_task_supplies_what_no_model_has_as_an_option():
    supplied = Classification(INFO).model_inputs()
    assert supplied.keys() == KINDS["model"].supplied
    assert supplied == {
        "input_shape": (3, 8, 8),
        "in_channels": 3,
        "target_shape": (),
        "num_outputs": 3,
        "num_classes": 3,
        "num_tokens": 0,
    }


def test_a_task_may_supply_more_if_it_says_so():
    assemble(Part("mlp"), Anchored(INFO), Seeds(0))  # which does not ask for it
    with pytest.raises(TypeError, match=r"Forgetful.supplies must name .* \['anchors'\]"):
        assemble(Part("mlp"), Forgetful(INFO), Seeds(0))
