"""``--claim`` as people type it."""

from __future__ import annotations

import json

import pytest
from tests.small import QUICK

WORDS = ["study", "digits/mlp", *(f"{field}={value}" for field, value in QUICK.items())]
STUDY = [*WORDS, "--vary", "optimizer.lr=0.05,0.1", "--seeds", "3", "--jobs", "1", "--name", "mine"]


def effects(said):
    return json.loads(said.out)["tables"]["effects"]


def test_a_report_answers_for_another_claim_without_training_and_says_so(paribus):
    wide = paribus(*STUDY, "--json")
    assert {row["claim"] for row in effects(wide)} == {"like-these"}
    narrow = paribus("report", "mine", "--claim", "these", "--json")
    assert {row["claim"] for row in effects(narrow)} == {"these"}
    for about in ("for these data", "for data like these"):
        assert [row[f"low {about} (share)"] for row in effects(wide)] == [
            row[f"low {about} (share)"] for row in effects(narrow)
        ]
    (warning,) = [one for one in json.loads(narrow.out)["warnings"] if "judged before" in one]
    assert "by val/accuracy for data like these with" in warning
    assert "verdicts are for these data" in paribus("report", "mine").out


@pytest.mark.parametrize("words", [STUDY, ["report", "mine"]])
def test_another_word_is_refused(paribus, words):
    refused = paribus(*words, "--claim", "those")
    assert refused.code == 2
    assert "--claim is these, like-these or examples" in refused.err
    assert "those" in refused.err


def test_a_run_and_several_studies_have_no_claim(paribus):
    paribus("run", "digits/mlp", *WORDS[2:])
    assert "a run has no verdict" in paribus("report", "last", "--claim", "these").err
    assert "--claim are for one study" in paribus("report", "last", "last", "--claim", "these").err


def test_S20_a_split_that_is_held_fixed_speaks_of_other_examples(paribus):
    fixed = [*STUDY, "chance.split=0"]
    said = paribus(*fixed, "--json")
    assert {row["claim"] for row in effects(said)} == {"these"}
    (row,) = effects(said)
    assert row["low for examples like these (share)"] <= row["low for these data (share)"] + 1e-9
    wide = paribus(*fixed, "--claim", "like-these")
    assert "verdicts are for examples like these, as if other examples had been drawn to evaluate on" in wide.out
    assert {row["claim"] for row in effects(paribus("report", "mine", "--json"))} == {"examples"}
    assert {row["claim"] for row in effects(paribus("report", "mine", "--claim", "these", "--json"))} == {"these"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chance.split=0", "--metric", "val/macro_f1", "--claim", "like-these"], "this figure is no mean over its"),
        (["--claim", "examples"], "every seed draws its own validation split here"),
        (["chance.split=0", "--claim", "like-these", "--until-decided", "5"], "hold once, at the planned end"),
    ],
)
def test_a_claim_that_the_split_does_not_allow_is_refused_before_training(paribus, words, says):
    refused = paribus(*STUDY, *words)
    assert refused.code == 2
    assert says in " ".join(refused.err.split())
    assert "seed 0" not in refused.err
