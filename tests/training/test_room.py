"""R9: where memory runs out, what fits is said, and other runs go on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.errors import OutOfMemory
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.study import Study


class Roomy(nn.Module):
    """Has room for so many examples at once, and for so many calls while training."""

    def __init__(self, num_outputs: int, most: int = 10, calls: int = 10**6) -> None:
        super().__init__()
        self.output, self.most, self.left = nn.Linear(64, num_outputs), most, calls

    def forward(self, x):
        self.left -= self.training and len(x) > 2  # the dry pass shows it two
        if self.training and (len(x) > self.most or self.left < 0):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self.output(x.flatten(1))


def roomy(digits, changes: dict | None = None, **options) -> Recipe:
    return Recipe.read({**digits(changes).plain(), "model": Part(Roomy, **options)})


@pytest.mark.parametrize(
    ("changes", "most", "advice"),
    [
        ({}, 10, ["8 of 32 examples at once were seen to fit", "training.batch_size=8", "training.accumulate=4"]),
        ({}, 31, ["16 of 32 examples at once", "training.batch_size=16", "training.accumulate=2"]),
        ({"training.accumulate": 2}, 10, ["8 of 16 examples at once", "batch_size=16", "accumulate=4"]),
    ],
)
def test_R9_the_largest_batch_that_was_seen_to_fit_is_said(train, digits, tmp_path, changes, most, advice):
    with pytest.raises(OutOfMemory, match="not enough memory") as error:
        train(roomy(digits, changes, most=most), signals=False)
    for words in advice:
        assert words in str(error.value)
        assert words in RunFolder(tmp_path / "run").status.error
    assert "Tried to allocate" in str(error.value)


def test_R9_where_nothing_fits_that_is_said(train, digits):
    with pytest.raises(OutOfMemory, match="not even one example fits"):
        train(roomy(digits, calls=0), signals=False)


@pytest.mark.parametrize("words", ["training.batch_size=8", "training.accumulate=4"])
def test_R9_what_is_advised_trains(train, digits, words):
    field, value = words.split("=")
    _, result = train(roomy(digits, {field: int(value)}, most=10), signals=False)
    assert result.epochs == 3


def test_R9_memory_that_sufficed_before_is_said_to_be_taken_by_others(train, digits):
    with pytest.raises(OutOfMemory, match="32 examples at once fitted 5 times before: see who else"):
        train(roomy(digits, most=100, calls=5), signals=False)


@pytest.mark.parametrize("executor", ["inprocess", "pool"])
def test_R9_other_runs_survive(digits, tmp_path, executor):
    recipe = roomy(digits, {"budget.epochs": 1})
    study = Study(recipe, vary={"model.most": [4, 100]}, seeds=2, runs=tmp_path)
    study.run(jobs=1, device="cpu", executor=executor, signals=False, listen=lambda event: None)
    folders = sorted(study.folder.glob("*/seed-*"))
    states = {str(path.relative_to(study.folder)): RunFolder(path).status for path in folders}
    assert [status.state for name, status in states.items() if "100" in name] == ["finished"] * 2
    assert ["4 of 32 examples" in status.error for name, status in states.items() if "most=4" in name] == [True] * 2
