"""R5: a training that was interrupted ends, to the last bit, where an uninterrupted one does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from tests.small import QUICK

from paribus.errors import Interrupted, RunError, RunLocked
from paribus.inference.trained import load
from paribus.models.weights import hash_of
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import checkpoints, loop, monitor
from paribus.training.execution import Settings
from paribus.training.resume import adopt, finished

AUGMENT = {"flip": True, "rotate": {"degrees": 10}, "crop": {"padding": 1}}

RECIPES = {
    "sgd": ("mlp", {}),
    "dropout": ("mlp", {"model.dropout": 0.3, "optimizer": {"use": "adam"}}),
    "everything": (
        "cnn",
        {
            "model.dropout": 0.2,
            "model.norm": "batch",
            "augment": AUGMENT,
            "training.ema": 0.9,
            "training.clip_norm": 1.0,
            "training.accumulate": 2,
            "schedule": {"use": "one_cycle"},
        },
    ),
    "plateau": ("mlp", {"schedule": {"use": "plateau", "patience": 0, "threshold": 0.2}, "optimizer.lr": 0.3}),
    "early stopping": (
        "mlp",
        {
            "stopping": {"use": "patience", "patience": 2},
            "budget.epochs": 12,
            "split.limit": 64,
            "optimizer.lr": 0.8,
            "training.ema": 0.5,
        },
    ),
    "rmsprop in blocks": ("mlp", {"optimizer": {"use": "rmsprop", "momentum": 0.5}, "training.shuffle": "blocks"}),
    "adagrad, budget of steps": ("cnn", {"optimizer": {"use": "adagrad"}, "budget.steps": 21}),
    "bf16": ("cnn", {"training.precision": "bf16"}),
    "nadam, zeros": ("mlp", {"optimizer": {"use": "nadam"}, "training.l1": 0.01, "training.l2": 0.01}),
    "adamax": ("mlp", {"optimizer": {"use": "adamax"}}),
    "amsgrad": ("mlp", {"optimizer": {"use": "amsgrad"}}),
    "muon": ("cnn", {"optimizer": {"use": "muon"}, "schedule": {"use": "cosine"}}),
    "lbfgs": (
        "cnn",
        {"optimizer": {"use": "lbfgs", "history": 3}, "training.batch_size": "full", "budget.epochs": 24},
    ),
    "drawn by class in folds": (
        "cnn",
        {"training.sampling": "sqrt", "split.folds": 4, "augment": AUGMENT, "task.loss": "focal"},
    ),
}


def outcome(folder: RunFolder, result) -> tuple:
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in folder.history]
    looks = [look.plain() for look in folder.signals]
    return result.weights_sha256, result.metrics, rows, looks, result.steps, result.epochs, result.best_epoch


@pytest.mark.parametrize("name", RECIPES)
def test_R5_interrupted_anywhere(train, digits, every_step, stop_at, name):
    model, changes = RECIPES[name]
    recipe = digits(changes, model)
    folder, result = train(recipe, "whole")
    expected = outcome(folder, result)
    last = result.steps
    per_epoch = folder.history[0]["step"]
    steps = {1, per_epoch, last - 1}
    if name in ("sgd", "everything"):
        steps |= {per_epoch - 1, per_epoch + 1, last}
    for step in sorted(steps - {0}):
        with pytest.raises(Interrupted):
            train(recipe, f"stopped at {step}", listen=stop_at(step))
        stopped = RunFolder(folder.path.parent / f"stopped at {step}")
        assert stopped.status.state == "interrupted"
        assert checkpoints.newest(stopped.checkpoints)[0]["step"] == step
        assert outcome(*train(recipe, f"stopped at {step}")) == expected, step
        assert stopped.status.resumed == 1


def test_R5_interrupted_again_and_again(train, digits, every_step, stop_at):
    recipe = digits(RECIPES["everything"][1], "cnn")
    expected = outcome(*train(recipe, "whole"))
    for step in (3, 8, 9, 20):
        with pytest.raises(Interrupted):
            train(recipe, "often", listen=stop_at(step))
    folder, result = train(recipe, "often")
    assert outcome(folder, result) == expected
    assert folder.status.resumed == 4


def test_R5_the_seed_and_the_streams_matter(train, digits):
    """Otherwise equal hashes would prove nothing."""
    recipe = digits(RECIPES["everything"][1], "cnn")
    hashes = {train(recipe, "a")[1].weights_sha256, train(recipe, "b", seed=1)[1].weights_sha256}
    for stream in ("initialisation", "order", "augmentation", "noise"):
        hashes.add(train(recipe.override({f"chance.{stream}": 9}), stream)[1].weights_sha256)
    assert len(hashes) == 6
    assert train(recipe, "again")[1].weights_sha256 in hashes


def test_R5_another_thread_count_is_said(train, digits, every_step, stop_at, caplog):
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(9), threads=1)
    _, result = train(digits(), threads=2)
    assert "resumed with threads 2 instead of 1" in caplog.text
    assert result.execution["threads"] == 2


def test_a_finished_run_is_not_trained_again(train, digits):
    folder, first = train(digits())
    heard = []
    _, second = train(digits(), listen=heard.append)
    assert first == second
    assert heard == []
    assert folder.status.state == "finished"


def test_another_recipe_in_the_same_folder_is_refused(train, digits):
    train(digits())
    with pytest.raises(RunError, match="another recipe or seed"):
        train(digits({"optimizer.lr": 0.123}))
    with pytest.raises(RunError, match="another recipe or seed"):
        train(digits(), seed=1)


@pytest.mark.parametrize("moment", ["heartbeat", "clear"])
def test_R12_killed_behind_the_result(train, digits, monkeypatch, moment):
    """What has a result is finished, whatever the last status says."""

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if moment == "clear":
            patch.setattr(checkpoints, "clear", die)
        else:
            patch.setattr(monitor.Monitor, "heartbeat", lambda self, state: die() if state == "finished" else None)
        with pytest.raises(KeyboardInterrupt):
            train(digits(), checkpoint_seconds=0)
    folder, result = train(digits())
    assert folder.status.state == "finished"
    assert folder.status.error == ""
    assert folder.result == result
    assert not folder.checkpoints.exists()


def test_R10_a_torn_line_is_dropped_on_resume(train, digits, every_step, stop_at, tmp_path):
    expected = outcome(*train(digits(), "whole"))
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(20))
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 3, "train/lo')
    assert len(RunFolder(tmp_path / "run").history) == 2
    assert outcome(*train(digits())) == expected


@pytest.mark.parametrize("lost", [[0], [1], [2], [0, 1, 2]], ids=["first", "middle", "last", "all"])
def test_R10_rows_that_were_lost_come_back_from_the_checkpoint(
    train, digits, every_step, stop_at, tmp_path, caplog, lost
):
    recipe = digits({"budget.epochs": 4})
    expected = outcome(*train(recipe, "whole"))
    with pytest.raises(Interrupted):
        train(recipe, listen=stop_at(28))
    path = tmp_path / "run" / "metrics.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for place, line in enumerate(lines) if place not in lost))
    assert outcome(*train(recipe)) == expected
    assert "rows of metrics.jsonl were lost or damaged, and are restored" in caplog.text


def test_R10_rows_that_are_lost_while_it_trains_come_back_at_its_end(
    train, digits, every_step, stop_at, tmp_path, caplog
):
    expected = outcome(*train(digits(), "whole"))
    path = tmp_path / "run" / "metrics.jsonl"
    done = train(digits(), listen=lambda progress: path.write_text("") if progress.step == 20 else None)
    assert outcome(*done) == expected
    assert "restored: epoch 1, 2" in caplog.text


@pytest.mark.parametrize("whole", [True, False])
def test_R32_checkpoints_without_rows_go_on_from_those_of_the_file(
    train, digits, every_step, stop_at, tmp_path, whole, caplog
):
    """As earlier versions wrote them; where the file has lost some, the training begins again."""
    expected = outcome(*train(digits(), "whole"))
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(20))
    folder = RunFolder(tmp_path / "run")
    state, _ = checkpoints.newest(folder.checkpoints)
    del state["rows"]
    checkpoints.save(folder.checkpoints, 20, state)
    if not whole:
        (folder.path / "metrics.jsonl").write_text("")
    assert outcome(*train(digits())) == expected
    assert folder.status.resumed == whole
    assert ("the training starts again" in caplog.text) != whole


@pytest.mark.parametrize("name", ["checkpoints", "previews", "metrics.jsonl", "log.txt", "lock"])
def test_R18_nothing_outside_a_run_is_written_or_deleted(train, digits, tmp_path, name):
    theirs = tmp_path / "theirs"
    if name in ("checkpoints", "previews"):
        theirs.mkdir()
        for file in ("step-00000001.json", "step-00000001.safetensors", "step-00000002.safetensors", ".tmp-mine"):
            (theirs / file).write_text("precious")
    else:
        theirs.write_text("precious")
    before = {path: path.read_text() for path in sorted(theirs.rglob("*")) or [theirs]}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(theirs)
    for _ in range(2):
        with pytest.raises(RunError, match=rf"{name} is a link") as caught:
            train(digits())
        assert str(theirs) in caught.value.got
    assert {path: path.read_text() for path in sorted(theirs.rglob("*")) or [theirs]} == before


def without(name):
    return lambda folder: (folder.path / name).unlink()


def edited(name, change):
    def edit(folder):
        path = folder.path / name
        path.write_bytes(change(path.read_bytes()))

    return edit


FORGED = {
    "result": edited("result.json", lambda text: text.replace(b'"val/loss": ', b'"val/loss": 1')),
    "rows": edited("metrics.jsonl", lambda text: b"".join(text.splitlines(keepends=True)[1:])),
    "a row": edited("metrics.jsonl", lambda text: text.replace(b'"train/loss": ', b'"train/loss": 1')),
    "weights": edited("weights.safetensors", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
    "no weights": without("weights.safetensors"),
    "recipe": edited("recipe.json", lambda text: text.replace(b"digits", b"digitz")),
    "info": edited("info.json", lambda text: text.replace(b"train", b"trail")),
}


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "of an earlier version"])
@pytest.mark.parametrize("damage", FORGED)
def test_R3_what_was_altered_behind_its_end_is_no_twin_and_is_named(trained_twin, tmp_path, caplog, damage, sealed):
    twin = RunFolder(shutil.copytree(trained_twin.path, tmp_path / "twin"))
    if not sealed:
        content = json.loads((twin.path / "result.json").read_text())
        del content["digests"]
        (twin.path / "result.json").write_text(json.dumps(content))
    there = RunFolder(tmp_path / "there")
    assert adopt(there, [twin], Settings())
    assert there.result == twin.result
    FORGED[damage](twin)
    if not sealed and damage in ("a row", "recipe", "info"):
        return  # nothing was written down that could tell
    there = RunFolder(tmp_path / "another")
    assert not adopt(there, [twin], Settings())
    assert f"{twin.path} is not taken over" in caplog.text
    assert not there.path.exists()
    if sealed:
        for use in (finished, load):
            with pytest.raises(
                RunError, match=r"this finished run is damaged|the weights are damaged|lost its weights"
            ) as caught:
                use(twin)
            assert "train again" in caught.value.hint


@pytest.fixture(scope="module")
def trained_twin(tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("twin") / "run")
    loop.train(folder, Recipe.load("digits/mlp", QUICK | {"budget.epochs": 2}), 0, Settings("cpu", 1))
    return folder


def test_R12_a_damaged_status_is_written_anew(train, digits, every_step, stop_at, tmp_path):
    expected = outcome(*train(digits(), "whole"))
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(12))
    for content in ("", "[]", '{"state": "asleep"}'):
        (tmp_path / "run" / "status.json").write_text(content)
        folder, result = train(digits())
        assert outcome(folder, result) == expected
        assert folder.status.state == "finished"


def test_rows_behind_the_checkpoint_are_dropped(train, digits, every_step, stop_at, tmp_path):
    expected = outcome(*train(digits(), "whole"))
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(12))
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 2, "train/loss": 7}\n')
    assert outcome(*train(digits())) == expected


def test_R11_a_second_training_is_refused_while_the_first_works(train, digits, every_step):
    caught = []

    def train_again(progress):
        if progress.step == 10 and not caught:
            with pytest.raises(RunLocked, match=rf"process {os.getpid()} on") as error:
                train(digits())
            caught.append(error)

    folder, result = train(digits(), listen=train_again)
    assert len(caught) == 1
    assert folder.status.state == "finished"
    assert result.epochs == 3


def test_R12_a_dead_process_is_seen_as_crashed_and_needs_no_unlock(train, digits, every_step, stop_at, tmp_path):
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(9))
    path = tmp_path / "run" / "status.json"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    status = {**json.loads(path.read_text()), "state": "running", "pid": gone.pid}
    path.write_text(json.dumps(status))
    assert RunFolder(tmp_path / "run").status.state == "crashed"
    folder, _ = train(digits())
    assert folder.status.state == "finished"


@pytest.mark.slow
def test_R5_killed_at_random_times(train, digits, tmp_path, killing):
    """Killed without warning, again and again, by the system's hardest signal."""
    model, changes = RECIPES["everything"]
    recipe = digits({**changes, "budget.epochs": 16}, model)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.plain()))
    report = killing("train", tmp_path / "recipe.json", tmp_path / "killed")
    folder, result = train(recipe, "whole")
    assert report["kills"] >= 3, report
    assert report["resumed"] >= 3, report
    killed = RunFolder(tmp_path / "killed")
    assert outcome(killed, killed.result) == outcome(folder, result)
    assert hash_of(_weights(killed)) == result.weights_sha256


def _weights(folder: RunFolder):
    from safetensors.torch import load_file

    return load_file(folder.weights)


@pytest.mark.parametrize(
    ("settings", "taken"),
    [(Settings(), True), (Settings("cpu", 1), True), (Settings(threads=2), False), (Settings("cuda"), False)],
)
def test_a_twin_was_carried_out_as_is_asked_now(trained_twin, tmp_path, settings, taken):
    """A run with other threads has other last bits: a study that took it over would depend on what ran before."""
    there = RunFolder(tmp_path / "there")
    assert adopt(there, [trained_twin], settings) == taken
    assert there.path.exists() == taken
