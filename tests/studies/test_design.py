"""What a study may compare, and what it compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.small import TWO_BY_TWO, Heard, Wide, small

import paribus as pb
from paribus.chance import STREAMS
from paribus.errors import EvidenceError, ParibusError, RecipeError, StudyError

pytestmark = pytest.mark.usefixtures("here")


WITHOUT_AUGMENTATION = [stream for stream in STREAMS if stream != "augmentation"]  # nothing is augmented


@pytest.mark.parametrize(
    ("layout", "arms"),
    [
        (
            "factorial",
            ["momentum=0, lr=0.05", "momentum=0, lr=0.1", "momentum=0.9, lr=0.05", "momentum=0.9, lr=0.1"],
        ),
        ("one-at-a-time", ["reference", "momentum=0.9", "lr=0.1"]),
    ],
)
def test_layouts(layout, arms):
    assert [arm.name for arm in small(TWO_BY_TWO, layout=layout).design.arms()] == arms


@pytest.mark.parametrize(
    ("streams", "fixed", "expected"),
    [
        (None, {}, ["all streams", *(f"{stream} only" for stream in WITHOUT_AUGMENTATION)]),
        (None, {"augment.flip": True}, ["all streams", *(f"{stream} only" for stream in STREAMS)]),
        (["order"], {}, ["all streams", "order only"]),
        (None, {"chance.split": 3}, ["all streams", "initialisation only", "order only", "noise only"]),
    ],
)
def test_streams_of_a_noise_study(streams, fixed, expected):
    study = small({"chance": streams} if streams else None, layout="noise", changes=fixed)
    assert [arm.name for arm in study.design.arms()] == expected
    if "chance.split" in fixed:  # what the recipe holds stays where it is held
        assert {study.design.recipe_of(arm).chance.split for arm in study.design.arms()} == {3}


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["mlp", Wide], ["mlp", "Wide"]),
        ([pb.Part("mlp", widths=[8]), pb.Part(Wide, width=5)], ["mlp(widths=[8])", "Wide(width=5)"]),
    ],
)
def test_models_of_ones_own_are_arms_beside_shipped_ones(values, names):
    study = pb.Study("digits/mlp", vary={"model": values}, changes={"budget.epochs": 1}, seeds=1)
    result = study.run(jobs=2, listen=Heard())
    assert [arm.name for arm in result.arms] == [f"model={name}" for name in names]
    assert result.complete
    assert result.arms[1].parameters == {"Wide": 310, "Wide(width=5)": 385}[names[1]]
    assert pb.Study.open(study.folder).design == study.design  # it can be written and read


@pytest.mark.parametrize("values", [np.array([0.05, 0.1]), torch.tensor([0.25, 0.5]), range(1, 3), np.arange(1, 3)])
def test_values_may_come_in_any_sequence(values):
    factors = small({"budget.epochs" if "int" in str(np.asarray(values).dtype) else "optimizer.lr": values}).design
    assert json.loads(factors.model_dump_json())["factors"] == {
        path: [float(value) for value in values] for path in factors.factors
    }


def test_values_that_differ_never_read_the_same():
    names = [arm.name for arm in small({"optimizer.lr": [0.1, 0.1 + 1e-9, 1e-7]}).design.arms()]
    assert names == ["lr=0.1", "lr=0.100000001", "lr=1e-07"]


REFUSED: list[tuple[dict[str, Any], type[ParibusError], str]] = [
    (
        {"vary": {"optimizer.lr": [0.1, 0.1]}},
        StudyError,
        "optimizer.lr has the same value twice.*same recipe\n.*0.1 and 0.1",
    ),
    ({"vary": {"model.norm": ["none", "none"]}}, StudyError, "same recipe"),
    ({"vary": {"about": ["a", "b"]}}, StudyError, "same recipe"),
    ({"vary": {"model.widths": [["a/b"], ["a-b"]]}}, RecipeError, "widths"),
    ({"vary": {"optimizer.lr": []}}, StudyError, "at least one value"),
    ({"vary": {"optimizer.lr": 0.1}}, StudyError, "are a list"),
    ({"vary": {"optimizer.use": "sgd"}}, StudyError, "are a list"),
    ({"vary": {"optimizer.rate": [1]}}, RecipeError, "available: lr"),
    ({"vary": {"optimiser.lr": [1]}}, RecipeError, "did you mean 'optimizer'"),
    ({"seeds": 0}, StudyError, "seeds"),
    ({"seeds": [1, 1]}, StudyError, "seeds must differ"),
    ({"delta": -0.1}, StudyError, r"delta \(δ\).*above 0, and at most 100pt\n  received: -0.1\n  next: write 1pt"),
    ({"confidence": 95}, StudyError, "confidence"),
    ({"layout": "latin"}, StudyError, "one-at-a-time"),
    ({"metric": "val/acuracy"}, StudyError, "did you mean 'val/accuracy'.*val/loss.*val/macro_f1"),
    ({"metric": "accuracy"}, StudyError, "did you mean 'val/accuracy'"),
    ({"metric": "test/accuracy"}, StudyError, "compares figures of the validation split.*--metric val/accuracy"),
    ({"layout": "noise"}, StudyError, "varies chance and nothing else\n.*optimizer.lr"),
    ({"layout": "noise", "vary": {"chance": ["ordr"]}}, StudyError, "did you mean 'order'"),
    ({"layout": "noise", "vary": {"chance": []}}, StudyError, "needs a stream"),
    ({"layout": "noise", "vary": None, "most": 9}, StudyError, "decides nothing"),
    ({"seeds": 5, "most": 3}, EvidenceError, "from 5 to 3 seeds"),
]


@pytest.mark.parametrize(("design", "error", "says"), REFUSED, ids=[str(design) for design, _, _ in REFUSED])
def test_designs_that_can_answer_nothing_are_refused(design, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        small(**design)
    assert not Path("runs").exists()


def test_arms_that_would_share_a_folder_are_refused():
    class Texts(Wide):
        def __init__(self, num_classes: int, text: str = "") -> None:
            super().__init__(num_classes)

    with pytest.raises(StudyError, match=r"share a folder\n.*text=a/b and text=a-b"):
        pb.Study("digits/mlp", vary={"model.text": ["a/b", "a-b"]}, changes={"model": pb.Part(Texts)})


SEEDS = {"3": (0, 1, 2), "3,": (3,), "3,4,7": (3, 4, 7), " 2 ": (0, 1), 2: (0, 1), (5, 7): (5, 7), "0,1": (0, 1)}


@pytest.mark.parametrize("given", SEEDS)
def test_seeds_are_how_many_or_which_in_words_too(given):
    assert pb.Study("digits/mlp", seeds=given).design.seeds == SEEDS[given]


@pytest.mark.parametrize(
    "given", ["", "x", "0", " 0", "-1", "1,-1", "1.5", "1,,2", ",", "1;2", 0, -1, 2.5, True, None, [], [1.5], 10**12]
)
def test_seeds_that_are_none(given):
    with pytest.raises(StudyError, match="seeds are a number of seeds"):
        pb.Study("digits/mlp", seeds=given)


def test_shortcuts_name_what_varies():
    design = pb.Study("digits/cnn", vary={"lr": [0.1, 0.2], "widths": [8, [8, 8]]}, changes={"epochs": 1}).design
    assert design.factors == {"optimizer.lr": (0.1, 0.2), "model.widths": ([8], [8, 8])}
    assert design.base.budget.epochs == 1
