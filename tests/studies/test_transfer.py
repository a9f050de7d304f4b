"""S12: what a network starts from is a factor like others."""

from __future__ import annotations

import shutil

import torch
from safetensors.torch import load_file
from tests.small import QUICK, small

import paribus as pb
from paribus.records.run import RunFolder
from paribus.reports import brief


def test_S12_scratch_general_and_domain_are_three_arms_of_one_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = []
    for seed, epochs in ((5, 3), (6, 4)):
        run = pb.Run("digits/mlp", {**QUICK, "budget.epochs": epochs}, seed=seed, runs=tmp_path / "runs")
        run.train(threads=1)
        sources.append(run.folder.path.parent.name)  # which the folders of the arms are called after, too
    study = small({"model.weights": ["none", *sources]}, seeds=2, runs=tmp_path / "runs")
    result = study.run(jobs=1)
    arms = [arm.name for arm in result.arms]
    assert arms[0] == "weights=none"
    assert len(arms) == 3
    assert all(effect.estimate.value > 0 for effect in result.effects)  # they have seen these digits before
    folders = (RunFolder(path) for path in (tmp_path / "runs").glob("*/*/seed-0"))
    files = [dict(folder.inputs.files) for folder in folders]
    assert sorted(map(len, files)) == [0, 1, 1]
    assert len({frozenset(one.items()) for one in files}) == 3  # by content
    assert study.run(jobs=1).effects == result.effects  # nothing is trained again
    shutil.rmtree(run.folder.path.parents[1])
    assert study.run(jobs=1).effects == result.effects  # nor are the sources needed for what is finished


def test_what_a_run_started_from_is_said_in_short(tmp_path):
    source = pb.Run("digits/mlp", QUICK, runs=tmp_path / "source")
    source.train(threads=1)
    changes = {**QUICK, "model.weights": str(source.folder.path), "model.new_head": "always", "budget.epochs": 0}
    run = pb.Run("digits/mlp", changes, runs=tmp_path)
    run.train(threads=1)
    (section,) = brief.run(run.folder).sections
    rows = dict(row for row in section.tables[0].rows)
    weights = load_file(source.folder.weights)
    body = [name for name in weights if name.startswith("model.") and "output" not in name]
    numbers = sum(weights[name].numel() for name in body)
    assert rows["started from"].endswith(f": {len(body)} tensors, {numbers:,} numbers")
    assert rows["new"] == "output.weight, output.bias"
    assert all(torch.equal(load_file(run.folder.weights)[name], weights[name]) for name in body)
