"""Every mistake is one message: the rule, the value received, the next step; never a traceback, never exit code 0."""

from __future__ import annotations

import csv
import io
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image

import paribus as pb
from paribus.streams import unescaped

RUN, STUDY = ("run", "digits/mlp", "budget.epochs=1"), ("study", "digits/mlp", "budget.epochs=1", "--seeds", "2")

MISTAKES = {  # words → exit code, what the message says
    ("run", "digits/mpl"): (2, "no recipe of this name", "received: digits/mpl", "did you mean 'digits/mlp'?"),
    ("run", "none.yaml"): (2, "cannot read the recipe file", "none.yaml"),
    ("run", "bad.yaml"): (2, "expected", "bad.yaml, line 2, column 7", "correct this line"),
    (*RUN, "lr"): (2, "FIELD=VALUE", "received: lr", "for example optimizer.lr=0.01"),
    (*RUN, "optimiser.lr=1"): (2, "no such field", "optimiser.lr", "did you mean 'optimizer'?"),
    (*RUN, "model.nrm=batch"): (2, "there is no model.nrm", "received: nrm", "did you mean 'norm'?"),
    (*RUN, "model=resnet99"): (2, "no model of this name", "resnet99", "--plugin FILE.py"),
    (*RUN, "optimizer.lr=fast"): (2, "optimizer.lr", "received: fast", "correct optimizer.lr"),
    (*RUN, "optimizer.lr=-1"): (2, "optimizer.lr", "received: -1", "correct optimizer.lr"),
    ("run", "digits/mlp", "budget.epochs=many"): (2, "budget.epochs", "received: many", "correct budget.epochs"),
    (*RUN, "model.widths=[8"): (2, "expected", "received: [8, line 1", "correct this line"),
    (*RUN, "training.batch_size=100000"): (2, "batch_size must not exceed", "received: 100000", "next: "),
    (*RUN, "--plugin", "none.py"): (2, "a plug-in is a Python file", "received: none.py", "--plugin"),
    (*RUN, "--plugin", "broken.py"): (2, "the plug-in fails with ZeroDivisionError", "received: broken.py"),
    (*RUN, "--device", "gpu"): (1, "cannot be used: there is none of this name", "received: gpu", "--device auto"),
    (*RUN, "--runs", "file"): (1, "a file stands where a folder is needed", "file/digits-mlp", "--runs DIR"),
    (*RUN, "--seed", "-1"): (2, "Invalid value for '--seed'"),
    (*RUN, "--threads", "0"): (2, "Invalid value for '--threads'"),
    (*RUN, "--shiny"): (2, "No such option"),
    (*RUN, "--lr", "0.1"): (2, "field of the recipe is written without dashes", "received: --lr", "write lr=0.1"),
    (*RUN, "--batch-size=8"): (2, "without dashes", "received: --batch-size=8", "write batch_size=8"),
    (*STUDY, "--model"): (2, "without dashes", "received: --model", "write model=VALUE"),
    ("train", "digits/mlp"): (2, "No such command 'train'", "Write: paribus run RECIPE"),
    ("run", "mnist"): (2, "no recipe of this name", "did you mean mnist/cnn, mnist/gan, mnist/lenet"),
    (*RUN, "--keep", "some", "--dry-run"): (1, "what is kept is none, best", "received: some", "best,last"),
    (*STUDY, "--keep", "some", "--dry-run"): (1, "what is kept is none, best", "received: some", "best,last"),
    (*STUDY, "--vary", "lr=.1,.2", "--vary", "optimizer.lr=.1,.2"): (2, "optimizer.lr is varied twice", "once"),
    ("run", "folder/cnn"): (1, "data.path must be a folder of pictures", "received: pictures", "next: check data.path"),
    ("run", "digits/cnn", "data=folder"): (2, "data.path must be given", "add data.path=VALUE"),
    ("run", "folder/cnn", "data.path=none"): (1, "data.path must be a folder of pictures", "received: none"),
    ("run",): (2, "Missing argument 'RECIPE'"),
    (*STUDY, "--vary", "model.norm"): (2, "FIELD=VALUE", "received: model.norm"),
    (*STUDY, "--vary", "model.norm="): (2, "value is missing", "received: nothing"),
    (*STUDY, "--vary", "model.norm=none,"): (2, "value is missing", "received: none,"),
    (*STUDY, "--vary", "model.norm=none,bach"): (2, "model.norm", "received: bach", "did you mean 'batch'"),
    (*STUDY, "--vary", "model.norm=none,none"): (2, "model.norm has the same value twice", "none and none"),
    (*STUDY, "--vary", "model.nrm=none,batch"): (2, "there is no model.nrm", "did you mean 'norm'?"),
    (*STUDY, "--vary", "model.norm=batch"): (2, "two values or more", "model.norm=batch without --vary"),
    (*STUDY, "model.norm=batch", "--vary", "model.norm=none,batch"): (2, "is varied, and cannot be set", "drop one"),
    (*STUDY, *("--vary", "model.norm=none,batch") * 2): (2, "model.norm is varied twice", "once, with all values"),
    (*RUN, "model.norm=none", "model.norm=batch"): (2, "model.norm is set twice", "drop one of them"),
    (*STUDY, "--delta", "1"): (2, "may be points or a share", "received: 1", "write 1pt for percentage points"),
    (*STUDY, "--seeds", "x"): (2, "seeds are a number of seeds", "received: x", "write --seeds 5"),
    (*STUDY, "--seeds", "0"): (2, "from 1 to 100,000", "received: 0", "write --seeds 5"),
    (*STUDY, "--seeds", "1,1"): (2, "seeds must differ", "received: [1, 1]"),
    (*STUDY, "--delta", "0"): (2, "delta", "received: 0", "1pt"),
    (*STUDY, "--metric", "val/acuracy"): (2, "acuracy", "accuracy"),
    (*STUDY, "--noise", "--one-at-a-time"): (2, "one layout", "received: --noise and --one-at-a-time"),
    (*STUDY, "--noise", "--vary", "model.norm=none,batch"): (2, "varies chance and nothing else", "model.norm"),
    (*STUDY, "--jobs", "0"): (2, "Invalid value for '--jobs'"),
    (*STUDY, "--runs", "file"): (1, "a file stands where a folder is needed", "--runs DIR"),
    (*STUDY, "--plugin", "none.py"): (2, "a plug-in is a Python file", "received: none.py"),
    ("list", "modles"): (1, "nothing of this kind", "received: modles", "did you mean 'models'?"),
    ("show", "cnnn"): (1, "nothing of this name", "received: cnnn", "did you mean 'cnn'?"),
    ("show", "last"): (1, "no such study or run folder", "there is none in runs yet"),
    (*RUN, "model=resnet"): (2, "for every pixel dncnn, unet; for sequences causal_transformer", "--plugin FILE.py"),
    ("show", "x" * 300): (1, "File name too long"),
    ("report", "last"): (1, "no such study, search or run folder", "received: last", "there is none in runs yet"),
    ("test", "last"): (1, "no such run or study folder", "received: last", "there is none in runs yet"),
    ("predict", "last", "x.png"): (1, "no such run folder", "there is none in runs yet"),
    ("predict", "last"): (2, "Missing argument 'FILES...'"),
    ("data", "none"): (1, "folder of pictures", "received: none"),
    ("data", "mnist"): (1, "known by its name", "paribus show mnist"),
    ("schema", "--out", "file/x.json"): (1, "a file stands where a folder is needed", "received: "),
    ("schema", "--out", "."): (1, "a folder stands where a file is needed", "received: "),
    ("tran",): (2, "No such command 'tran'"),
}  # fmt: skip


