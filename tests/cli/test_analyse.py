"""``paribus analyse`` and what it leaves in the run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.small import Heard, small

VAE = ["digits/vae", "budget.epochs=1", "model.widths=[8]", "--threads", "1"]


@pytest.fixture
def trained(paribus) -> Path:
    assert paribus("run", *VAE).code == 0
    (folder,) = Path("runs").glob("*/*/seed-0")
    return folder


def test_what_is_asked_is_printed_kept_and_reported(paribus, trained):
    said = paribus("analyse", "latent-map", "last", "--set", "most=50")
    assert (said.code, said.err) == (0, "")
    assert "50 examples" in said.out
    assert len(json.loads((trained / "analyses" / "latent-map.json").read_text())["record"]["x"]) == 50
    assert paribus("analyse", "likelihood", "last", "--set", "draws=3", "--set", "most=40").code == 0
    said = paribus("report", "seed-0")
    assert "report.html" in said.out
    html = (trained / "report.html").read_text()
    assert "Where do examples lie among the codes?" in html
    assert "log p(x), at least" in html
    assert "3 draws for each of 40 examples" in html


def test_records_are_printed_as_json_and_pages_written(paribus, trained):
    (record,) = json.loads(paribus("analyse", "likelihood", "last", "--set", "draws=2", "--json").out)
    assert (record["draws"], record["run"]) == (2, str(trained))
    said = paribus("analyse", "latent-map", "last", "--html", "codes.html")
    assert said.out == "page in codes.html\n"
    assert "<svg" in Path("codes.html").read_text()


def test_mistakes_are_one_message(paribus, trained):
    for words, message in [
        (("latentmap", "last"), "there is no analysis of this name"),
        (("skill", "last"), "needs a task with something to compare with"),
        (("likelihood", "last", "--set", "drwas=2"), "there is no drwas"),
        (("likelihood", "last", "--set", "split=vla"), "split is one of train, val, test"),
        (("denoising", "last"), "pictures must be given"),
    ]:
        said = paribus("analyse", *words)
        assert said.code
        assert message in said.err


def test_analyses_are_listed_and_shown(paribus):
    said = paribus("list", "analyses")
    assert "latent-map" in said.out
    assert "a variational autoencoder" in said.out
    assert "latent-map" in paribus("list").out
    assert "codes drawn for each example" in paribus("show", "likelihood").out


def test_arms_of_a_study_are_asked_beside_each_other(paribus):
    small(vary={"model.widths": [[4], [8]]}, seeds=2, name="two", runs="runs").run(jobs=1, listen=Heard())
    asked = (
        "analyse",
        "corruptions",
        "two",
        "--set",
        "kinds=contrast,shuffle",
        "--set",
        "severities=1",
        "--set",
        "most=40",
    )
    said = paribus(*asked, "--html", "severity.html")
    assert (said.code, said.out) == (0, "page in severity.html\n")
    html = Path("severity.html").read_text()
    assert "arm − widths=[4]" in html
    assert "for data like these, of 2 seeds" in html
    (record,) = json.loads(paribus(*asked, "--json").out)
    assert [list(record["kinds"]), list(record["kinds"]["shuffle"])] == [
        ["contrast", "shuffle"],
        ["widths=[4]", "widths=[8]"],
    ]
