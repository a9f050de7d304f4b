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

from paribus import files, processes
from paribus.errors import DamagedRecord, RunError, RunLocked
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
    assert folder.restore_metrics([{"epoch": 1}, {"epoch": 2}]) == "a torn line of metrics.jsonl is dropped"
    folder.append_metrics({"epoch": 3})
    assert folder.read_metrics() == ([{"epoch": 1}, {"epoch": 2}, {"epoch": 3}], False)
    assert folder.restore_metrics([{"epoch": 1}]) == ""  # a training that was killed may go back behind its rows
    assert folder.read_metrics() == ([{"epoch": 1}], False)


ROWS = [{"epoch": epoch, "val/loss": 1 / epoch if epoch < 3 else float("nan")} for epoch in (1, 2, 3)]
LINES = [files.line(row) for row in ROWS]
LOST = {  # content of metrics.jsonl → what is said
    "first": (LINES[1:], "epoch 1"),
    "middle": (LINES[::2], "epoch 2"),
    "last": (LINES[:2], "epoch 3"),
    "all": ([], "epoch 1, 2, 3"),
    "missing": (None, "epoch 1, 2, 3"),
    "another figure": ([LINES[0], b'{"epoch": 2, "val/loss": 7}\n', LINES[2]], "epoch 2"),
    "a word for a figure": ([LINES[0], b'{"epoch": 2, "val/loss": "x"}\n', LINES[2]], "epoch 2"),
    "no epoch": ([LINES[0], b'{"val/loss": 7}\n', LINES[2]], "epoch 2"),
    "no object": ([LINES[0], b'[["epoch", 2]]\n', LINES[2]], "epoch 2"),
    "no JSON": ([b"\0" * 40, *LINES[1:]], "epoch 1"),
    "torn": ([*LINES[:2], LINES[2][:9]], "epoch 3"),
    "torn behind": ([*LINES, b'{"epoch'], "a torn line"),
    "in another order": (LINES[::-1], "another order"),
    "twice": ([*LINES, LINES[1]], "another order or more than once"),
    "whole": (LINES, ""),
}


@pytest.mark.parametrize(("content", "says"), LOST.values(), ids=LOST)
def test_R10_lost_and_damaged_rows_are_restored_and_told(folder, content, says):
    if content is not None:
        (folder.path / "metrics.jsonl").write_bytes(b"".join(content))
    said = folder.restore_metrics(ROWS)
    assert says in said if says else not said
    assert (folder.path / "metrics.jsonl").read_bytes() == b"".join(LINES)
    assert folder.restore_metrics(folder.history) == ""  # as they are read, non-finite ones included


@pytest.mark.parametrize("state", ["new", "running", "finished"])
@pytest.mark.parametrize("pid", [0, -1, 2**70, 2**31, True, "12", None, [1], 1.5])
def test_R12_odd_process_numbers_are_no_process(folder, state, pid):
    content = {"state": state, "pid": pid, "host": this_process()["host"], "heartbeat": time.time()}
    files.write_json(folder.path / "status.json", content)
    folder.write_result(RESULT)
    listed = store.summary(folder.path).state
    if type(pid) is int:
        assert folder.status.state == listed == ("crashed" if state == "running" else state)
    else:
        with pytest.raises(DamagedRecord, match=r"status.json is damaged: pid is"):
            _ = folder.status
        assert listed == "damaged"


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
    "its number is another's now": (NOW, 90_000, "crashed"),
    "its number is another's now, heard in the far future": (NOW, -90_000, "crashed"),
    "on another machine": ({**NOW, "host": "far", "pid": dead_process()}, 0, "running"),
    "on another machine whose clock is ahead": ({**NOW, "host": "far"}, -SILENCE_SECONDS / 2, "running"),
    "on another machine, heard in the far future": ({**NOW, "host": "far"}, -90_000, "crashed"),
    "silent on another machine": ({**NOW, "host": "far"}, SILENCE_SECONDS + 20, "crashed"),
    "somebody else's process": ({**NOW, "pid": 1}, 0, "running"),
    "finished long ago": ({**NOW, "state": "finished", "pid": dead_process()}, 9999, "finished"),
    "killed": ({**NOW, "state": "killed"}, 9999, "killed"),
}


@pytest.mark.parametrize(("written", "age", "state"), STANDS.values(), ids=STANDS)
def test_R12_who_cannot_be_running_has_crashed(folder, written, age, state, monkeypatch):
    if written["pid"] == os.getpid():  # as if it had begun long ago
        monkeypatch.setattr(processes, "_from_proc", lambda pid: time.time() - 9999)
    folder.write_status(Status(**written))
    folder.write_result(RESULT)
    content = files.read_json(folder.path / "status.json")
    assert abs(content["heartbeat"] - time.time()) < 5
    files.write_json(folder.path / "status.json", {**content, "heartbeat": time.time() - age})
    if age < -SILENCE_SECONDS:
        os.utime(folder.path / "status.json", (1e9, 1e9))  # it was written long ago, whatever it says
    assert folder.status.state == state
    assert folder.status.over == (state in ("finished", "diverged"))


