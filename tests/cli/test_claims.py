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
    assert "--claim is these or like-these" in refused.err
    assert "those" in refused.err


def test_a_run_and_several_studies_have_no_claim(paribus):
    paribus("run", "digits/mlp", *WORDS[2:])
    assert "a run has no verdict" in paribus("report", "last", "--claim", "these").err
    assert "--claim are for one study" in paribus("report", "last", "last", "--claim", "these").err


def test_a_split_that_is_held_fixed_allows_the_narrower_claim_only(paribus):
    refused = paribus(*STUDY, "chance.split=0", "--claim", "like-these")
    assert refused.code == 2
    assert "all seeds share one validation split here" in refused.err
