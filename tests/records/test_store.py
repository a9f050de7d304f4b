"""Run folders are found and listed, with an index or without one."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from paribus import files
from paribus.errors import ParibusError, RunError
from paribus.records import marks, store
from paribus.records.run import RunFolder

METRICS = {"accuracy": {"name": "accuracy", "higher_is_better": True, "percent": True}}
RESULT = {
    "metrics": {"val/accuracy": 0.5, "val/iou/a": None}, "epochs": 3, "steps": 30, "best_epoch": 2,
    "stopped_early": False, "weights_sha256": "0" * 64, "parameters": 1, "seconds": 1.0, "examples_per_second": 1.0,
    "peak_memory_mb": 1.0,
}  # fmt: skip
LONG_AGO = 1e9


def write(path: Path, content: object, when: float | None = LONG_AGO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    if when is not None:
        os.utime(path, (when, when))


def make(folder: Path, number: int, state: str = "finished") -> None:
    """A run folder as small as it can be."""
    about = {"format": 1, "name": "digits/mlp", "identity": f"{number:016x}", "seed": number % 5, "metrics": METRICS}
    write(folder / "recipe.json", about)
    if state != "new":
        write(folder / "status.json", {"state": state, "epoch": 3, "epochs": 3, "started": 1e9, "heartbeat": 1e9 + 9})
    if state == "finished":
        write(folder / "result.json", RESULT)


def place(number: int) -> str:
    return f"study-{number // 50}/arm={number // 5 % 10}/seed-{number % 5}"


@pytest.fixture
def many(tmp_path) -> Path:
    """300 runs in six studies, nearly all of them over."""
    return make_many(tmp_path / "runs")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return make_many(tmp_path_factory.mktemp("made") / "runs")


@pytest.fixture
def still(made) -> Path:
    """The same without an index, for tests that change nothing else."""
    index = made / store.INDEX
    if index.is_dir():
        index.rmdir()
    index.unlink(missing_ok=True)
    return made


def make_many(root: Path) -> Path:
    for number in range(300):
        make(root / place(number), number, {7: "new", 8: "failed", 9: "diverged"}.get(number, "finished"))
    return root


@pytest.fixture
def reads(monkeypatch) -> list[Path]:
    """The files that are read."""
    read, known = files.read_json, []
    monkeypatch.setattr(files, "read_json", lambda path: known.append(Path(path)) or read(path))
    return known


@pytest.fixture
def helped(monkeypatch):
    """A block in which processes help with the shortest list; gives what they and this one found unchanged."""

    @contextmanager
    def block(helpers):
        said, unchanged = [], marks.unchanged
        with monkeypatch.context() as patch:
            patch.setattr(store, "MANY", 0)
            patch.setattr(marks, "helpers", lambda: helpers if hasattr(os, "fork") else 0)
            patch.setattr(marks, "unchanged", lambda *words: said.append(unchanged(*words)) or said[-1])
            yield said

    return block


def test_a_summary_says_where_a_run_stands(still):
    run = store.runs(still)[5]
    assert run[1:] == (
        "digits/mlp",
        f"{5:016x}",
        0,
        "finished",
        3,
        3,
        RESULT["metrics"],
        ["accuracy"],
        1e9,
        1e9 + 9,
        "",
        "",
    )
    assert (Path(run.path), run.folder.seed, run.over) == (still / place(5), 0, True)
    assert run.metrics["accuracy"].percent
    assert store.summary(still / place(5)) == run
    assert [Path(run.path).relative_to(still).as_posix() for run in store.runs(still)[:5]] == [
        place(i) for i in range(5)
    ]


def test_what_is_over_is_not_read_again(still, reads):
    first = store.runs(still)
    assert (still / store.INDEX).exists()
    reads.clear()
    assert store.runs(still) == first
    assert reads == [still / place(8) / "status.json"]  # one failed; one that is new has no status
    assert store.finished(still).keys() == {(run.identity, run.seed) for run in first if run.figures}


def change_result(run: Path) -> None:
    write(run / "result.json", {**RESULT, "metrics": {"val/accuracy": 0.75}})


def same_size_and_time(run: Path) -> None:
    content = (run / "result.json").read_text().replace("0.5", "0.7")
    (run / "result.json").unlink()
    (run / "other").write_text("another file takes its number")
    write(run / "result.json", content)


def edited_in_place(run: Path) -> None:
    """Neither size, time, number nor anything of the folder changes."""
    write(run / "result.json", (run / "result.json").read_text().replace("0.5", "0.7"))


def another_state(run: Path) -> None:
    write(run / "status.json", {"state": "interrupted", "epoch": 1, "epochs": 3})


def restored(run: Path) -> None:
    """Another file takes the place of one, with the older times that it had elsewhere."""
    write(run / "backup", (run / "result.json").read_text().replace("0.5", "0.7"), LONG_AGO - 1000)
    (run / "backup").rename(run / "result.json")


def copied_over(run: Path) -> None:
    """The files of another run are written into this one's, times and all."""
    for name in marks.FILES:
        shutil.copy2(run.parent / "seed-4" / name, run / name)