def test_R32_finished_without_a_result_is_not_finished(folder):
    folder.write_status(Status("finished"))
    assert (folder.status.state, folder.status.over) == ("crashed", False)
    assert "result.json is not there" in folder.status.error
    folder.write_result(RESULT)
    assert folder.status.state == "finished"
    (folder.path / "result.json").unlink()
    (folder.path / "result.json").symlink_to(folder.path / "nowhere")
    assert folder.status.state == "crashed"


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
        folder.append_metrics({"epoch": epoch, "x" * 200: 1})
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


def test_R1_what_belongs_to_a_result_is_on_the_disk_before_it(folder, monkeypatch):
    flushed = []
    monkeypatch.setattr("paribus.files.flush", lambda path: flushed.append(path.name.partition("-")[0]))
    folder.write_status(Status("running"))
    folder.write_info({"classes": ["a"]})
    folder.write_environment({"cores": 2})
    folder.append_metrics({"epoch": 1})
    assert not flushed
    folder.write_result(RESULT)
    folder.write_status(Status("finished"))
    assert flushed == ["info.json", "environment.json", "metrics.jsonl", ".tmp", ".tmp"]


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
    assert {key: [run.path for run in twins] for key, twins in found.items()} == {(recipe.identity, 0): [finished.path]}
    copy_run(finished, there)
    names = {path.name for path in there.path.iterdir()}
    assert names == {"recipe.json", "result.json", "status.json", "test.json", "weights.safetensors"}
    assert there.weights.samefile(finished.weights)  # which are large, and only ever replaced
    files.write_bytes(there.weights, b"others")
    assert finished.weights.read_text() == "weights.safetensors"
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
def test_R2_half_a_copy_is_none(finished, there, monkeypatch, missing):
    def full(source, target):
        if Path(source).name == missing:
            raise OSError(28, "full")
        return Path(target).write_bytes(Path(source).read_bytes())

    monkeypatch.setattr("shutil.copyfile", full)
    monkeypatch.setattr("os.link", refuse_to_link)
    with pytest.raises(RunError, match=r"cannot write seed-0: the disk is full"):
        copy_run(finished, there)
    assert list(there.path.parent.iterdir()) == []


def refuse_to_link(*_):
    raise OSError(1, "this file system has none")


KILLED_IN_COPY = """
import os, sys
from paribus.records.run import RunFolder, copy_run
source, target, last = RunFolder(sys.argv[1]), RunFolder(sys.argv[2]), int(sys.argv[3])
left = last
def count(event, arguments):
    global left
    if event in ("open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "shutil.copyfile"):
        if any(str(target.path.parent) in str(argument) for argument in arguments):
            left -= 1
            if not left:
                os.kill(os.getpid(), 9)
def work():
    sys.addaudithook(count)
    copy_run(source, target)
    os._exit(0)
ends = 0
while True:  # killed at its first operation below the target, then at its second, …
    left = last
    if not (child := os.fork()):
        work()
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    names = sorted(os.listdir(target.path)) if target.path.exists() else []
    print(killed, target.status.state, ",".join(names), flush=True)
    last += 1
    if not killed or last > 200:
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_R1_killed_at_every_file_of_a_copy_there_is_nothing_or_all(finished, there):
    (finished.path / "previews").mkdir()
    (finished.path / "previews" / "final.png").write_text("picture")
    there.path.mkdir(parents=True)
    (there.path / "result.json").write_text("half of a copy by an earlier version")
    command = [sys.executable, "-c", KILLED_IN_COPY, str(finished.path), str(there.path), "1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    seen = [line.split(" ") for line in run.stdout.splitlines()]
    whole = "previews,recipe.json,result.json,status.json,test.json,weights.safetensors"
    assert len(seen) > 20
    assert {(state, names) for _, state, names in seen} == {("new", "result.json"), ("new", ""), ("finished", whole)}
    assert seen[-1] == ["False", "finished", whole]
    files.remove_old_leftovers(there.path.parent)
    assert [path.name for path in there.path.parent.iterdir()] == ["seed-0"]
    assert [run.state for run in store.runs(there.path.parents[2])] == ["finished", "finished"]


def test_the_environment_names_no_user_and_no_path():
    code = "import json; from paribus.records.environment import environment; print(json.dumps(environment()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    content = json.loads(run.stdout)
    assert content["packages"]["paribus"]
    assert 1 <= content["cores"] <= (os.cpu_count() or 1)
    assert str(Path.home()) not in run.stdout


@pytest.mark.parametrize("content", [{"some": "thing"}, {"format": "one"}, [1], None])
def test_a_recipe_that_names_no_format_says_how_to_go_on(folder, content):
    files.write_json(folder.path / "recipe.json", content)
    with pytest.raises(DamagedRecord, match=r"recipe\.json is damaged: it names no format") as caught:
        folder.read()
    assert caught.value.hint == "delete the folder and train again"


def test_a_sealed_file_that_became_a_folder_is_named(run):
    (run.path / "info.json").unlink()
    (run.path / "info.json").mkdir()
    with pytest.raises(DamagedRecord, match=r"info\.json changed since it ended"):
        run.check_seal()


def test_R10_rows_that_became_a_folder_say_how_to_go_on(folder):
    (folder.path / "metrics.jsonl").mkdir(parents=True)
    with pytest.raises(DamagedRecord, match=r"cannot read metrics\.jsonl") as caught:
        _ = folder.history
    assert f"delete {folder.path / 'metrics.jsonl'}" in caught.value.hint
