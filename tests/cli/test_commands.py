"""Commands as people type them: what they print, what they leave behind, how they end."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import paribus as pb
from paribus.data.prepare.prepared import forget
from paribus.records.run import RunFolder

SMALL = ("digits/mlp", "budget.epochs=1", "model.widths=[8]")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A runs folder with a study of two arms and two seeds, made by the real command."""
    root = tmp_path_factory.mktemp("made")
    words = ["study", *SMALL, "--vary", "model.norm=none,batch", "--seeds", "2", "--jobs", "2", "--name", "norms"]
    done = subprocess.run([*PARIBUS, *words], cwd=root, capture_output=True, text=True, env=dict(os.environ))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    (root / "said").write_text(done.stdout)
    return root


PARIBUS = [sys.executable, "-c", "from paribus.cli import main; main()"]


def test_a_run_trains_once(paribus):
    first = paribus("run", *SMALL, "--threads", "1")
    assert (first.code, "epoch 1/1" in first.err, "finished" in first.out) == (0, True, True)
    (folder,) = Path("runs").glob("*/*/seed-0")
    weights = (folder / "weights.safetensors").stat().st_mtime_ns
    again = paribus("run", *SMALL)
    assert (again.code, again.err) == (0, "")
    assert "finished before; nothing to train" in again.out
    assert (folder / "weights.safetensors").stat().st_mtime_ns == weights
    listed = paribus("list", "runs")
    assert "finished" in listed.out
    assert f"val/accuracy {RunFolder(folder).result.metrics['val/accuracy']:.2%}".replace("%", " %") in listed.out
    shown = paribus("show", "last")
    assert f"sha256 {RunFolder(folder).result.weights_sha256}" in shown.out


def test_a_finished_run_goes_on_with_more_epochs(paribus):
    assert paribus("run", *SMALL, "--keep", "everything").code == 1
    assert "only a finished run goes on" in paribus("run", *SMALL, "--more", "1").err
    assert paribus("run", *SMALL, "--keep", "last", "--threads", "1").code == 0
    longer = paribus("run", *SMALL, "--more", "1", "--threads", "1")
    assert ("epoch 1/2" in longer.err, "epoch 2/2" in longer.err) == (False, True)
    assert "trained" in longer.out
    assert "2 epochs" in longer.out
    assert "nothing to train" in paribus("run", "digits/mlp", "budget.epochs=2", "model.widths=[8]").out


@pytest.mark.parametrize(
    "words",
    [
        ("digits/cnn",),
        ("digits/cnn", "model.use=mlp", "augment.crop.padding=1", "optimizer.lr=1e-3", "schedule.use=cosine"),
        ("digits/cnn", "training.clip_norm=1"),
        ("folder/cnn", "data.path=my pictures: 100%", "training.batch_size=4"),
    ],
)
def test_what_a_dry_run_prints_is_the_recipe(paribus, words):
    for number in range(40):
        picture = Path("my pictures: 100%", "ab"[number % 2], f"{number}.png")
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), number).save(picture)
    said = paribus("run", *words, "--dry-run")
    assert (said.code, said.err, Path("runs").exists()) == (0, "", False)
    assert "  dropout: 0.0\n" in said.out  # defaults included
    Path("printed.yaml").write_text(said.out)
    changes = dict(word.split("=", 1) for word in words[1:])
    from paribus.records.yaml import parse_value

    expected = pb.Recipe.load(words[0], {key: parse_value(value) for key, value in changes.items()})
    assert pb.Recipe.load("printed.yaml").identity == expected.identity
    assert pb.Recipe.load("printed.yaml").name == words[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("digits/mlp", "model=unet"), "model=unet does not fit task=classification"),
        (("digits/mlp", "training.batch_size=100000"), "batch_size must not exceed"),
        (("digits/mlp", "schedule.use=plateau", "schedule.metric=val/psnr"), "must be a figure of this task"),
        (("digits/mlp", "training.precision=fp16", "--device", "cpu"), "fp16 needs a GPU"),
        (("digits/mlp", "--device", "gpu"), "this device cannot be used"),
        (("digits/mlp", "--runs", "file"), "a file stands where a folder is needed"),
        (("folder/cnn", "data.path=none"), "must be a folder of pictures"),
    ],
)
@pytest.mark.parametrize("command", ["run", "study"])
def test_a_dry_run_refuses_what_the_run_refuses(paribus, command, words, expected):
    Path("file").touch()
    said = paribus(command, *words, "--dry-run")
    assert (said.code > 0, expected in " ".join(said.err.split())) == (True, True)
    assert not Path("runs").exists()


