"""Who is who, and whether all would do the same."""

from __future__ import annotations

import pytest

from paribus.errors import RunError
from paribus.records.recipe import Recipe
from paribus.training.distributed import meeting
from paribus.training.distributed.meeting import Place
from paribus.training.execution import Settings


def environment(monkeypatch, rank: str, size: str) -> None:
    named = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in named.items():
        monkeypatch.setenv(name, value)


def test_the_environment_says_who_is_who(monkeypatch):
    assert meeting.place() is None
    environment(monkeypatch, "1", "3")
    assert meeting.place() == Place(1, 3, 1)
    monkeypatch.delenv("MASTER_PORT")  # RANK alone may be anybody's
    assert meeting.place() is None


@pytest.mark.parametrize(("rank", "size"), [("3", "3"), ("-1", "2"), ("one", "2"), ("0", "")])
def test_an_environment_that_makes_no_sense_is_refused(monkeypatch, rank, size):
    environment(monkeypatch, rank, size)
    with pytest.raises(RunError, match="makes no sense"):
        meeting.place()


def test_torchrun_and_the_option_must_agree(monkeypatch):
    assert meeting.agreed(None) == 1
    assert meeting.agreed(4) == 4
    environment(monkeypatch, "0", "3")
    assert meeting.agreed(None) == meeting.agreed(3) == 3
    with pytest.raises(RunError, match="two say how many processes"):
        meeting.agreed(2)


def test_processes_that_would_train_something_else_are_refused():
    plan = meeting.plan_of(Recipe.load("digits/mlp"), 0, Settings(processes=2), None)
    meeting.compare(plan, {**meeting.software(), "recipe identity": plan["recipe identity"], "seed": 0}, 1)
    other = Recipe.load("digits/mlp", {"optimizer.lr": 0.5}).identity
    for own, said in (({"recipe identity": other}, "recipe"), ({"seed": 1}, "seed"), ({"torch": "1.0"}, "torch")):
        with pytest.raises(RunError, match=f"have the same .*{said}"):
            meeting.compare(plan, own, 1)
    meeting.compare({**plan, "data": ""}, {"data": "abc"}, 1)  # of data whose content is not known nothing is said


@pytest.mark.parametrize("device", ["mps", "cuda:1"])
def test_each_process_has_a_device_of_its_own(device):
    with pytest.raises(RunError, match="on CPUs, or on a GPU each"):
        meeting.placed(Settings(device), 0)


def test_a_recipe_travels_as_plain_data():
    recipe = Recipe.load("digits/cnn", {"augment.crop.padding": 1, "training.norm_parts": 2})
    plan = meeting.plan_of(recipe, 3, Settings(), None)
    assert Recipe.read(plan["recipe"]).identity == recipe.identity
