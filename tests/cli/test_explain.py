"""``paribus explain``: everything about a run on one page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def trained(paribus) -> Path:
    assert paribus("run", "digits/mlp", "budget.epochs=1", "model.widths=[8]", "--threads", "1").code == 0
    (folder,) = Path("runs").glob("*/*/seed-0")
    return folder


def test_all_that_applies_is_said_in_short_and_written_whole(paribus, trained):
    said = paribus("explain", "last", "--html", "explained.html")
    assert said.code == 0, said.err
    assert "Looked at" in said.out
    assert "needs a variational autoencoder" in said.out
    page = Path("explained.html").read_text()
    assert "Where is it right, and where is it wrong?" in page
    assert "Worst examples" in page
    said = paribus("explain", "last", "examples", "--html", "explained.html")
    assert said.code
    assert "--overwrite" in said.err


def test_what_is_named_is_printed_whole_or_as_json(paribus, trained):
    assert "Precision: right where the class is said" in paribus("explain", "last", "examples").out
    found = json.loads(paribus("explain", "last", "examples", "--set", "shown=2", "--json").out)
    assert found["run"] == str(trained)
    assert len(found["records"]["errors"]["examples"]["worst"]) == 2


def test_N6_what_mistakes_cost_is_an_option(paribus, trained):
    assert "What mistakes cost: fn=10 fp=1" in paribus("explain", "last", "errors", "--cost", "fn=10 fp=1").out


def test_mistakes_are_one_message(paribus, trained):
    for words, message in [
        (("last", "exmples"), "did you mean 'examples'?"),
        (("last", "--set", "shwon=3"), "did you mean 'shown'?"),
        (("last", "errors", "--cost", "nine=3"), "costs name classes, or fn and fp"),
        (("last", "latent-map"), "needs a variational autoencoder"),
        (("nothing",), "nothing"),
    ]:
        said = paribus("explain", *words)
        assert said.code
        assert message in said.err
