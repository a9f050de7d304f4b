"""The study as people meet it: watched by default, reported from what was run."""

from __future__ import annotations

import pytest
from tests.small import TWO, Heard, Scripted, by_arm, small

import paribus as pb
from paribus.errors import RecipeError, StudyError

pytestmark = pytest.mark.usefixtures("here")


def test_a_live_table_is_the_default_listener(capsys):
    small(seeds=1).run(executor=Scripted(by_arm(TWO)))
    said = capsys.readouterr().err.splitlines()
    assert [line.split("]")[0] for line in said] == ["[1/2", "[2/2"]


def test_what_was_run_is_reported_without_another_analysis(monkeypatch):
    study = small(seeds=3)
    result = study.run(executor=Scripted(by_arm(TWO)), listen=Heard())
    monkeypatch.setattr("paribus.study.analyse", lambda *_: pytest.fail("analysed again"))
    assert str(result.effects[0].conclusion) in study.report().read_text(encoding="utf-8")


def test_a_study_that_is_opened_can_be_reported():
    study = small(seeds=3)
    study.run(executor=Scripted(by_arm(TWO)), listen=Heard())
    page = pb.Study.open(study.folder).report()
    assert "lr: 0.1 − 0.05" in page.read_text(encoding="utf-8")


def test_an_executor_can_be_named():
    heard = Heard()
    assert small(seeds=1).run(executor="inprocess", listen=heard).complete
    assert {event.job.settings.threads for event in heard} == {1}  # whatever trains them
    with pytest.raises(StudyError, match="no such executor"):
        small(seeds=2).run(executor="cloud", listen=heard)


def test_the_second_argument_is_what_all_arms_share_as_it_is_of_a_run():
    study = pb.Study("digits/mlp", {"optimizer.lr": 0.2}, vary={"model.dropout": [0, 0.5]}, epochs=3)
    assert {study.design.recipe_of(arm).optimizer.options["lr"] for arm in study.design.arms()} == {0.2}
    assert {study.design.recipe_of(arm).budget.epochs for arm in study.design.arms()} == {3}
    with pytest.raises(RecipeError, match=r"model\.norm") as caught:
        pb.Study("digits/mlp", {"model.norm": ["none", "batch"]})
    assert "vary={'model.norm': [A, B]}" in caught.value.hint


@pytest.mark.parametrize(("text", "seeds"), [("3", (0, 1, 2)), ("3,4", (3, 4))])
def test_seeds_as_text_are_read_as_on_the_command_line(text, seeds):
    assert pb.Study("digits/mlp", vary={"model.dropout": [0, 0.5]}, seeds=text).design.seeds == seeds


@pytest.mark.parametrize("seeds", [b"3", 3.0, True, 0, -1, [], [0, -1], [0.5], ["1"], None])
def test_seeds_are_a_number_or_a_list_of_numbers(seeds):
    with pytest.raises(StudyError, match="seeds are a number of seeds"):
        pb.Study("digits/mlp", vary={"model.dropout": [0, 0.5]}, seeds=seeds)


def test_seeds_of_numpy_are_numbers_too():
    numpy = pytest.importorskip("numpy")
    assert pb.Study("digits/mlp", vary={"model.dropout": [0, 0.5]}, seeds=numpy.arange(3)).design.seeds == (0, 1, 2)
