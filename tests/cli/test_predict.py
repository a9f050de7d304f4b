"""``paribus predict`` and ``paribus analyse`` with several networks and several views."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from tests.small import Heard, small


@pytest.fixture(scope="module")
def trained(session_cache, tmp_path_factory) -> Path:
    """A folder of runs with a study of two arms and two seeds, and pictures beside it."""
    root = tmp_path_factory.mktemp("made")
    small(seeds=2, name="rates", runs=root / "runs", changes={"chance.split": 0}).run(jobs=1, listen=Heard())
    (root / "new").mkdir()
    for index, digit in enumerate(load_digits().images[:3]):
        Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8)).save(root / "new" / f"{index}.png")
    return root


@pytest.fixture
def command(paribus, here, trained):
    shutil.copytree(trained, here, dirs_exist_ok=True)
    return paribus


def test_the_seeds_of_an_arm_predict_together(command):
    said = command("predict", "rates", "new", "--arm", "lr=0.1", "--tta", "flip", "--csv", "-")
    assert said.code == 0
    rows = list(csv.DictReader(said.out.splitlines()))
    assert [row["file"] for row in rows] == ["new/0.png", "new/1.png", "new/2.png"]
    for row in rows:
        shares = {name: float(row[name]) for name in map(str, range(10))}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert row["label"] == max(shares, key=shares.__getitem__)
        assert float(row["agreement"]) in (0.0, 0.5, 1.0)
    several = command("predict", "lr=0.1/seed-0", "new", "--with", "lr=0.1/seed-1", "--tta", "flip", "--csv", "-")
    assert several.out == said.out
    assert "agreement" in command("predict", "rates", "new", "--arm", "lr=0.1").out


def test_what_an_ensemble_gains_is_said(command):
    said = command("analyse", "ensemble", "rates", "--arm", "lr=0.1")
    assert (said.code, "2 networks, 1 view of each picture" in said.out) == (0, True)
    [found] = json.loads(command("analyse", "ensemble", "rates", "--arm", "lr=0.1", "--json").out)
    gain = found["gains"]["accuracy"]["value"]
    assert found["averaged"]["accuracy"] - found["single"]["accuracy"] == pytest.approx(gain)
    assert found["left_out"] == 0
    assert not list(Path("runs").rglob("test.json"))
    opened = command("analyse", "ensemble", "rates", "--arm", "lr=0.1", "--set", "split=test", "--because", "final")
    assert "test split" in opened.out
    assert len(list(Path("runs").rglob("test.json"))) == 2
    refused = command("analyse", "ensemble", "rates", "--arm", "lr=0.05", "--set", "split=test")
    assert "the test of this study was opened for lr=0.1 before" in refused.err


def test_what_views_gain_is_said(command):
    said = command("analyse", "tta", "lr=0.1/seed-0")
    assert (said.code, "1 network, 2 views" in said.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("predict", "rates", "new"), "this is asked of one arm"),
        (("predict", "lr=0.1/seed-0", "new", "--arm", "lr=0.1"), "a run has no arms"),
        (("predict", "lr=0.1/seed-0", "new", "--tta", "flop"), "test-time augmentation is flip, or a number of views"),
        (("predict", "lr=0.1/seed-0", "new", "--tta", "8"), "this recipe has none that change single pictures"),
        (("analyse", "ensemble", "rates"), "this is asked of one arm"),
        (("analyse", "ensemble", "lr=0.1/seed-0"), "there is no such study folder"),
        (("analyse", "tta", "lr=0.1/seed-0", "--arm", "lr=0.1"), "the analysis tta is about single runs"),
    ],
)
def test_mistakes(command, words, part):
    said = command(*words)
    assert said.code != 0
    assert part in said.err
