"""Every analysis of the table is whole; one from outside is found like those that ship."""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass, is_dataclass

import pytest

from paribus import notebook
from paribus.analysis import table
from paribus.analysis.kept import analyse, kept
from paribus.analysis.table import ANALYSES, Analysis, Need, resolve
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import Trained
from paribus.records.options import describe
from paribus.records.run import RunFolder
from paribus.reports import lists
from paribus.reports.run import run_page


@pytest.mark.parametrize("name", ANALYSES)
def test_a_line_of_the_table_fits_its_function(name):
    analysis = ANALYSES[name]
    compute, record = resolve(analysis.compute), resolve(analysis.record)
    assert is_dataclass(record)
    assert typing.get_type_hints(compute)["return"] is record
    assert callable(resolve(analysis.page))
    assert all(callable(resolve(place)) for place in (analysis.across, analysis.across_page) if place)
    assert analysis.about.endswith(".")
    first, *options = inspect.signature(compute).parameters.values()
    assert first.name == ("members" if analysis.of == "arm" else "trained" if analysis.needs.weights else "folder")
    assert all(it.kind is it.KEYWORD_ONLY for it in options)
    assert [it.name for it in options if it.name not in describe(compute)[1]] == []


def test_what_does_not_apply_is_refused_in_one_sentence(run):
    with pytest.raises(
        DataError, match=r"the analysis latent-map needs a variational autoencoder(.|\n)*classification"
    ):
        analyse(run, "latent-map")
    with pytest.raises(DataError, match="the analysis skill needs a task with something to compare with"):
        analyse(run, "skill")
    with pytest.raises(DataError, match="the analysis quality needs records of a Fréchet distance"):
        analyse(run, "quality")
    met = {name for name, one in ANALYSES.items() if one.needs.met(run)}
    assert {"errors", "tta", "ensemble"} <= met
    assert not met & {"skill", "residuals", "denoising", "latent-map", "likelihood", "quality"}


def test_options_are_those_of_the_function():
    assert ANALYSES["corruptions"].settings({"kinds": "texture, shuffle"})["kinds"] == ("texture", "shuffle")
    assert ANALYSES["likelihood"].settings({"draws": 7}) == {"split": "val", "draws": 7, "most": 10_000}
    with pytest.raises(RecipeError, match=r"there is no drwas(.|\n)*draws"):
        ANALYSES["likelihood"].settings({"drwas": 7})
    with pytest.raises(RecipeError, match="draws must be greater than or equal to 1"):
        ANALYSES["likelihood"].settings({"draws": 0})
    with pytest.raises(RecipeError, match="pictures must be given"):
        ANALYSES["denoising"].settings({})


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    parameters: int
    scaled: float


def size(trained: Trained, *, factor: float = 1.0) -> Size:
    """Count.

    Args:
        trained: the network.
        factor: of the count.
    """
    count = sum(parameter.numel() for parameter in trained.network.parameters())
    return Size(count, factor * count)


@pytest.fixture
def registered(monkeypatch) -> Analysis:
    monkeypatch.setattr(table, "_registered", {})
    return table.register(Analysis("size", "How large it is.", Need("any run"), size, Size))


def test_an_analysis_from_outside_is_found_everywhere(registered, run: RunFolder):
    record = analyse(run, "size", factor=2)
    assert record.scaled == 2 * record.parameters == 2 * run.result.parameters
    assert "size" in dict(row[:2] for row in lists.analyses().sections[0].tables[0].rows)
    assert [row[0] for row in lists.analysis("size").sections[0].tables[0].rows] == ["factor"]
    assert list(kept(run)) == [(registered, record)]
    assert "Size" in [section.title for section in run_page(run).sections]
    assert f"{record.parameters:,}" in notebook.html(record)


def test_names_of_the_table_are_taken(registered):
    with pytest.raises(RecipeError, match="ships with paribus"):
        table.register(Analysis("skill", "", Need(""), size, Size))
    with pytest.raises(RecipeError, match=r"no analysis of this name(.|\n)*latent-map"):
        table.find("latentmap")
