from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from paribus import files
from paribus.errors import RunError, RunLocked
from paribus.records import store
from paribus.records.recipe import Recipe
from paribus.records.run import (
    FORMAT,
    SILENCE_SECONDS,
    RunFolder,
    RunResult,
    Status,
    copy_run,
    this_process,
)

RESULT = RunResult(
    metrics={"val/loss": 0.5, "val/accuracy": None},
    epochs=3,
    steps=30,
    best_epoch=2,
    stopped_early=False,
    weights_sha256="0" * 64,
    parameters=10,
    seconds=1.5,
    examples_per_second=100.0,
    peak_memory_mb=50.0,
    execution={"device": "cpu", "threads": 1},
)


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.load("digits/mlp")


@pytest.fixture
def folder(tmp_path, recipe) -> RunFolder:
    made = RunFolder(tmp_path / "runs" / "digits-mlp" / "abc" / "seed-0")
    made.create(recipe, 0)
    return made


def test_what_is_written_is_read(folder, recipe):
    assert (folder.recipe.identity, folder.seed) == folder.identity == (recipe.identity, 0)
    assert folder.recipe.name == "digits/mlp"
    assert (folder.status, folder.result, folder.history, folder.info(), folder.environment()) == (
        Status(), None, [], {}, {},
    )  # fmt: skip
    folder.write_result(RESULT)
    folder.write_info({"classes": ["a"]})
    folder.write_environment({"cores": 2})
    folder.append_metrics({"epoch": 1, "val/loss": float("nan")})
    folder.write_status(Status("failed", error="é"))
    assert folder.result == RESULT
    assert folder.history == [{"epoch": 1, "val/loss": None, "non_finite": ["val/loss"]}]
    assert (folder.info(), folder.environment(), folder.status.error) == ({"classes": ["a"]}, {"cores": 2}, "é")


def test_a_folder_holds_one_run_for_ever(folder, recipe):
    before = (folder.path / "recipe.json").read_bytes()
    folder.create(recipe, 0)
    folder.create(recipe.override({"name": "other"}), 0)
    assert (folder.path / "recipe.json").read_bytes() == before
    for other, seed in ((recipe, 1), (recipe.override({"optimizer.lr": 1}), 0)):
        with pytest.raises(RunError, match="another recipe or seed") as caught:
            folder.create(other, seed)
        assert caught.value.got == str(folder.path)


READ = {
    "read": lambda folder: folder.read(),
    "info": lambda folder: folder.info(),
    "status": lambda folder: folder.status,
    "result": lambda folder: folder.result,
}


@pytest.mark.parametrize(
    ("file", "content", "read"),
    [
        ("recipe.json", None, "read"),
        ("recipe.json", "", "read"),
        ("recipe.json", "[]", "read"),
        ("recipe.json", "{}", "read"),
        ("recipe.json", '{"format": 2}', "read"),
        ("status.json", '{"state"', "status"),
        ("status.json", "[]", "status"),
        ("status.json", '{"colour": "red"}', "status"),
        ("result.json", "{}", "result"),
        ("result.json", '{"colour": "red"}', "result"),
        ("info.json", "{", "info"),
    ],
)
def test_R32_damaged_and_foreign_records_are_named(folder, file, content, read):
    path = folder.path / file
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError) as caught:
        READ[read](folder)
    assert str(folder.path) in caught.value.got


def test_R32_a_later_format_asks_for_a_later_version(folder):
    content = folder.read()
    files.write_json(folder.path / "recipe.json", {**content, "format": FORMAT + 1})
    with pytest.raises(RunError, match=f"format {FORMAT}") as caught:
        folder.read()
    assert "version of paribus that wrote it" in caught.value.hint


def test_R4_a_folder_that_cannot_be_made_is_named(tmp_path, recipe):
    (tmp_path / "runs").write_text("")
    folder = RunFolder(tmp_path / "runs" / "a" / "b" / "seed-0")
    assert folder.status == Status()
    with pytest.raises(RunError, match=r"cannot write recipe\.json") as caught:
        folder.create(recipe, 0)
    assert caught.value.got == str(folder.path)
    with pytest.raises(RunError, match="cannot write lock"), folder.lock():
        pytest.fail("locked what is not there")


def test_rewinding_drops_what_is_behind_and_what_is_torn(folder):
    for epoch in (1, 2, 3):
        folder.append_metrics({"epoch": epoch})
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"epoch": 4, "va')
    assert [row["epoch"] for row in folder.history] == [1, 2, 3]
    folder.rewind_metrics(2)
    folder.append_metrics({"epoch": 3})
    assert [row["epoch"] for row in folder.history] == [1, 2, 3]
    assert files.read_lines(folder.path / "metrics.jsonl")[1] is False


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


NOW = {"state": "running", **this_process()}
STANDS = {  # status as written, seconds since the heartbeat → state as read
    "alive": (NOW, 0, "running"),
    "slow but alive": (NOW, SILENCE_SECONDS - 20, "running"),
    "dead pid": ({**NOW, "pid": dead_process()}, 0, "crashed"),
    "busy for long but alive": (NOW, SILENCE_SECONDS + 20, "running"),
    "on another machine": ({**NOW, "host": "far", "pid": dead_process()}, 0, "running"),
    "silent on another machine": ({**NOW, "host": "far"}, SILENCE_SECONDS + 20, "crashed"),
    "somebody else's process": ({**NOW, "pid": 1}, 0, "running"),
    "finished long ago": ({**NOW, "state": "finished", "pid": dead_process()}, 9999, "finished"),
    "killed": ({**NOW, "state": "killed"}, 9999, "killed"),
}