def test_a_study_compares_no_test_figure(paribus):
    said = paribus("study", "digits/mlp", "--metric", "test/accuracy", "--dry-run")
    assert (said.code, "validation split" in said.err, "--metric val/accuracy" in said.err) == (2, True, True)


def test_shortcuts_are_taken_and_said(paribus):
    said = paribus("run", "digits/mlp", "lr=.02", "epochs=1", "widths=16", "--dry-run")
    assert said.err.splitlines() == [
        "lr is read as optimizer.lr",
        "epochs is read as budget.epochs",
        "widths is read as model.widths",
        "model.widths=16 is read as [16]",
    ]
    assert all(text in said.out for text in ("lr: 0.02", "epochs: 1", "widths: [16]"))
    planned = paribus("study", "digits/mlp", "--vary", "lr=.1,.01", "--seeds", "2", "--dry-run")
    assert (planned.err, "optimizer.lr (0.1, 0.01)" in planned.out) == ("lr is read as optimizer.lr\n", True)
    assert paribus("run", "shapes/unet", "noise=1", "--dry-run").code == 2


def test_a_dry_study_prints_its_arms_and_does_nothing(paribus):
    said = paribus("study", *SMALL, "--vary", "model.norm=none,batch", "--vary", "optimizer.lr=0.1,0.01", "--dry-run")
    assert said.code == 0
    assert "norm=batch, lr=0.01" in said.out
    assert "4 arms × 5 seeds = 20 runs" in said.out
    assert not Path("runs").exists()


def test_a_study_answers_and_leaves_a_report(made):
    said = (made / "said").read_text()
    assert "Does it matter for digits/mlp: model.norm (none, batch)?" in said
    assert "norm=none (reference)" in said
    folder = made / "runs" / "norms"
    assert {path.parent.name for path in folder.glob("*/*/result.json")} == {"seed-0", "seed-1"}
    assert "norm=batch" in (folder / "report.html").read_text()
    assert json.loads((folder / "analysis.json").read_text())["metric_name"] == "val/accuracy"
    assert "paribus study digits/mlp" not in said  # the command is in the record, not on the screen
    assert json.loads((folder / "study.json").read_text())["command"].endswith("--name norms")


@pytest.fixture
def command(paribus, made, monkeypatch):
    """The command line beside the study that was made."""
    monkeypatch.chdir(made)
    return paribus


def test_report_is_written_again_from_the_run_folders(command, made):
    for name in ("report.html", "report.md"):
        (made / "runs" / "norms" / name).unlink(missing_ok=True)
    said = command("report", "last")
    assert said.code == 0
    assert "report.html" in said.out
    assert (made / "runs" / "norms" / "report.html").stat().st_size > 1000


def test_one_page_about_a_study_and_a_run_with_own_words(command, made):
    notes, page = made / "notes.md", made / "course.html"
    notes.write_text("# norms\n\nNorms were *expected* to help.\n", encoding="utf-8")
    said = command("report", "norms", "norm=batch/seed-0", "--notes", str(notes), "--out", str(page))
    assert (said.code, str(page) in said.out) == (0, True)
    html = page.read_text(encoding="utf-8")
    assert "<em>expected</em>" in html
    assert "Worst examples" in html
    assert command("report", "norms", "--notes", str(made / "none.md")).code == 1