@pytest.mark.parametrize("words", MISTAKES, ids=lambda words: " ".join(words)[:60])
def test_mistakes_are_explained(paribus, words):
    Path("file").touch()
    Path("bad.yaml").write_text("model: {use: cnn\nepochs: [3")
    Path("broken.py").write_text("1 / 0")
    code, *expected = MISTAKES[words]
    said = paribus(*words)
    assert said.code == code
    flat = " ".join(said.err.replace("│", " ").split())
    assert [text for text in expected if text not in flat] == []
    assert not Path("runs").exists() or words[0] in ("run", "study")


@pytest.mark.parametrize(
    ("words", "doing"),
    [
        (("report", "last"), ["looking at single examples", "drawing the report"]),
        (("report", "last", "--out", "course.html"), ["writing one page about all"]),
        (("test", "last"), ["testing"]),
        (("diagnose", "last"), ["looking through the records"]),
        (("show", "last", "--plot", "curves.svg"), ["drawing"]),
    ],
)
def test_whatever_may_take_seconds_says_that_it_goes_on(paribus, monkeypatch, words, doing):
    paribus(*RUN, "split.limit=64")
    said: list[str] = []
    for place in ("paribus.progress", "paribus.cli.report", "paribus.cli.inspect"):
        monkeypatch.setattr(f"{place}.working", lambda what: said.append(what) or nullcontext())
    assert paribus(*words).code == 0
    assert said == doing


WORN = """
from torch import nn


class Worn(nn.Linear):
    calls = 0

    def __init__(self, num_classes: int) -> None:
        super().__init__(64, num_classes)

    def forward(self, inputs):
        Worn.calls += 1
        if Worn.calls > 8:
            raise RuntimeError("worn out")
        return super().forward(inputs.flatten(1))
"""


def test_a_failed_run_is_remembered_as_failed(paribus):
    Path("worn.py").write_text(WORN)
    with pytest.raises(RuntimeError, match="worn out"):
        paribus(*RUN, "model=Worn", "--plugin", "worn.py")
    assert "failed" in paribus("list", "runs").out
    assert "worn out" in paribus("show", "last").out


@pytest.mark.parametrize("words", [("model=unet",), ("data.path=none", "data=folder"), ("--device", "gpu")])
def test_a_run_that_is_refused_is_not_the_last_one(paribus, words):
    paribus(*RUN, "split.limit=64")
    shown = paribus("show", "last").out
    assert "finished" in shown
    assert paribus(*RUN, *words).code
    assert paribus("show", "last").out == shown
    assert len(list(Path("runs").glob("*/*/seed-0"))) == 1