CHANGES = {
    "another result": change_result,
    "another result of the same size and time": same_size_and_time,
    "another result, edited in place": edited_in_place,
    "another result, put in place": lambda run: files.write_json(run / "result.json", {**RESULT, "metrics": {}}),
    "another result, from a backup": restored,
    "the files of another run": copied_over,
    "another state": another_state,
    "another recipe": lambda run: make(run, 1234),
    "no result": lambda run: (run / "result.json").unlink(),
    "no status": lambda run: (run / "status.json").unlink(),
    "a damaged status": lambda run: write(run / "status.json", "{"),
    "a damaged recipe": lambda run: write(run / "recipe.json", "[]"),
    "a damaged result": lambda run: write(run / "result.json", "{}"),
    "no run": shutil.rmtree,
    "another run": lambda run: (shutil.rmtree(run), make(run, 4321, "failed")),
    "another name": lambda run: run.rename(run.with_name("seed-9")),
    "one run more": lambda run: make(run.with_name("seed-9"), 4321),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_the_folders_are_the_truth(many, change, helped):
    before = store.runs(many)
    change(many / place(123))
    after = store.runs(many)
    with helped(2) as said:
        assert store.runs(many) == after
    others = {str(many / f"study-{study}") for study in (1, 3, 4, 5)}  # two runs of study-0 are not over
    assert said == ([others] if hasattr(os, "fork") else [])
    (many / store.INDEX).unlink()
    assert after == store.runs(many)
    others = [run for run in after if run.path not in {str(many / place(123)), str(many / place(123))[:-1] + "9"}]
    assert others == [*before[:123], *before[124:]]
    assert len(after) != 300 or after[123] != before[123]


@pytest.mark.skipif(sys.platform != "linux", reason="no helpers elsewhere")
def test_what_a_killed_helper_would_have_looked_at_is_looked_at(still, helped, monkeypatch):
    expected = store.runs(still)
    here, seal, fork, helpers = os.getpid(), marks.seal, os.fork, []

    def started():
        if helper := fork():
            helpers.append(helper)
        return helper

    def killed_elsewhere(found):
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        for helper in helpers:
            with suppress(ChildProcessError):
                os.waitpid(helper, 0)  # until it has taken a study, and is gone; other tests have children of their own
        return seal(found)

    monkeypatch.setattr(os, "fork", started)
    monkeypatch.setattr(marks, "seal", killed_elsewhere)
    with helped(1) as said:
        assert store.runs(still) == expected
    assert len(said[0]) == 4  # of five whose runs are all over


@pytest.mark.skipif(sys.platform != "linux", reason="no helpers elsewhere")
def test_a_process_with_threads_has_no_helpers(many, helped, monkeypatch):
    monkeypatch.setattr("paribus.records.environment.cores", lambda: 2)
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait, daemon=True)
    thread.start()
    try:
        assert marks.helpers() == 0
    finally:
        waiting.set()
        thread.join()
    script = "from paribus.records import environment, marks; environment.cores = lambda: 2; print(marks.helpers())"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"1\n"


def test_runs_that_changed_places_are_told_apart(many):
    before = store.runs(many)
    shutil.copytree(many / "study-1", many / "study-9")  # with its times
    for old, new in [(place(3), "x"), (place(4), place(3)), ("x", place(4)), ("study-2", "study-8")]:
        (many / old).rename(many / new)
    after = {Path(run.path).relative_to(many).as_posix(): run[1:] for run in store.runs(many)}
    assert (after[place(3)], after[place(4)]) == (before[4][1:], before[3][1:])
    copies = [(place(i).replace("-1/", "-9/", 1), i) for i in range(50, 100)]
    moved = [(place(i).replace("-2/", "-8/", 1), i) for i in range(100, 150)]
    assert {name: after[name] for name, _ in copies + moved} == {name: before[i][1:] for name, i in copies + moved}
    assert len(after) == 350


def test_a_run_is_followed_to_its_end(tmp_path):
    for number in range(30):
        make(tmp_path / place(number), number)
    run = tmp_path / place(3)
    states = []
    for state in ("new", "running", "interrupted", "finished"):
        shutil.rmtree(run)
        make(run, 3, state)
        states += [store.runs(tmp_path)[3].state, store.runs_of(tmp_path / "study-0")[3].state]
    assert states == ["new"] * 2 + ["crashed"] * 2 + ["interrupted"] * 2 + ["finished"] * 2


