"""What stands in place of a recipe: settings as plain data, figures among what was returned, an identity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import paribus as pb
from paribus.records.metric import LOSS
from paribus.records.own import OwnTraining, as_number, numbers, plain


def test_the_identity_is_that_of_origin_settings_and_code_and_of_nothing_else():
    one = OwnTraining("function", "train", {"a": 1, "b": 2}, {"function train": "12"})
    same = [replace(one, settings={"b": 2, "a": 1}), replace(one, metrics=(LOSS,)), replace(one, name="other")]
    other = [replace(one, origin="command"), replace(one, settings={"a": 2, "b": 2}), replace(one, sources={})]
    assert {it.identity for it in same} == {one.identity}
    assert len({it.identity for it in (one, *other)}) == 4


def test_numbers_are_found_in_tensors_arrays_and_nested_names():
    import numpy as np
    import torch

    found = {"val": {"loss": torch.tensor(0.5)}, "a": np.float32(1), "b": np.array([2.0]), "c": True, "d": None}
    assert numbers(found) == {"val/loss": 0.5, "a": 1.0, "b": 2.0, "c": 1.0, "d": None}
    assert numbers({"text": "0.5", "many": np.zeros(3), "object": object(), "i": 1j}) == {}
    assert as_number("1") is None


def test_settings_are_plain_and_objects_say_what_they_are():
    import numpy as np

    assert plain({"a": (1, np.float64(2)), "b": dict, "c": Path("x")}, "f") == {
        "a": [1, 2.0],
        "b": "dict",
        "c": "PosixPath('x')",
    }
    for strange in (object(), lambda: 1):
        with pytest.raises(pb.ParibusError, match="the value of model does not say what it is"):
            plain(strange, "model")