def test_a_picture_of_a_report_is_a_file_by_command(command, made):
    path = made / "effects.svg"
    assert str(path) in command("show", "norms", "--plot", str(path)).out
    assert path.read_text(encoding="utf-8").startswith("<svg")
    missing = command("show", "norms", "--plot", str(path), "--picture", "efects")
    assert (missing.code, "effects" in missing.err) == (1, True)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("all", ["digits/cnn", "sgd", "paribus show NAME"]),
        ("recipes", ["digits/mlp", "cifar10/cnn"]),
        ("runs", ["norms/norm=batch/seed-1", "finished", "val/accuracy"]),
        ("studies", ["norms", "4/4", "Does it matter"]),
        ("data", ["digits", "folder"]),
        ("models", ["cnn", "mlp"]),
        ("model", ["cnn", "mlp"]),
        ("augmentations", ["crop", "flip"]),
        ("tasks", ["classification"]),
        ("optimizers", ["sgd", "adamw"]),
        ("schedules", ["constant", "cosine"]),
        ("stopping", ["never", "patience"]),
    ],
)
def test_list(command, what, words):
    said = command("list", what)
    assert (said.code, said.err) == (0, "")
    assert [word for word in words if word not in said.out] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("digits/cnn", ["optimizer.lr", "learning rate", "budget.epochs"]),
        ("cnn", ["model.widths", "model.norm", "none | batch"]),
        ("crop", ["augment.crop.padding"]),
        ("sgd", ["optimizer.momentum"]),
        ("norms", ["norm=none (reference)", "val/accuracy"]),
        ("last", ["norm=none (reference)"]),
        ("norm=batch/seed-1", ["finished", "sha256", "seed"]),
    ],
)
def test_show(command, name, words):
    said = command("show", name)
    assert (said.code, said.err) == (0, "")
    assert [word for word in words if word not in said.out] == []


def test_the_test_is_opened_once(command, made):
    first = command("test", "norms/norm=none/seed-0", "--because", "the paper asks for it")
    assert first.code == 0
    assert all(line.startswith("testing: ") for line in first.err.splitlines())  # on a busy machine
    assert "UTC, because the paper asks for it" in first.out
    record = made / "runs" / "norms" / "norm=none" / "seed-0" / "test.json"
    content = record.read_bytes()
    assert f"{json.loads(content)['metrics']['test/accuracy']:.2%}".replace("%", " %") in first.out
    arm = command("test", "last", "--arm", "norm=none")
    assert arm.out.count("seed-") == 2
    assert record.read_bytes() == content
    report = (made / "runs" / "norms" / "report.html").read_text()
    assert "the paper asks for it" in report
    assert "Opened for 1 arm of 2" in report


def test_the_test_of_a_study_asks_which_arm_and_opens_no_other(command, made):
    before = sorted(made.glob("runs/norms/*/*/test.json"))
    said = command("test", "last")
    assert said.code == 2
    assert "for the one arm that was chosen" in said.err
    assert "comparing arms on the test spends it" in said.err
    assert "--arm 'norm=" in said.err
    for words in (("test", "norms", "--arm", "norm=layer"), ("skill", "last", "--split", "test")):
        assert command(*words).code == 2
    assert sorted(made.glob("runs/norms/*/*/test.json")) == before


@pytest.mark.parametrize(
    "words", [("list", "runs"), ("list", "studies"), ("show", "norms"), ("show", "cnn"), ("list",)]
)
def test_what_is_listed_and_shown_is_data_too(command, words):
    assert json.loads(command(*words, "--json").out)["tables"]
    assert list(csv.DictReader(io.StringIO(command(*words, "--csv", "-").out)))


def test_last_is_the_same_thing_for_every_command(command):
    assert "norm=none (reference)" in command("show", "last").out
    said = command("diagnose", "last")
    assert said.err.startswith("last: the study norms, of which this is the newest run: runs/norms/norm=")
    assert "cannot be checked" in said.out