def test_what_is_kept_is_what_would_be_written_anew(many, monkeypatch):
    monkeypatch.setattr(store, "WORTH", 1)
    monkeypatch.setattr(store, "THREADS", 3)
    store.runs(many)
    before = (many / store.INDEX).read_bytes().splitlines()
    for number in range(100, 110):
        change_result(many / place(number))
    shutil.rmtree(many / "study-4")
    store.runs(many)
    kept = (many / store.INDEX).read_bytes()
    assert [line for line in kept.splitlines() if line in before] == [before[1], before[2], before[4], before[6]]
    (many / store.INDEX).unlink()
    store.runs(many)
    assert (many / store.INDEX).read_bytes() == kept


@pytest.mark.skipif(sys.platform != "linux", reason="such names cannot be given elsewhere")
def test_names_may_be_anything(tmp_path, reads):
    for number, name in enumerate(["a\tb", "c\nd", 'e"\\f', os.fsdecode(b"\xff\xfe"), "\u2028", "ü"]):
        for seed in range(5):
            make(tmp_path / name / name / f"{name}{seed}", number)
    first = store.runs(tmp_path)
    reads.clear()
    assert store.runs(tmp_path) == first
    assert (len(first), reads) == (30, [])


@pytest.mark.parametrize("ahead", [0.0, 3600.0])
def test_what_was_written_a_moment_ago_is_not_kept(many, reads, ahead):
    write(many / place(3) / "result.json", RESULT, time.time() + ahead)
    store.runs(many)
    reads.clear()
    store.runs(many)
    assert many / place(3) / "result.json" in reads


