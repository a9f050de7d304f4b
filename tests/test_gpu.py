"""The measurements of a card run without one, as far as they can: each part gives its rows, and none fails."""

from __future__ import annotations

import importlib

import pytest
import torch

from paribus.records.parts import register, registered
from paribus.training import compiling


@pytest.fixture
def gpu():
    """The benchmark, which registers data of its own: within a test, behind which parts are as they were."""
    sources = importlib.import_module("benchmarks.sources")
    if "noise" not in registered()["data"]:  # it was imported by another test
        register("data", sources.Noise, name="noise")
    return importlib.import_module("benchmarks.gpu")


@pytest.mark.slow
@pytest.mark.timeout(900)  # it takes half a minute, but for neighbours
@pytest.mark.filterwarnings("default")  # of torch's compiler
def test_all_figures_of_a_card_are_measured_in_small(gpu, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path))  # where no pictures are
    monkeypatch.setattr(compiling, "BACKEND", compiling.BACKEND)
    threads = torch.get_num_threads()
    try:
        assert gpu.main(["--device", "cpu", "--tiny"]) == 0
    finally:
        torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    assert f"torch {torch.__version__}" in printed.splitlines()[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines() if line.startswith("|")]
    rows = {name: figure for name, _, figure, *_ in cells[2:]}
    measured = {name for name, figure in rows.items() if figure[0].isdigit()}
    for words in ("MLP", "CNN", "ResNet-20", "fast94, steps of one run", "by hand / one run", "compiled", "2 runs by"):
        assert any(words in name for name in measured), words
    assert not [figure for figure in rows.values() if "failed" in figure or "no time" in figure]


def test_a_part_that_fails_is_said_and_the_others_are_measured(gpu, capsys, monkeypatch):
    def broken(scale):
        raise RuntimeError("no room | here\nand more")
        yield

    def works(scale):
        yield gpu.Row("works", [2.0], "≥ 1")

    def slow(scale):
        yield gpu.Row("slow", [1.0], "–")

    monkeypatch.setattr(gpu, "PARTS", (broken, works))
    assert gpu.measure(gpu.Scale("cpu"), 60) == 1
    printed = capsys.readouterr().out
    assert "| broken | – | failed: RuntimeError: no room / here | – | 0 |" in printed
    assert "| works | ≥ 1 | 2 | 2 … 2 | 1 |" in printed
    monkeypatch.setattr(gpu, "PARTS", (slow,))
    assert gpu.measure(gpu.Scale("cpu"), -1) == 0
    assert "| slow | – | left out: no time | – | 0 |" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_card_the_way_to_try_it_is_said(gpu, capsys):
    with pytest.raises(SystemExit):
        gpu.main([])
    assert "--device cpu --tiny" in capsys.readouterr().err


@pytest.mark.cuda
@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.filterwarnings("default")
def test_cuda_all_figures_of_a_card_are_measured_in_small(gpu, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path))
    assert gpu.main(["--device", "cuda", "--tiny"]) == 0
