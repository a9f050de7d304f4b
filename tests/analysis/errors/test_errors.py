"""The analysis ``errors``: figures of classes, calibration, costs and labels of trained runs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

import paribus as pb
from paribus.analysis.errors.errors import errors
from paribus.analysis.errors.figures import class_figures
from paribus.analysis.kept import analyse
from paribus.errors import DataError
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.records.wording import NONE
from paribus.reports.errors import errors_page
from paribus.reports.render import draw, to_html
from paribus.training import loop
from paribus.training.execution import Settings


def test_N6_figures_of_classes_are_those_of_scikit_learn():
    draw = np.random.default_rng(0)
    true, said = draw.integers(4, size=500), draw.integers(4, size=500)
    confusion = confusion_matrix(true, said)
    found = class_figures(confusion.tolist(), "abcd")
    precision, recall, f1, support = precision_recall_fscore_support(true, said)
    assert [one.precision for one in found] == pytest.approx(precision)
    assert [one.recall for one in found] == pytest.approx(recall)
    assert [one.f1 for one in found] == pytest.approx(f1)
    assert [one.support for one in found] == support.tolist()
    for one, name in enumerate(found):
        turned = confusion_matrix(true != one, said != one)
        assert [[name.tp, name.fn], [name.fp, name.tn]] == turned.tolist()
        assert name.specificity == pytest.approx(turned[1, 1] / turned[1].sum())
    assert class_figures([[0, 0], [0, 3]], "ab")[0].precision is None


def test_a_run_with_classes_is_judged_whole(run):
    found = analyse(run, "errors", cost="fn=10 fp=1")
    assert found == analyse(run, "errors", cost="fn=10 fp=1")
    assert sum(one.support for one in found.classes) == found.examples.looked
    assert found.calibration.ece == pytest.approx(run.result.metrics["val/ece"], abs=1e-5)
    assert found.calibration.if_calibrated == pytest.approx(run.result.metrics["val/ece/if_calibrated"], abs=1e-5)
    assert found.ranks.macro_auroc.value == pytest.approx(run.result.metrics["val/auroc"], abs=1e-5)
    assert found.costs.cuts.keys() == set(load(run).info.classes)
    assert found.labels.how == "held-out"
    assert "split.folds" in found.labels.note
    page = errors_page(found)
    html = to_html(page, draw(page))
    perfect = [one for one in found.ranks.classes if one.auroc.value == 1]
    without = [row for row in page.sections[2].tables[0].rows if row[5] == NONE]
    assert len(perfect) == len(without) > 0  # an average precision between 0 and 1 is no interval
    assert page.sections[4].tables[0].rows[0][1].count("[") == page.sections[4].tables[0].rows[0][3].count("[") == 1
    assert [one.title for one in page.sections][2:6] == [
        "ROC and precision–recall",
        "Calibration",
        "What mistakes cost: fn=10 fp=1",
        "Suspected wrong labels",
    ]
    assert "<script" not in html


def test_what_cannot_be_checked_is_said(run, tmp_path):
    trained = load(run)
    learned = errors(trained, split="train", most=100)
    assert learned.labels is None
    assert learned.unchecked[0].startswith("suspected labels cannot be checked on training examples")
    few = errors(trained, most=3, shown=2)
    assert few.ranks is None
    assert "3 examples, and 8 are needed" in few.unchecked[0]
    with pytest.raises(DataError, match="costs need probabilities of classes"):
        errors(trained, most=3, cost="fn=1 fp=1")
    folder = RunFolder(tmp_path / "shapes")
    quick = {"data.pictures": 20, "model.width": 2, "model.depth": 2, "budget.epochs": 1, "training.precision": "fp32"}
    loop.train(folder, Recipe.load("shapes/unet", quick), 0, Settings("cpu", 1))
    pixels = errors(load(folder), most=4)
    assert pixels.ranks is None
    assert pixels.classes[0].support > 0
    assert "they need one class for each example" in pixels.unchecked[0]
    assert errors_page(pixels).sections[-1].title == "Not checked"


def test_N6_wrong_labels_that_were_planted_are_found_out_of_fold(tmp_path):
    """5 % of the labels of 900 digits are made wrong; five folds of a small network judge every one of them."""
    digits, draw = load_digits(), np.random.default_rng(0)
    pictures, true = (digits.images[:900] * 15).astype(np.uint8)[:, None], digits.target[:900]
    wrong = draw.random(900) < 0.05
    labels = np.where(wrong, (true + draw.integers(1, 10, size=900)) % 10, true)
    data = pb.Data(pictures, labels)
    changes = {
        "split.folds": 5,
        "split.test": 0,
        "budget.epochs": 8,
        "training.precision": "fp32",
        "model.widths": [64],
    }
    study = pb.Study("arrays/mlp", data=data, changes=changes, seeds=5, runs=tmp_path)
    study.run(jobs=1)
    (arm,) = (folder for folder in study.folder.iterdir() if (folder / "seed-0").is_dir())
    found = analyse(arm / "seed-2", "errors", shown=24)
    assert (found.labels.how, found.labels.networks, found.labels.examples) == ("out-of-fold", 5, 900)
    assert found.labels.noise == pytest.approx(wrong.mean(), abs=0.04)
    rows = [one.row for one in found.labels.shown]
    assert wrong[rows].mean() > 0.85
    assert all(one.truth == str(labels[one.row]) for one in found.labels.shown)
    assert np.mean([one.said == str(true[one.row]) for one in found.labels.shown]) > 0.8
    (arm / "seed-4" / "result.json").unlink()
    alone = analyse(arm / "seed-2", "errors", again=True)
    assert alone.labels.how == "held-out"
    assert alone.labels.note.startswith("4 of the 5 folds have finished")
