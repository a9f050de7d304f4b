"""A folder of pictures with unbalanced classes and groups, from folds over a test to a submission."""

import csv
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, roc_auc_score

from paribus.inference.predict import predict
from paribus.inference.trained import load, prepared_with
from paribus.records.run import RunFolder

COUNTS = {"eight": 90, "nine": 45, "three": 20}
WORDS = [
    "data.path=pics",
    "data.size=8",
    "data.colour=grey",
    "data.group=g(\\d+)_",
    "model.widths=[8]",
    "budget.epochs=4",
    "training.batch_size=16",
    "training.precision=fp32",
    "augment={}",
]


@pytest.fixture
def pictures(here) -> Path:
    """Digits of three classes, in groups of five by their file names; every fourth group is of the test."""
    digits = load_digits()
    for (name, count), label in zip(COUNTS.items(), (8, 9, 3), strict=True):
        for number, pixels in enumerate(digits.images[digits.target == label][:count]):
            folder = here / "pics" / ("test" if number // 5 % 4 == 3 else "train") / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * 15.9).astype("uint8")).save(folder / f"g{number // 5}_{name}{number:03}.png")
    return here / "pics"


def test_the_whole_path_of_an_unbalanced_folder(paribus, pictures):
    trained = paribus("run", "folder/unbalanced", *WORDS, "task.class_weights=effective", "task.loss=focal")
    assert trained.code == 0
    shown = paribus("show", "last")
    assert all(words in shown.out for words in ("class weights", "val/recall", "val/auroc", "val/balanced_accuracy"))
    said = paribus("test", "last", "--because", "the end", "--json")
    tested = paribus("test", "last")
    assert "the end" in tested.out  # opened once: the reason is the first one's
    [run] = [RunFolder(path.parent) for path in Path("runs").rglob("test.json")]
    figures = json.loads((run.path / "test.json").read_text())["metrics"]
    network = load(run)
    prepared = prepared_with(network, "test")
    inputs, targets = prepared.examples.take(prepared.rows["test"])
    shares = network.predict(inputs).double()
    assert figures["test/macro_f1"] == pytest.approx(f1_score(targets, shares.argmax(1), average="macro"))
    assert figures["test/balanced_accuracy"] == pytest.approx(balanced_accuracy_score(targets, shares.argmax(1)))
    shares /= shares.sum(1, keepdim=True)
    assert figures["test/auroc"] == pytest.approx(roc_auc_score(targets, shares, multi_class="ovr"), abs=1e-6)
    recalls = confusion_matrix(targets, shares.argmax(1), normalize="true").diagonal()
    assert [figures[f"test/recall/{name}"] for name in sorted(COUNTS)] == pytest.approx(recalls.tolist())
    assert said.code == 0
    assert paribus("report", "last").code == 0
    report = (run.path / "report.md").read_text()
    assert "Classes in training" in report
    assert "training.sampling=balanced" in report


def test_groups_stay_on_one_side_of_every_fold(paribus, pictures):
    words = ["study", "folder/cnn", *WORDS, "split.folds=3", "--seeds", "3", "--jobs", "1", "--name", "cv"]
    assert paribus(*words, "--vary", "training.sampling=all,balanced", "--metric", "val/auroc").code == 0
    seen = []
    for seed in range(3):
        prepared = prepared_with(load(RunFolder(Path(f"runs/cv/sampling=all/seed-{seed}"))), "val")
        groups = {name: {*prepared.examples.groups[rows].tolist()} for name, rows in prepared.rows.items()}
        assert not groups["train"] & groups["val"]
        seen += prepared.rows["val"].tolist()
    assert len(seen) == len({*seen}) == sum(len(list(pictures.glob(f"train/{name}/*"))) for name in COUNTS)
    rows = list(csv.DictReader(io.StringIO(paribus("folds", "cv", "--csv", "-").out)))
    assert [row["arm"] for row in rows] == ["sampling=all", "sampling=balanced"]
    assert {row["examples"] for row in rows} == {str(len(seen))}
    board = paribus("leaderboard", "--data", "pics", "--metric", "val/macro_f1")
    assert (board.code, "verdict" in board.out, "sampling=balanced" in board.out) == (0, True, True)


def test_a_submission_has_the_ids_of_its_sample(paribus, pictures):
    assert paribus("run", "folder/cnn", *WORDS).code == 0
    names = sorted(path.stem for path in pictures.glob("test/*/*"))
    Path("sample.csv").write_text("image,three,nine\n" + "".join(f"{name},0,0\n" for name in reversed(names)))
    said = paribus("predict", "last", "pics/test", "--csv", "submission.csv", "--like", "sample.csv")
    assert said.code == 0
    rows = list(csv.DictReader(io.StringIO(Path("submission.csv").read_text())))
    assert [row["image"] for row in rows] == names[::-1]
    figures = {Path(one.file).stem: one.figures for one in predict("last", "pics/test")}
    assert all(float(row["nine"]) == pytest.approx(figures[row["image"]]["nine"], abs=1e-6) for row in rows)
    labels = paribus("predict", "last", "pics/test", "--csv", "-", "--submission")
    assert labels.out.splitlines()[0] == "id,label"
    assert paribus("predict", "last", "pics/test", "--submission").err.count("write --csv submission.csv") == 1
    Path("sample.csv").write_text("id,label\nghost,three\n")
    missing = paribus("predict", "last", "pics/test", "--csv", "-", "--like", "sample.csv")
    assert (missing.code, "ghost" in missing.err) == (1, True)
