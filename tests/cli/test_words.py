from __future__ import annotations

import pytest

from paribus.cli.words import parse_overrides, parse_vary
from paribus.errors import RecipeError, StudyError


def test_overrides_are_fields_and_values():
    words = ["optimizer.lr=1e-3", "model.widths=[8, 16]", " data.path =a=b", "training.clip_norm="]
    assert parse_overrides(words) == {
        "optimizer.lr": 1e-3, "model.widths": [8, 16], "data.path": "a=b", "training.clip_norm": None,
    }  # fmt: skip
    assert parse_overrides(None) == {} == parse_vary(None)
    assert parse_vary(["model.norm=none,batch"]) == {"model.norm": ["none", "batch"]}


@pytest.mark.parametrize("word", ["lr", "", "=3", "--lr"])
def test_an_override_needs_a_field_and_an_equals_sign(word):
    for parse in (parse_overrides, parse_vary):
        with pytest.raises(RecipeError, match="FIELD=VALUE") as caught:
            parse([word])
        assert caught.value.got == word


def test_a_field_that_is_set_twice_is_refused():
    for parse, done in ((parse_overrides, "set"), (parse_vary, "varied")):
        with pytest.raises(StudyError, match=f"lr is {done} twice"):
            parse(["lr=0.1", "lr=0.2"])