def test_a_run_that_diverges_ends_with_its_advice(paribus):
    said = paribus(*RUN, "optimizer.lr=1e30")
    assert said.code == 1
    assert "optimizer.lr" in said.err
    assert "diverged" in paribus("list", "runs").out


def test_a_study_of_another_design_is_not_overwritten(paribus):
    study = pb.Study(
        "digits/mlp", vary={"model.norm": ["none", "batch"]}, changes={"budget.epochs": 1}, seeds=2, name="mine"
    )
    study.design.write(study.folder)
    before = (study.folder / "study.json").read_bytes()
    said = paribus(*STUDY, "--vary", "model.norm=none,layer", "--name", "mine")
    assert (said.code, "another recipe or other factors" in said.err) == (2, True)
    assert (study.folder / "study.json").read_bytes() == before


def test_nothing_to_test_is_an_error(paribus):
    study = pb.Study("digits/mlp", seeds=2, name="mine")
    study.design.write(study.folder)
    said = paribus("test", "mine")
    assert (said.code, "no finished run" in said.err) == (1, True)
    assert paribus("show", "mine").code == 0
    assert "0/2" in paribus("list", "studies").out


@pytest.mark.parametrize("name", ["a[/b]", "[red]x", ":smile:", "<script>", "a\tb"])
def test_R27_names_are_no_markup(paribus, name):
    study = pb.Study("digits/mlp", changes={"name": name}, seeds=2, name="mine", runs=name)
    study.design.write(study.folder)
    for words in (("list", "studies"), ("list", "runs"), ("show", "mine"), ("report", "mine"), (*STUDY, "--dry-run")):
        said = paribus(*words, "--runs", name)
        assert said.code == 0
        assert name.split()[0] in said.out


def test_a_damaged_folder_hides_no_other(paribus):
    for seed, status in enumerate(['{"state"', "{}", '{"colour": 1}']):
        folder = pb.RunFolder(f"runs/a/b/seed-{seed}")
        folder.create(pb.Recipe.load("digits/mlp"), seed)
        (folder.path / "status.json").write_text(status)
    said = paribus("list", "runs")
    assert (said.code, said.out.count("damaged"), said.out.count("new")) == (0, 3, 1)


WRITING = [
    ("derive", "sum(x**2)", "--wrt", "x", "--html"),
    ("backprop", "2-2-1", "--html"),
    ("layers", "linear 3", "--input", "4", "--html"),
    ("activations", "relu", "--html"),
    ("activations", "relu", "--png"),
    ("arena", "beale", "--optimizers", "sgd", "--steps", "3", "--no-tune", "--html"),
    ("arena", "beale", "--optimizers", "sgd", "--steps", "3", "--no-tune", "--svg"),
    ("schema", "--out"),
]


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_no_option_writes_over_a_file_of_the_user(paribus, words):
    Path("mine.svg").write_text("mine")
    said = paribus(*words, "mine.svg")
    assert (said.code, "mine.svg" in said.err, "--overwrite" in said.err) == (1, True, True)
    assert Path("mine.svg").read_text() == "mine"
    assert paribus(*words, "mine.svg", "--overwrite").code == 0
    assert Path("mine.svg").read_text(errors="replace") != "mine"


HOSTILE = ("a\x1b]0;owned\x07", "b\x1b[2J\x9b31m")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes there")
def test_R27_names_that_are_orders_or_no_text_work_and_are_shown(paribus):
    for label in HOSTILE:
        folder = Path("pictures", label)
        folder.mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (8, 8), (number * 20, 0, 0)).save(folder / f"{number}.png")
        (folder / "1.png").rename(folder / os.fsdecode(b"caf\xe9.png"))
        (folder / os.fsdecode(b"bad\xe9.png")).write_bytes(b"no picture")
    settings = ("data.path=pictures", "data.size=8", "model.widths=[2]", "training.batch_size=4", "budget.epochs=1")
    for words in (
        ("data", "pictures"),
        ("run", "folder/cnn", *settings, "name=evil\x1b[2J", "--threads", "1"),
        ("predict", "last", "pictures"),
        ("predict", "last", "pictures", "--csv", "-"),
        ("predict", "last", "pictures", "--csv", "all.csv"),
        ("analyse", "nothing\x1b[2J", "last"),
        ("show", "last"),
        ("report", "last"),
        ("list", "runs"),
        ("run", "no\x1b[2Jne"),
    ):
        said = paribus(*words)
        assert [mark for mark in "\x1b\x07\x9b" if mark in said.out + said.err] == [], words
    rows = csv.DictReader(io.StringIO(Path("all.csv").read_text()))
    named = {os.fsencode(unescaped(row["file"])) for row in rows}
    assert named == {os.fsencode(path) for path in Path("pictures").rglob("*.png")}
    (report,) = Path("runs").rglob("report.html")
    assert "\x1b" not in report.read_text()