@pytest.fixture
def pictures(here) -> tuple[Path, list[int]]:
    """Twenty digits as picture files, and one that is none."""
    digits = load_digits()
    folder = here / "pictures"
    folder.mkdir()
    for i in range(20):
        Image.fromarray((digits.images[i] / 16 * 255).astype(np.uint8)).save(folder / f"{i:02}.png")
    (folder / "=evil.png").write_text("no picture")
    return folder, digits.target[:20].tolist()


def test_predict_writes_a_table_for_spreadsheets(command, pictures, here):
    folder, truth = pictures
    said = command("predict", "norm=batch/seed-0", str(folder), "--csv", str(here / "labels.csv"))
    assert (said.code, "21 predictions" in said.out) == (0, True)
    rows = list(csv.DictReader(io.StringIO((here / "labels.csv").read_text())))
    assert [*rows[0]] == ["file", "label", *"0123456789", "problem"]
    good = [row for row in rows if not row["problem"]]
    assert all(abs(sum(float(row[name]) for name in "0123456789") - 1) < 1e-4 for row in good)
    assert all(row["label"] == max("0123456789", key=lambda name, row=row: float(row[name])) for row in good)
    assert np.mean([row["label"] == str(label) for row, label in zip(good, truth, strict=True)]) > 0.5
    (bad,) = [row for row in rows if row["problem"]]
    assert (Path(bad["file"]).name, bad["label"]) == ("=evil.png", "")
    printed = command("predict", "norm=batch/seed-0", str(folder), "--csv", "-")
    assert list(csv.DictReader(io.StringIO(printed.out))) == rows
    again = command("predict", "norm=batch/seed-0", str(folder), "--csv", str(here / "labels.csv"))
    assert (again.code, "labels.csv" in again.err, "--overwrite" in again.err) == (1, True, True)
    shown = command("predict", "norm=batch/seed-0", str(folder / "00.png"))
    assert (shown.code, "%" in shown.out) == (0, True)


def test_R27_a_table_holds_no_formula(command, made, pictures, monkeypatch):
    monkeypatch.chdir(pictures[0])
    said = command("predict", "norm=batch/seed-0", "00.png", "=evil.png", "--csv", "-", "--runs", str(made / "runs"))
    assert [row["file"] for row in csv.DictReader(io.StringIO(said.out))] == ["00.png", "'=evil.png"]


def test_data_shows_sources_and_examines_folders(command, pictures):
    said = command("data")
    assert (said.code, "digits" in said.out, "cache: " in said.out) == (0, True, True)
    folder, _ = pictures
    for number, path in enumerate(sorted(folder.glob("*.png"))):
        (folder / f"class{number % 2}").mkdir(exist_ok=True)
        path.rename(folder / f"class{number % 2}" / path.name)
    said = command("data", str(folder))
    assert (said.code, "=evil.png" in said.out, "20 good" in said.out) == (1, True, True)


