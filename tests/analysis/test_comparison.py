"""Two runs on the same examples."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import binomtest

from paribus.analysis.comparison import compare
from paribus.errors import DataError
from paribus.inference.trained import batches, load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports.compare import comparison_page
from paribus.reports.render import draw, to_html, to_markdown
from paribus.training import loop
from paribus.training.execution import Settings

QUICK = {"model.widths": [8], "budget.epochs": 1, "split.limit": 300, "training.precision": "fp32"}


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> tuple[RunFolder, RunFolder]:
    folder = tmp_path_factory.mktemp("two")
    runs = RunFolder(folder / "mlp"), RunFolder(folder / "wider")
    for run, width in zip(runs, (8, 12), strict=True):
        recipe = Recipe.load("digits/mlp", {**QUICK, "model.widths": [width], "chance.split": 0})
        loop.train(run, recipe, 0, Settings("cpu", 1))
    return runs


def test_flips_are_those_of_the_predictions(two):
    one, other = map(load, two)
    found = compare(one, other, shown=4)
    pieces = list(batches(one, "val"))
    true = torch.cat([batch.targets for batch in pieces])
    said = [torch.cat([trained.predict(batch.inputs) for batch in pieces]).argmax(1) for trained in (one, other)]
    right, now = (answer == true for answer in said)
    assert found.examples == found.of == len(true)
    assert found.left_out == 0
    assert (found.both, found.neither) == (int((right & now).sum()), int((~right & ~now).sum()))
    assert (found.lost, found.won) == (int((right & ~now).sum()), int((~right & now).sum()))
    assert found.p == pytest.approx(binomtest(found.lost, found.lost + found.won).pvalue)
    assert found.changed == pytest.approx(float((said[0] != said[1]).double().mean()))
    assert found.difference.value == pytest.approx(found.accuracy[1] - found.accuracy[0])
    assert sum(row.lost for row in found.classes) == found.lost
    assert sum(row.won for row in found.classes) == found.won
    for flip in found.shown:
        assert (flip.first == flip.truth) != (flip.second == flip.truth)
        assert flip.pictures[0].startswith("data:image/")
    assert found.layers.first == found.layers.second
    assert all(-0.5 < value <= 1.001 for line in found.layers.cka for value in line)


def test_a_run_compared_with_itself_flips_nothing(two):
    one = load(two[0])
    found = compare(one, one, most=50, probe=20)
    assert (found.lost, found.won, found.changed, found.p) == (0, 0, 0, 1)
    assert found.shown == ()
    assert [line[place] for place, line in enumerate(found.layers.cka)] == pytest.approx([1] * len(found.layers.cka))
    page = comparison_page(found)
    assert page.answers[0].verdict == "undecided"
    assert "<script" not in to_html(page, draw(page))
    assert "κ = 1.00" in to_markdown(page)


def test_what_cannot_be_compared_is_refused(two, tmp_path):
    other = RunFolder(tmp_path / "digits-of-others")
    loop.train(other, Recipe.load("wine/mlp", {"budget.epochs": 1}), 0, Settings("cpu", 1))
    with pytest.raises(DataError, match="know the same classes"):
        compare(load(two[0]), load(other))
