"""Designs that say two things at once are refused with the reason: nothing that was asked for is dropped unseen."""

from __future__ import annotations

import pytest
from tests.small import small

import paribus as pb
from paribus.errors import StudyError

pytestmark = pytest.mark.usefixtures("here")

SGD = {"use": "sgd", "lr": 0.1}

REFUSED = {
    "set and varied": ({"optimizer.lr": 0.3}, {"optimizer.lr": [0.1, 0.2]}, "varied, and cannot be set.*lr=0.3"),
    "set in a mapping": ({"optimizer": SGD}, {"optimizer.lr": [0.1, 0.2]}, "varied, and cannot be set"),
    "set in a part": ({"optimizer": pb.Part("sgd", lr=0.1)}, {"optimizer.lr": [0.1, 0.2]}, "cannot be set"),
    "the part set and varied": ({"optimizer": "sgd"}, {"optimizer.use": ["sgd", "adam"]}, "cannot be set"),
    "use set and the part varied": ({"optimizer.use": "sgd"}, {"optimizer": ["sgd", "adam"]}, "cannot be set"),
    "an option set of a part that varies": (
        {"optimizer.lr": 0.3},
        {"optimizer.use": ["sgd", "adam"]},
        r"would be lost.*lr=0.3.*--vary 'optimizer=\{use: NAME, lr: 0.3\}",
    ),
    "a part and its use": ({}, {"optimizer": ["sgd", "adam"], "optimizer.use": ["sgd", "adam"]}, "varied once"),
    "an option in a value and beside it": (
        {},
        {"optimizer": [SGD, "adam"], "optimizer.lr": [0.1, 0.2]},
        r"optimizer.lr is varied, and a value of optimizer sets it.*sgd\(lr=0.1\)",
    ),
    "an option that one arm lacks": (
        {},
        {"optimizer.use": ["sgd", "adam"], "optimizer.momentum": [0.0, 0.9]},
        "momentum is varied beside optimizer.use, and does not exist in every arm.*optimizer=adam",
    ),
    "one value": ({}, {"optimizer.lr": [0.1]}, "two values or more.*received: 0.1.*optimizer.lr=0.1 without --vary"),
    "one value of two factors": ({}, {"optimizer.lr": [0.1, 0.2], "model.norm": ["none"]}, "model.norm has one"),
    "a value twice": ({}, {"optimizer.lr": [0.1, 0.2, 0.10]}, "optimizer.lr has the same value twice.*0.1 and 0.1"),
    "a value twice, once validated": ({}, {"model.dropout": [0, 0.0]}, "model.dropout has the same value twice"),
    "a value twice, by its default": ({}, {"optimizer": ["sgd", {"use": "sgd", "momentum": 0.9}]}, "same value twice"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("layout", ["factorial", "one-at-a-time"])
def test_contradictions_are_refused(name, layout):
    changes, vary, says = REFUSED[name]
    with pytest.raises(StudyError, match=f"(?s){says}"):
        small(vary, changes=changes, layout=layout)


@pytest.mark.parametrize(
    ("changes", "vary"),
    [
        ({"optimizer": SGD}, {"optimizer.momentum": [0.0, 0.9]}),
        ({"optimizer.momentum": 0.5}, {"optimizer.lr": [0.1, 0.2]}),
        ({"optimizer.use": "adam"}, {"optimizer.lr": [0.1, 0.2]}),
        ({}, {"optimizer.use": ["sgd", "adam"], "optimizer.lr": [0.1, 0.2]}),
        ({"augment.crop.padding": 1}, {"augment.flip": [True, False]}),
    ],
)
def test_what_only_looks_like_a_contradiction_is_not_refused(changes, vary):
    assert small(vary, changes=changes).design.arms()