TRAINING = "run digits/mlp budget.epochs=2 split.limit=200 --threads 1"
CLOSINGS = {"head": "2>&1 | head -1", "full": "2>/dev/full", "closed": "<&- >&- 2>&-"}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("way", CLOSINGS)
def test_R6_a_training_that_nobody_watches_is_finished_all_the_same(here, way):
    command = f"'{sys.executable}' -m paribus {TRAINING} {CLOSINGS[way]}"
    subprocess.run(["bash", "-c", command], timeout=100, check=True, stdout=subprocess.DEVNULL)
    (folder,) = Path("runs").glob("*/*/seed-0")
    assert json.loads((folder / "status.json").read_text())["state"] == "finished"
    assert [line[:9] for line in (folder / "log.txt").read_text().splitlines()] == ["epoch 1/2", "epoch 2/2"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_R6_a_study_that_nobody_watches_is_finished_all_the_same(here):
    words = "study digits/mlp budget.epochs=1 split.limit=200 --vary optimizer.lr=.1,.01 --seeds 2 --jobs 2"
    command = f"'{sys.executable}' -m paribus {words} >/dev/null 2>/dev/full"
    subprocess.run(["bash", "-c", command], timeout=100, check=True)
    states = [json.loads(path.read_text())["state"] for path in Path("runs").glob("*/*/*/status.json")]
    assert states == ["finished"] * 4


def test_data_frees_its_cache(paribus, monkeypatch, here):
    monkeypatch.setenv("PARIBUS_CACHE", str(here / "cache"))
    monkeypatch.setattr("paribus.cache.paths.fallback", lambda: here / "fallback")
    forget()  # other tests may have shared the same data
    pb.Run(SMALL[0], {"budget.epochs": 1, "split.limit": 100}).train(threads=1)
    said = paribus("data", "--clear-cache")
    assert said.code == 0
    assert float(said.out.split()[1]) > 0
    assert not list((here / "cache").rglob("*.npy"))


def test_schema_is_printed_or_written(paribus):
    printed = paribus("schema")
    written = paribus("schema", "--out", "recipe.schema.json")
    assert (printed.code, written.code) == (0, 0)
    assert json.loads(printed.out) == json.loads(Path("recipe.schema.json").read_text())
    assert "yaml-language-server" in written.out


def test_version_and_bare_word(paribus):
    assert paribus("--version").out == f"paribus {pb.__version__}\n"
    bare = paribus()
    assert "study" in bare.out + bare.err


NETS = """
from torch import nn

class Net(nn.Module):
    '''Mine.'''

    def __init__(self, input_shape, num_outputs, width: int = 8):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, num_outputs))

    def forward(self, x):
        return self.layers(x)
"""


@pytest.mark.slow
def test_a_plugin_is_trained_by_workers_and_asked_for_later(paribus):
    Path("nets.py").write_text(NETS)
    own = ("--plugin", "nets.py")
    words = ("study", *SMALL[:2], "model=Net", "--vary", "model.width=4,8", "--seeds", "2", "--jobs", "2", *own)
    assert paribus(*words).code == 0
    assert "Mine." in paribus("show", "Net", *own).out
    assert paribus("test", "last", "--arm", "width=4", *own).code == 0
    from paribus.records import parts

    parts._registered["model"].clear()
    asked = paribus("predict", "width=4/seed-1", "x.png")
    assert (asked.code, "--plugin" in asked.err) == (1, True)
    tested = paribus("test", "width=4/seed-1")  # the answer that was written down needs no class
    assert (tested.code, "width=4/seed-1" in tested.out) == (0, True)
    shown = paribus("show", "last")
    assert (shown.code, "8 − 4" in shown.out, shown.out.count("width=4")) == (0, True, 1)
    listed = paribus("list", "runs")
    assert (listed.code, listed.out.count("finished")) == (0, 4)
    assert listed.out.count("val/accuracy ") == listed.out.count(" %, val/macro_f1") == 4


@pytest.mark.slow
def test_R6_an_interrupted_run_says_so_and_goes_on(here):
    words = [*PARIBUS, "run", "digits/mlp", "budget.epochs=2000", "--threads", "1"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    while "epoch    3/2000" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    start = time.perf_counter()
    rest = process.stderr.read()
    assert process.wait() == 130
    assert time.perf_counter() - start < 5
    assert "next: run the same command again" in rest
    assert "Traceback" not in rest
    process.stderr.close()
    (folder,) = map(RunFolder, Path("runs").glob("*/*/*"))
    assert folder.status.state == "interrupted"


def test_output_that_nobody_reads_is_no_error(here):
    process = subprocess.Popen([*PARIBUS, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()  # long before it prints
    with process.stderr as said:
        assert said.read() == b""
    assert process.wait() == 1  # as head and others end those before them


def test_a_terminal_that_lacks_a_sign_stops_nothing(here):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    said = subprocess.run([*PARIBUS, "show", "digits/cnn"], env=environment, capture_output=True)
    assert (said.returncode, b"8?8" in said.stdout) == (0, True)
