"""Every planted fault of protocol is found by its check; clean runs are not flagged (N15)."""

from __future__ import annotations

import json
import os

import pytest
import torch
from typer.testing import CliRunner

import paribus as pb
from paribus import files
from paribus.cli.app import app
from paribus.diagnosis.lint.lint import lint
from paribus.diagnosis.lint.table import LEAKS, RUN, STUDY
from paribus.errors import ParibusError
from paribus.reports.lint import lint_page
from paribus.reports.render import draw, to_html
from paribus.testing.protocol.clean import UNUSUAL, judged
from paribus.testing.protocol.planted import FAULTS, compared, trained

REAL_DATA = pytest.mark.skipif("PARIBUS_DATA" not in os.environ, reason="PARIBUS_DATA is not set")


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name, tmp_path):
    found = lint(FAULTS[name].plant(tmp_path))
    outcome = next(one for one in found.outcomes if one.check == FAULTS[name].check)
    assert outcome.state == "broken", outcome
    assert outcome.way_out
    assert found.exit_code == 1


def test_each_check_has_a_fault_or_a_reason():
    planted = {fault.check for fault in FAULTS.values()}
    assert {check.name for check in (*RUN, *STUDY)} == planted


@pytest.mark.parametrize(("recipe", "changes"), UNUSUAL, ids=lambda it: it if isinstance(it, str) else "")
def test_what_is_unusual_and_in_order_is_not_flagged(recipe, changes):
    small = {"split.limit": 200, "training.precision": "fp32", **changes}
    one = judged(recipe, small, 0)
    assert not one.left_out
    assert one.flagged == ()


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        ("wine/mlp", {}),
        ("seasons/lstm", {"data.steps": 400}),
        ("textures/denoise", {"data.pictures": 100}),
        ("gaussians/gan", {}),
        ("digits/vae", {}),
        ("markov/rnn", {}),
        ("lookahead/bilstm", {}),
        ("shapes/unet", {"data.pictures": 100, "data.size": 32}),
        pytest.param("breast_cancer/linear", {}, marks=REAL_DATA),
    ],
)
def test_shipped_recipes_are_not_flagged(recipe, changes):
    one = judged(recipe, {"budget.epochs": 1, "budget.steps": 4, "training.batch_size": 8, **changes}, 0)
    assert not one.left_out
    assert one.flagged == ()


@pytest.fixture(scope="module")
def clean_run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("clean"))


def test_a_clean_run_says_of_each_claim_what_is_known(clean_run):
    found = pb.lint(clean_run)
    assert [one.check for one in found.outcomes if one.state == "kept"] + found.names
    assert {one.check for one in found.outcomes} == {check.name for check in RUN}
    assert found.broken == ()
    assert found.exit_code == 0
    assert all(one.says for one in found.outcomes)


def test_the_eight_kinds_of_leakage_are_all_named(clean_run):
    found = lint(clean_run)
    assert (
        [leak.number for leak in found.leaks]
        == [*LEAKS]
        == ["L1.1", "L1.2", "L1.3", "L1.4", "L2", "L3.1", "L3.2", "L3.3"]
    )
    states = {leak.number: leak.state for leak in found.leaks}
    assert states["L1.2"] == "kept"
    assert states["L1.3"] == states["L3.3"] == "unchecked"


def test_a_run_of_an_earlier_version_is_checked_as_far_as_it_goes(tmp_path):
    folder = trained(tmp_path)
    about = folder.environment()
    del about["began"]
    folder.write_environment(about)
    found = {one.check: one for one in lint(folder).outcomes}
    assert found["frozen"].state == "unchecked"
    assert "before the first step" in found["frozen"].says
    assert found["learning rate"].state == "kept"


def test_a_run_without_weights_is_checked_as_far_as_it_goes(tmp_path):
    folder = trained(tmp_path)
    folder.weights.unlink()
    found = {one.check: one for one in lint(folder).outcomes}
    assert found["evaluation"].state == found["shapes"].state == "unchecked"
    assert "no weights" in found["shapes"].says
    assert found["parts"].state == "kept"


def test_a_run_that_was_made_elsewhere_is_checked_as_far_as_its_records_go(tmp_path):
    study = FAULTS["deaf-function"].plant(tmp_path)
    found = lint(next(study.rglob("recipe.json")).parent)
    assert found.broken == ()
    shapes = next(one for one in found.outcomes if one.check == "shapes")
    assert "a function of your own trained it" in shapes.says


def test_a_clean_study_is_not_flagged_and_its_runs_are_named_together(tmp_path):
    found = lint(compared(tmp_path))
    assert found.runs == 4
    assert found.broken == ()
    assert {check.name for check in (*STUDY, *RUN)} == {one.check for one in found.outcomes}
    frozen = next(one for one in found.outcomes if one.check == "frozen")
    assert len(frozen.runs) == 4


def test_frozen_layers_that_stay_are_kept_and_counted(tmp_path):
    folder = trained(tmp_path, "digits/cnn", **{"model.norm": "batch", "model.freeze": ["stages.0.*"]})
    frozen = next(one for one in lint(folder).outcomes if one.check == "frozen")
    assert frozen.state == "kept"
    assert frozen.says.startswith("6 frozen tensors are what they were")  # a weight, scale and shift, three statistics


def test_what_was_freed_again_cannot_be_checked(tmp_path):
    folder = trained(tmp_path, "digits/cnn", **{"model.norm": "batch", "model.unfreeze": {"stages.0.*": 1}})
    frozen = next(one for one in lint(folder).outcomes if one.check == "frozen")
    assert frozen.state == "unchecked"
    assert "freed again" in frozen.says


def test_the_page_shows_what_is_broken_with_its_way_out(tmp_path):
    page = lint_page(lint(FAULTS["chosen-by-training"].plant(tmp_path)))
    text = to_html(page, draw(page))
    assert "Broken: kept epoch" in text
    assert "stopping.metric=val/loss" in text
    assert "cannot be checked" in text
    assert "L1.4" in text


def command(*words: str):
    return CliRunner().invoke(app, list(words))


def test_strict_sets_the_exit_code(tmp_path, clean_run):
    folder = FAULTS["chosen-by-training"].plant(tmp_path)
    assert command("lint", str(folder)).exit_code == 0
    said = command("lint", str(folder), "--strict", "--json")
    assert said.exit_code == 1
    broken = [one["check"] for one in json.loads(said.stdout)["outcomes"] if one["state"] == "broken"]
    assert broken == ["kept epoch"]
    assert command("lint", str(clean_run.path), "--strict").exit_code == 0


def test_the_command_writes_a_page(tmp_path, clean_run):
    said = command("lint", str(clean_run.path), "--html", str(tmp_path / "lint.html"))
    assert said.exit_code == 0, said.output
    assert "kind of leakage" in (tmp_path / "lint.html").read_text()


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ParibusError):
        lint(tmp_path / "nothing", runs=tmp_path)
    with pytest.raises(ParibusError):
        lint(3, runs=tmp_path)


def test_nothing_is_written_by_a_lint(clean_run):
    before = {path: files.sha256_of(path) for path in clean_run.path.rglob("*") if path.is_file()}
    state = torch.get_rng_state()
    lint(clean_run)
    assert before == {path: files.sha256_of(path) for path in clean_run.path.rglob("*") if path.is_file()}
    assert torch.equal(state, torch.get_rng_state())
