"""What people give for a run."""

from pathlib import Path

import pytest
from tests import made

from paribus.errors import RunError
from paribus.records.given import run_folder
from paribus.records.run import RunFolder


@pytest.fixture
def runs(tmp_path) -> Path:
    for seed in (0, 1):
        made.run_folder(tmp_path / "study" / "arm" / f"seed-{seed}")
    made.run_folder(tmp_path / "other" / "arm" / "seed-7")
    return tmp_path


def test_paths_names_and_what_has_a_folder(runs):
    expected = runs / "other" / "arm" / "seed-7"
    folder = RunFolder(expected)
    owner = type("Run", (), {"folder": folder})()
    for given in (folder, owner, expected, str(expected), runs / "other", "other", "seed-7", "other/arm/seed-7"):
        assert run_folder(given, runs).path == expected
    assert run_folder("last", runs).path.name.startswith("seed-")


def test_what_is_no_single_run(runs):
    with pytest.raises(RunError, match="there are 2 runs in this folder"):
        run_folder(runs / "study", runs)
    with pytest.raises(RunError, match="more than one"):
        run_folder("study", runs)
    with pytest.raises(RunError, match="no such run"):
        run_folder("nothing", runs)
    with pytest.raises(RunError, match="this is no run"):
        run_folder(3, runs)
    (runs / "empty").mkdir()
    with pytest.raises(RunError, match="no run in this folder"):
        run_folder(runs / "empty", runs)
