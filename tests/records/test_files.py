"""Files survive: whatever happens during a write, the old file or the new one is whole."""

from __future__ import annotations

import errno
import json
import math
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paribus import files
from paribus.errors import RunError

OLD, NEW = b"old" * 100, b"new" * 200


@pytest.fixture
def path(tmp_path) -> Path:
    target = tmp_path / "folder" / "record.json"
    files.write_bytes(target, OLD)
    return target


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob(files.TEMPORARY + "*"))


def test_a_write_replaces_the_file_and_leaves_nothing_beside_it(path):
    before = path.stat().st_ino
    files.write_bytes(path, NEW)
    assert path.read_bytes() == NEW
    assert path.stat().st_ino != before  # not written into the old file
    assert [entry.name for entry in path.parent.iterdir()] == ["record.json"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_are_as_readable_as_the_user_wishes(path, mask, mode):
    before = os.umask(mask)
    try:
        files.write_bytes(path, NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


STEPS = {"open": (Path, "open"), "fsync": (os, "fsync"), "replace": (Path, "replace"), "touch": (Path, "touch")}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()])
def test_R1_a_failure_at_any_step_leaves_the_old_file_whole(path, monkeypatch, step, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(*STEPS[step], fail)
    expected = RunError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        files.write_bytes(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert leftovers(path.parent) == []


def test_R1_the_content_reaches_the_disk_before_the_name(path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(handle):
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else os.fstat(handle).st_size)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", lambda *args: (steps.append("replace"), replace(*args)))
    files.write_bytes(path, NEW)
    assert steps == [len(NEW), "replace", "folder"]


def test_R1_what_need_not_wait_for_the_disk_is_whole_all_the_same(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", None)  # is not called
    files.write_bytes(path, NEW, durable=False)
    assert path.read_bytes() == NEW
    assert leftovers(path.parent) == []


KILLED = """
import sys
from pathlib import Path
from paribus import files
path, n = Path(sys.argv[1]), 0
while True:
    n += 1
    files.write_json(path, {"n": n, "filling": [n] * 20_000})
    files.append_line(path.with_name("lines.jsonl"), {"n": n})
    print(n, flush=True)
"""


@pytest.mark.slow
def test_R1_killed_at_any_moment_the_file_is_whole(tmp_path):
    path = tmp_path / "record.json"
    for round_ in range(8):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(0.01 + 0.007 * round_)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        content = json.loads(path.read_text())
        assert content["filling"] == [content["n"]] * 20_000
        rows, _ = files.read_lines(tmp_path / "lines.jsonl")
        assert all(set(row) == {"n"} for row in rows)
    files.remove_leftovers(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["lines.jsonl", "record.json"]


@pytest.fixture
def size_limit():
    """Writing a file beyond 1000 bytes fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_R2_a_full_disk_is_named_and_the_old_file_stays(path, size_limit):
    with pytest.raises(RunError, match=r"cannot write record\.json: the file would exceed") as caught:
        files.write_bytes(path, b"x" * 2000)
    assert caught.value.got == str(path.parent)
    assert "--runs DIR" in caught.value.hint
    assert path.read_bytes() == OLD
    assert leftovers(path.parent) == []


def test_R2_half_a_line_is_an_error_not_a_success(tmp_path, size_limit):
    path = tmp_path / "lines.jsonl"
    files.append_line(path, {"epoch": 1})
    with pytest.raises(RunError, match="cannot write lines"):
        files.append_line(path, {"epoch": 2, "filling": "x" * 2000})
    assert files.read_lines(path) == ([{"epoch": 1}], True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can mount a small disk")
def test_R2_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        files.write_bytes(disk / "weights", OLD)
        with pytest.raises(RunError, match="cannot write weights: the disk is full"):
            files.write_bytes(disk / "weights", b"x" * 2_000_000)
        assert (disk / "weights").read_bytes() == OLD
        assert leftovers(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "reports an error"),
    ],
)
def test_R2_reasons_are_told_in_words(tmp_path, code, reason):
    with pytest.raises(RunError, match=reason) as caught, files.disk_errors(tmp_path / "x"):
        raise OSError(code, "…")
    assert caught.value.__cause__.errno == code


def test_errors_that_are_not_the_disks_pass_through(tmp_path):
    with pytest.raises(OSError, match="odd") as caught, files.disk_errors(tmp_path / "x"):
        raise OSError(errno.ECHILD, "odd")
    assert type(caught.value) is ChildProcessError


@pytest.mark.parametrize("inner", ["record.json", "deeper/record.json"])
def test_R4_a_file_in_place_of_a_folder_is_named(tmp_path, inner):
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunError, match="a file stands where a folder is needed") as caught:
        files.write_json(tmp_path / "runs" / inner, {})
    assert str(tmp_path / "runs") in caught.value.got


def test_R4_a_folder_in_place_of_a_file_is_named(tmp_path):
    (tmp_path / "record.json" / "inner").mkdir(parents=True)
    with pytest.raises(RunError, match="a folder stands where a file is needed"):
        files.write_json(tmp_path / "record.json", {})
    assert leftovers(tmp_path) == []


def test_R8_what_json_cannot_hold_is_null(tmp_path):
    path = tmp_path / "x.json"
    files.write_json(path, {"a": math.nan, "b": [math.inf, (1, -math.inf)], 3: {"c": "NaN"}})
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "a": None,
        "b": [None, [1, None]],
        "3": {"c": "NaN"},
    }


def test_R8_a_line_names_what_was_not_finite(tmp_path):
    path = tmp_path / "lines.jsonl"
    files.append_line(path, {"epoch": 1, "loss": math.nan, "lr": math.inf})
    files.append_line(path, {"epoch": 2, "loss": 0.5})
    assert files.read_lines(path)[0] == [
        {"epoch": 1, "loss": None, "lr": None, "non_finite": ["loss", "lr"]},
        {"epoch": 2, "loss": 0.5},
    ]


@pytest.mark.parametrize(
    ("content", "rows", "torn"),
    [
        (b"", [], False),
        (b'{"a": 1}\n', [{"a": 1}], False),
        (b'{"a": 1}\n{"a": 2', [{"a": 1}], True),
        (b'{"a": 1}\n{"a": 2}', [{"a": 1}], True),  # without its end nobody knows that it is whole
        (b'{"a": 1}\n{"a": {"a": 3}\n', [{"a": 1}], True),
        (b'{"a"\n\n{"a": 3}\n', [{"a": 3}], True),
        (b'\xff\n{"a": 3}\n', [{"a": 3}], True),
        (b'7\n{"a": 3}\n', [{"a": 3}], True),
        (b'null\n{"a": 3}\n', [{"a": 3}], True),
    ],
)
def test_R10_torn_lines_are_left_out_and_told(tmp_path, content, rows, torn):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(content)
    assert files.read_lines(path) == (rows, torn)


def test_R18_lines_are_never_appended_behind_a_link(tmp_path):
    theirs, path = tmp_path / "theirs.txt", tmp_path / "run" / "lines.jsonl"
    theirs.write_text("precious")
    path.parent.mkdir()
    path.symlink_to(theirs)
    with pytest.raises(RunError, match=r"cannot write lines.jsonl: a link stands where a file is needed"):
        files.append_line(path, {"epoch": 1})
    assert theirs.read_text() == "precious"


def test_R1_only_what_nobody_writes_any_more_is_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = files._temporary(tmp_path / "x.json")
    of_the_dead = mine.with_name(mine.name.replace(f".{os.getpid()}-", f".{dead.pid}-"))
    from_afar = mine.with_name(mine.name.replace(files._host(), "00000000"))
    earlier, long_ago = (tmp_path / f"{files.TEMPORARY}{digit * 16}.json" for digit in "12")
    foreign = tmp_path / f"{files.TEMPORARY}mine"
    for path in (mine, of_the_dead, from_afar, earlier, foreign):
        path.write_text("half")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "file").write_text("precious")
    long_ago.mkdir()
    (long_ago / "link").symlink_to(tmp_path / "theirs", target_is_directory=True)
    for path in (long_ago, foreign):
        os.utime(path, (1e9, 1e9))
    files.remove_old_leftovers(tmp_path)
    left = {mine.name, from_afar.name, earlier.name, foreign.name, "theirs"}
    assert {path.name for path in tmp_path.iterdir()} == left
    files.remove_leftovers(tmp_path)  # nobody else is at work
    assert {path.name for path in tmp_path.iterdir()} == {mine.name, "theirs"}
    assert (tmp_path / "theirs" / "file").read_text() == "precious"


def test_R1_in_a_folder_that_many_share_the_next_writer_tidies_up(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = files._temporary(tmp_path / "x.json")
    of_the_dead = mine.with_name(mine.name.replace(f".{os.getpid()}-", f".{dead.pid}-"))
    for path in (mine, of_the_dead):
        path.write_text("half")
    files.write_shared(tmp_path / "y.json", b"{}")
    assert {path.name for path in tmp_path.iterdir()} == {mine.name, "y.json"}


def test_a_folder_is_whole_or_not_there(tmp_path):
    def half(folder):
        (folder / "a").write_text("a")
        raise OSError(28, "full")

    with pytest.raises(RunError, match="cannot write made: the disk is full"):
        files.write_folder(tmp_path / "made", half)
    assert list(tmp_path.iterdir()) == []
    for text in ("first", "second"):  # what stood there goes
        files.write_folder(tmp_path / "made", lambda folder: (folder / text).write_text(text))  # noqa: B023
        assert [path.name for path in (tmp_path / "made").iterdir()] == [text]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff"])
def test_a_damaged_record_is_named(tmp_path, content):
    path = tmp_path / "result.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=r"cannot read result\.json") as caught:
        files.read_json(path)
    assert caught.value.got == str(path)


def test_sha256_is_the_one_everybody_knows(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256_of(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_what_the_user_has_is_never_written_over_unasked(tmp_path):
    mine, other = tmp_path / "mine.png", tmp_path / "other.png"
    mine.write_bytes(OLD)
    with pytest.raises(RunError, match=r"there already(.|\n)*mine\.png(.|\n)*--overwrite"):
        files.save_all({other: NEW, mine: NEW})
    assert (mine.read_bytes(), other.exists()) == (OLD, False)  # all of them, or none
    assert files.save(mine, OLD) == mine  # nothing would change
    assert files.save(mine, "new", overwrite=True).read_text() == "new"
    assert files.save(str(other), NEW).read_bytes() == NEW


def test_a_dangling_link_is_the_users_and_a_folder_stays(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RunError, match="there already"):
        files.save(tmp_path / "link.csv", NEW)
    with pytest.raises(RunError, match="a folder stands"):
        files.refuse_existing(tmp_path, overwrite=True)


def test_a_pipe_is_written_into_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        files.save(tmp_path / "pipe", NEW, overwrite=True)
        assert os.read(reading, 10_000) == NEW
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    finally:
        os.close(reading)
