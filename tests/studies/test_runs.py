"""What run folders say of single validation examples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.small import LR, small

from paribus.evidence import crossed_effects
from paribus.records.run import RunFolder
from paribus.studies.conclusions import analyse

FIXED = {"chance.split": 0}

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def study(here):
    study = small(seeds=3, changes=FIXED)
    study.run(jobs=1)
    return study


def runs(study):
    return [RunFolder(path.parent) for path in sorted(study.folder.glob("*/seed-*/result.json"))]


def test_S20_every_run_keeps_its_answers_where_seeds_share_their_examples(study):
    for run in runs(study):
        rows, right = run.read_examples("accuracy")
        _, losses = run.read_examples("loss")
        assert len(rows) == run.info()["sizes"]["val"] == len(set(rows.tolist()))
        assert right.mean() == pytest.approx(run.result.metrics["val/accuracy"], abs=1e-9)
        assert losses.mean() == pytest.approx(run.result.metrics["val/loss"], rel=1e-5)
        assert run.read_examples("macro_f1") is None
        run.check_seal()


def test_runs_whose_split_is_redrawn_keep_none(here):
    free = small(vary=None, seeds=1)
    free.run(jobs=1)
    [run] = runs(free)
    assert not run.examples.exists()


def test_S20_the_interval_is_that_of_seeds_and_examples(study):
    [effect] = analyse(study.design, study.folder).effects
    one, other = (
        np.array([run.read_examples("accuracy")[1] for run in runs(study) if f"lr={lr}/" in f"{run.path}"], float)
        for lr in LR["optimizer.lr"]
    )
    expected, got = crossed_effects(other - one).estimate, effect.claims["examples"].estimate
    assert (got.value, got.low, got.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert got.value == pytest.approx(effect.claims["these"].estimate.value)
    assert effect.claim == "these"  # verdicts are about more only where that is asked for


@pytest.mark.parametrize("harm", ["gone", "torn", "other rows"])
def test_R2_a_run_whose_answers_are_damaged_is_left_out(study, harm):
    run = runs(study)[0]
    if harm == "gone":
        run.examples.unlink()
    elif harm == "torn":
        run.examples.write_bytes(run.examples.read_bytes()[:-7])
    else:
        from safetensors.torch import load_file, save_file

        content = load_file(run.examples)
        save_file({**content, "rows": torch.flip(content["rows"], [0])}, run.examples)
    found = analyse(study.design.model_copy(update={"claim": "like-these"}), study.folder)
    assert [judged.estimate.n for judged in found.effects[0].claims.values()] == [2, 2]
    assert any("examples.safetensors changed" in one for one in found.warnings)


def test_runs_of_an_earlier_version_are_said_to_have_kept_nothing(study):
    from dataclasses import asdict, replace

    from paribus import files

    run = runs(study)[0]
    run.examples.unlink()
    digests = {name: digest for name, digest in run.result.digests.items() if "examples" not in name}
    result = replace(run.result, digests=digests)
    digests["result.json"] = result.digest
    files.write_json(run.path / "result.json", asdict(result))
    found = analyse(study.design.model_copy(update={"claim": "like-these"}), study.folder)
    assert (found.claim, found.effects[0].estimate.n) == ("these", 3)
    assert any("Not every run kept its figures of single validation examples" in one for one in found.warnings)
