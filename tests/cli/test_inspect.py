"""``paribus show RECIPE --model``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest


def test_a_model_before_it_is_trained(paribus, here):
    said = paribus("show", "digits/cnn", "--model", "model.norm=batch", "--device", "cpu")
    assert said.code == 0
    for part in ("stages.0.layers.0.conv", "for each parameter momentum_buffer", "epoch of 16 steps", "6,138 trained"):
        assert part in said.out
    assert list(here.iterdir()) == []


def test_as_data(paribus, here):
    found = json.loads(paribus("show", "digits/mlp", "--model", "--json", "--csv", "model.csv").out)
    assert sum(layer["parameters"] for layer in found["tables"]["layers"]) == found["trainable"] == 8970
    memory = {row["what"]: row for row in found["tables"]["memory"]}
    assert memory["gradients"]["measured (bytes)"] == 4 * 8970
    assert found["tables"]["time"][1]["estimate (s)"] > 0
    rows = csv.DictReader(Path("model-layers.csv").read_text().splitlines())
    assert [row["layer"] for row in rows][:2] == ["flatten", "linear 64"]


def test_a_changed_recipe(paribus):
    assert "batch" in paribus("show", "digits/cnn", "model.norm=batch").out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("cnn", "--model"), "--model and changes are for recipes"),
        (("digits/cnn", "--model", "model.nrm=batch"), "did you mean 'norm'?"),
        (("digits/cnn", "--model", "model=lstm"), "this network reads sequences"),
    ],
)
def test_mistakes(paribus, words, part):
    said = paribus("show", *words)
    assert said.code == 2
    assert part in said.err