@pytest.mark.parametrize(("written", "age", "state"), STANDS.values(), ids=STANDS)
def test_R12_who_cannot_be_running_has_crashed(folder, written, age, state):
    folder.write_status(Status(**written))
    content = files.read_json(folder.path / "status.json")
    assert abs(content["heartbeat"] - time.time()) < 5
    files.write_json(folder.path / "status.json", {**content, "heartbeat": time.time() - age})
    assert folder.status.state == state
    assert folder.status.over == (state in ("finished", "diverged"))


def test_R12_a_crashed_run_needs_no_unlocking(folder):
    code = f"import os; from paribus.records.run import *; f = RunFolder({str(folder.path)!r})\n"
    code += "with f.lock(): f.write_status(Status('running', **this_process())); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert folder.status.state == "crashed"
    with folder.lock():
        pass


HOLD = """
import sys
from paribus.records.run import *
folder = RunFolder(sys.argv[1])
with folder.lock():
    if len(sys.argv) > 2:
        folder.write_status(Status("running", **this_process()))
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("beating", [True, False])
def test_R11_a_second_process_is_refused(folder, beating):
    command = [sys.executable, "-c", HOLD, str(folder.path), *(["beating"] if beating else [])]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"locked\n"
    with pytest.raises(RunLocked, match="another process") as caught, folder.lock():
        pytest.fail("locked twice")
    assert str(folder.path) in caught.value.got
    assert (f"process {holder.pid} on " in caught.value.got) == beating  # a process is named only where it is known
    holder.communicate()
    with folder.lock():
        pass


def _write_epochs(path: Path, epochs: int) -> None:
    folder = RunFolder(path)
    for epoch in range(1, epochs + 1):
        folder.append_metrics({"epoch": epoch, "filling": "x" * 200})
        folder.write_status(Status("running", epoch=epoch, **this_process()))
    folder.write_result(replace(RESULT, epochs=epochs))


def test_R11_a_reader_sees_whole_records_while_sixteen_write(tmp_path, recipe):
    folders = [RunFolder(tmp_path / "runs" / "study" / f"arm{i % 4}" / f"seed-{i // 4}") for i in range(16)]
    for i, folder in enumerate(folders):
        folder.create(recipe, i)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_epochs, args=(folder.path, 30)) for folder in folders]
    for writer in writers:
        writer.start()
    last = [0] * 16
    while any(writer.is_alive() for writer in writers):
        for i, folder in enumerate(run.folder for run in store.runs(tmp_path / "runs")):
            epochs = [row["epoch"] for row in folder.history]
            assert epochs == list(range(1, len(epochs) + 1))
            assert len(epochs) >= last[i]
            last[i] = len(epochs)
            assert folder.status.epoch <= 30
            assert folder.result is None or folder.result.epochs == 30
    assert [writer.exitcode for writer in writers] == [0] * 16
    assert [len(folder.history) for folder in folders] == [30] * 16
    assert [folder.seed for folder in folders] == list(range(16))


@pytest.fixture
def finished(folder) -> RunFolder:
    for name in ("weights.safetensors", "lock", "log.txt", "test.json"):
        (folder.path / name).write_text(name)
    folder.write_status(Status("finished"))
    folder.write_result(RESULT)
    return folder


@pytest.fixture
def there(tmp_path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "study" / "arm" / "seed-0")


def test_a_finished_run_is_copied_not_trained_again(tmp_path, finished, there, recipe):
    found = store.finished(tmp_path / "runs")
    assert {key: run.path for key, run in found.items()} == {(recipe.identity, 0): finished.path}
    copy_run(finished, there)
    names = {path.name for path in there.path.iterdir()}
    assert names == {"recipe.json", "result.json", "status.json", "test.json", "weights.safetensors"}
    assert (there.identity, there.result, there.status.state) == (finished.identity, RESULT, "finished")


def test_damaged_and_unfinished_neighbours_do_not_count(tmp_path, finished, recipe):
    for name, content in {"a": "[]", "b": "{", "c": '{"format": 1}', "d": '{"format": 9}'}.items():
        path = tmp_path / "runs" / "a" / name / "seed-0" / "recipe.json"
        path.parent.mkdir(parents=True)
        path.write_text(content)
        path.with_name("result.json").write_text("{}")
    RunFolder(tmp_path / "runs" / "a" / "e" / "seed-1").create(recipe, 1)
    assert list(store.finished(tmp_path / "runs")) == [(recipe.identity, 0)]


@pytest.mark.parametrize("missing", ["weights.safetensors", "result.json", "status.json"])
def test_R2_half_a_copy_does_not_count_as_finished(finished, there, monkeypatch, missing):
    def full(source, target):
        if Path(source).name == missing:
            raise OSError(28, "full")
        return Path(target).write_bytes(Path(source).read_bytes())

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(RunError, match=rf"cannot write {missing}: the disk is full"):
        copy_run(finished, there)
    assert not there.status.over


def test_the_environment_names_no_user_and_no_path():
    code = "import json; from paribus.records.environment import environment; print(json.dumps(environment()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    content = json.loads(run.stdout)
    assert content["packages"]["paribus"]
    assert 1 <= content["cores"] <= (os.cpu_count() or 1)
    assert str(Path.home()) not in run.stdout
