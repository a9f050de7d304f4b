"""Several questions to one run: all that applies, those that are named, and why others are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

import paribus as pb
from paribus import notebook
from paribus.analysis import table
from paribus.analysis.explain import Explanation
from paribus.analysis.table import ANALYSES, Analysis, Need
from paribus.errors import DataError, RecipeError, RunError
from paribus.records.run import RunFolder


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    scaled: float


def size(folder: RunFolder, *, factor: float = 1.0) -> Size:
    """Count.

    Args:
        folder: the run.
        factor: of the count.
    """
    if factor < 0:
        raise DataError("sizes are not negative", got=factor)
    return Size(factor * folder.result.parameters)


SIZE = Analysis("size", "How large it is.", Need("any run", weights=False), size, Size, also=("extent",))


@pytest.fixture(autouse=True)
def registered(monkeypatch) -> None:
    monkeypatch.setattr(table, "_registered", {})
    table.register(SIZE)


def test_one_name_gives_its_record_and_other_names_are_known(run):
    assert pb.explain(run, "size") == pb.analyse(run, "extent") == Size(run.result.parameters)
    assert [path.name for path in (run.path / "analyses").iterdir()] == ["size.json"]


def test_several_names_give_an_explanation_with_each_its_own_options(run):
    found = pb.explain(run, ["errors", "extent"], factor=2, shown=3)
    assert list(found) == ["errors", "size"]
    assert found["extent"].scaled == 2 * run.result.parameters
    assert len(found["errors"].examples.worst) == 3
    with pytest.raises(RecipeError, match=r"no analysis that is asked has this option(.|\n)*factor"):
        pb.explain(run, ["errors", "size"], fcator=2)
    with pytest.raises(DataError, match="needs a variational autoencoder"):
        pb.explain(run, ["latent-map"])


def test_who_asks_for_everything_is_told_what_is_left_out_and_why(run, monkeypatch):
    slow = replace(ANALYSES["errors"], quick=False)
    monkeypatch.setattr(table, "ANALYSES", {**{name: ANALYSES[name] for name in ("ensemble", "skill")}, "slow": slow})
    table.register(replace(SIZE, name="refused", also=(), compute=refused))
    found = pb.explain(run, factor=3)
    assert dict(found.records) == {"size": Size(3 * run.result.parameters)}
    assert found.left_out == {
        "ensemble": "is about all seeds of an arm",
        "skill": "needs a task with something to compare with, such as forecasting",
        "slow": "takes long: ask for it by its name",
        "refused": "sizes are not negative",
    }


def refused(folder: RunFolder) -> Size:
    """Refuse."""
    return size(folder, factor=-1)


def test_a_run_that_has_not_finished_is_refused(tmp_path):
    from tests import made

    folder = made.run_folder(tmp_path / "run")
    (folder.path / "result.json").unlink()
    with pytest.raises(RunError, match="only a finished run can be explained"):
        pb.explain(folder)


def test_a_notebook_shows_what_was_found(run):
    html = notebook.html(pb.explain(run, ["size", "errors"]))
    assert "scaled" in html
    assert "Looked at" in html
    assert f"What does the network of {'/'.join(run.path.parts[-3:])} do?" in html
    assert isinstance(pb.explain(run, []), Explanation)