@pytest.mark.parametrize("index", ["", "{", "[]\n{}", "torn", "flipped", "version", "stale", "folder"])
def test_an_index_that_is_of_no_use_is_not_used(request, index):
    many = request.getfixturevalue("many" if index == "stale" else "still")
    expected = store.runs(many)
    path = many / store.INDEX
    content = path.read_bytes()
    if index == "torn":
        path.write_bytes(content[: len(content) // 2])
    elif index == "flipped":
        path.write_bytes(content.replace(b"0.5", b"0.6", 1))
    elif index == "version":
        path.write_bytes(content.replace(b'"version": %d' % store.VERSION, b'"version": 0', 1))
    elif index == "stale":
        for number in range(0, 300, 3):
            shutil.rmtree(many / place(number))
        expected = [run for number, run in enumerate(expected) if number % 3]
    elif index == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_text(index)
    assert store.runs(many) == expected
    assert store.runs(many) == expected


def test_an_index_that_cannot_be_written_stops_nothing(still, monkeypatch):
    def full(path, content):
        raise RunError("the disk is full")

    monkeypatch.setattr(files, "write_bytes", full)
    assert len(store.runs(still)) == len(store.runs(still)) == 300
    assert not (still / store.INDEX).exists()


def _list(root: Path, number: int) -> None:
    for turn in range(5):
        make(root / f"more-{number}" / "arm" / f"seed-{turn}", 1000 + 5 * number + turn)
        assert len(store.runs(root)) >= 300 + turn + 1


def test_several_may_list_at_once(many, monkeypatch):
    monkeypatch.setattr(store, "WORTH", 1)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_list, args=(many, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0] * 4
    found = store.runs(many)
    (many / store.INDEX).unlink()
    assert (len(found), found) == (320, store.runs(many))


def test_a_run_that_is_not_over_costs_one_small_read(tmp_path, reads):
    for number in range(30):
        make(tmp_path / place(number), number, "failed")
    store.runs(tmp_path)
    reads.clear()
    store.runs(tmp_path)
    assert reads == [tmp_path / place(number) / "status.json" for number in range(30)]


def test_folders_of_earlier_versions_are_read(tmp_path):
    folder = tmp_path / "s" / "a" / "seed-0"
    make(folder, 1)
    content = json.loads((folder / "recipe.json").read_text())
    write(folder / "recipe.json", {name: value for name, value in content.items() if name != "metrics"})
    assert (store.runs(tmp_path)[0].state, store.runs(tmp_path)[0].percent) == ("finished", [])
    assert RunFolder(folder).figures_of_merit() == {}


def test_runs_of_a_study_and_studies(many):
    write(many / "study-2" / "study.json", "{}")
    assert store.studies(many) == [many / "study-2"]
    assert store.runs_of(many / "study-2") == store.runs(many)[100:150]
    assert store.runs_of(many / "nowhere") == store.runs(many / "nowhere") == store.studies(many / "nowhere") == []


def test_the_index_of_all_serves_one_study(many, reads, monkeypatch):
    first = store.runs(many)[100:150]
    reads.clear()
    assert store.runs_of(many / "study-2") == first
    monkeypatch.chdir(many / "study-2")
    assert [run[1:] for run in store.runs_of(Path())] == [run[1:] for run in first]
    assert not reads
    change_result(many / place(123))
    assert store.runs_of(many / "study-2")[23].figures == {"val/accuracy": 0.75}


@pytest.mark.skipif(not marks.HANDLES, reason="this system knows no other way")
def test_folders_are_read_without_handles_too(still, monkeypatch):
    expected = store.runs(still)
    monkeypatch.setattr(marks, "HANDLES", False)
    assert store.runs(still) == expected


@pytest.fixture
def runs(here):
    """Two single runs and two studies, the second study being the newest."""
    root = here / "runs"
    made = ["a-mlp/11aa/seed-0", "a-mlp/22bb/seed-0", "s1/arm/seed-0", "s1/arm/seed-1", "s2/arm/seed-0"]
    for age, name in enumerate(reversed(["s1", "s2", *made]), start=1):
        (root / name).mkdir(parents=True, exist_ok=True)
        marker = root / name / ("study.json" if "/" not in name else "recipe.json")
        marker.touch()
        os.utime(marker, (1e9 - age, 1e9 - age))
    os.utime(root / "s2" / "study.json", (2e9, 2e9))
    return root


@pytest.mark.parametrize(
    ("name", "kinds", "found"),
    [
        ("s1", ("study",), "s1"),
        ("2", ("study",), "s2"),
        ("22bb", ("run",), "a-mlp/22bb/seed-0"),
        ("11aa/seed-0", ("run",), "a-mlp/11aa/seed-0"),
        ("s1/arm/seed-1", ("run", "study"), "s1/arm/seed-1"),
        ("s1", ("run", "study"), "s1"),
        ("s2/arm", ("run", "study"), "s2/arm/seed-0"),
        ("last", ("study",), "s2"),
        ("last", ("run",), "s2/arm/seed-0"),
        ("last", ("run", "study"), "s2"),
    ],
)
def test_folders_are_found_by_path_part_or_age(runs, name, kinds, found):
    if found == "s2/arm/seed-0":
        os.utime(runs / found / "recipe.json", (3e9, 3e9))
    assert store.find(name, runs, *kinds) == runs / found


def test_a_folder_may_stand_anywhere(runs, here):
    assert store.find(str(here / "runs" / "s1"), here / "elsewhere", "study") == runs / "s1"


def test_last_is_the_same_for_those_who_ask_for_a_run_and_those_who_ask_for_a_study(runs):
    os.utime(runs / "a-mlp/11aa/seed-0" / "recipe.json", (15e8, 15e8))  # newer than all runs of the newest study
    assert store.find("last", runs, "study", "run") == runs / "s2"
    assert store.find("last", runs, "run") == runs / "s2/arm/seed-0"


def test_the_last_single_run_is_not_a_study(runs):
    os.utime(runs / "a-mlp/11aa/seed-0" / "recipe.json", (3e9, 3e9))
    assert store.find("last", runs, "study", "run") == runs / "a-mlp/11aa/seed-0"


def test_the_whole_name_of_a_folder_goes_before_a_part_of_others(runs):
    shutil.copytree(runs / "a-mlp" / "11aa", runs / "s2" / "weights=11aa")  # an arm that starts from that very run
    assert store.find("11aa", runs, "run") == runs / "a-mlp/11aa/seed-0"
    with pytest.raises(RunError, match="more than one"):
        store.find("11a", runs, "run")


@pytest.mark.parametrize("kinds", [("run",), ("study", "run")])
def test_a_name_that_fits_several_lists_them(runs, kinds):
    with pytest.raises(RunError, match="more than one") as caught:
        store.find("seed-0", runs, *kinds)
    assert "a-mlp/11aa/seed-0, " in caught.value.hint
    assert not isinstance(caught.value, store.UnknownName)


@pytest.mark.parametrize("name", ["s3", "../s1", "a\0b", "s1#", "s1\\arm", "%2e%2e/s1"])
def test_R26_names_are_looked_up(runs, name):
    with pytest.raises(store.UnknownName, match="no such study folder") as caught:
        store.find(name, runs, "study")
    assert "s1, s2" in caught.value.hint


def test_where_there_is_none_yet_it_is_said(here):
    with pytest.raises(ParibusError, match="no such run folder") as caught:
        store.find("last", here / "runs", "run")
    assert "there is none in" in caught.value.hint
