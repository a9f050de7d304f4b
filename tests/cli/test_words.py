from __future__ import annotations

import pytest

from paribus.cli.words import parse_overrides, parse_seeds, parse_vary
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


@pytest.mark.parametrize(
    ("text", "seeds"), [("5", 5), ("3,4,7", [3, 4, 7]), ("7,", [7]), ("0,", [0]), (" 2 ", 2), ("0,1", [0, 1])]
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "x", "0", " 0", "-1", "1,-1", "1.5", "1,,2", ",", "1;2"])
def test_seeds_that_are_none(text):
    with pytest.raises(StudyError, match="--seeds is") as caught:
        parse_seeds(text)
    assert caught.value.got == text
