"""A part of every kind, added from outside, is found wherever parts are: nothing else has to be touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import paribus as pb
from paribus.cli import main
from paribus.records.kinds import KINDS
from paribus.records.recipe import Recipe

sys.path.append(str(Path(__file__).parents[1] / "docs" / "_ext"))

OWN = """
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

import paribus as pb
from paribus.data.augmentation.transform import Identity
from paribus.data.sources.images.digits import Digits
from paribus.records.metric import Metric
from paribus.tasks.classification import Classification
from paribus.training.schedules import Constant
from paribus.training.stopping import Never


@pb.register("data", name="my_digits")
class MyDigits(Digits):
    '''Digits from outside.'''


@pb.register("augment", name="my_noise")
class MyNoise:
    '''Noise from outside.

    Args:
        my_strength: how strong from outside.
    '''

    def __init__(self, my_strength: Annotated[float, Field(ge=0)] = 0.5) -> None:
        self.my_strength = my_strength

    def __call__(self, images, draws):
        return images, Identity()


class MyNet(nn.Module):
    '''A network from outside.

    Args:
        my_width: how wide from outside.
    '''

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, my_width: int = 8) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, my_width), nn.Linear(my_width, num_outputs))

    def forward(self, x):
        return self.layers(x)


@pb.register("task", name="my_task")
class MyTask(Classification):
    '''A task from outside.'''

    metrics: ClassVar = (Metric("accuracy", True, percent=True, matters=0.01), *Classification.metrics[1:])


@pb.register("optimizer", name="my_rule")
def my_rule(params, lr: Annotated[float, Field(gt=0)] = 0.1):
    '''A rule from outside.

    Args:
        lr: how fast from outside.
    '''
    return torch.optim.SGD(params, lr=lr)


@pb.register("schedule", name="my_schedule")
class MySchedule(Constant):
    '''A schedule from outside.'''


@pb.register("stopping", name="my_stopping")
class MyStopping(Never):
    '''A stopping rule from outside.'''
"""

PARTS = {  # kind → name, its sentence, an option with its meaning
    "data": ("my_digits", "Digits from outside.", "", ""),
    "augment": ("my_noise", "Noise from outside.", "my_strength", "how strong from outside."),
    "model": ("MyNet", "A network from outside.", "my_width", "how wide from outside."),
    "task": ("my_task", "A task from outside.", "", ""),
    "optimizer": ("my_rule", "A rule from outside.", "lr", "how fast from outside."),
    "schedule": ("my_schedule", "A schedule from outside.", "", ""),
    "stopping": ("my_stopping", "A stopping rule from outside.", "", ""),
}
CHANGES = {
    **{kind: name for kind, (name, *_) in PARTS.items() if kind != "augment"},
    **{"augment": {"my_noise": True}, "budget.epochs": 1, "split.limit": 100, "training.precision": "fp32"},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def plugin(here) -> str:
    (here / "own.py").write_text(OWN)
    pb.load_plugin("own.py")
    return "own.py"


@pytest.fixture
def say(plugin, monkeypatch, capsys):
    def words(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["paribus", *words, "--plugin", plugin])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert not ended.value.code, err
        return " ".join(out.split())

    return words


def test_there_is_one_of_every_kind():
    assert PARTS.keys() == KINDS.keys()


@every_kind
def test_it_is_listed_and_shown(say, kind):
    name, sentence, option, meaning = PARTS[kind]
    assert f"{name} {sentence}" in say("list", KINDS[kind].plural)
    assert f"{kind} {name}: {sentence}" in (shown := say("show", name))
    assert (option in shown, meaning in shown) == (True, True)
    assert name in say("list")


@every_kind
def test_it_is_in_the_schema_of_recipes(say, kind):
    name, sentence, option, meaning = PARTS[kind]
    fields = json.loads(say("schema"))["properties"]
    if kind == "augment":
        named = next(one for one in fields[kind]["anyOf"] if "properties" in one)
        part = named["properties"][name]["anyOf"][1]
    else:
        assert name in fields[kind]["anyOf"][0]["enum"]
        part = next(one for one in fields[kind]["anyOf"][1:] if one["properties"]["use"] == {"const": name})
    assert part["description"] == sentence
    assert not option or part["properties"][option]["description"] == meaning


@every_kind
def test_it_has_its_place_in_the_reference(plugin, kind):
    import generated

    name, sentence, option, meaning = PARTS[kind]
    text = "\n".join(generated.part(kind, name))
    assert f"### {name}\n\n{sentence}" in text
    assert option in text
    assert meaning.capitalize() in text
    assert f"## {KINDS[kind].heading}" in generated.parts()


def test_the_reports_of_a_run_and_of_a_study_say_what_they_are(say):
    study = pb.Study("digits/mlp", vary={"model.my_width": [4, 8]}, changes=CHANGES, seeds=1)
    study.run(jobs=1, device="cpu", listen=lambda event: None)
    report = " ".join(study.report().with_suffix(".md").read_text().replace("\\_", "_").split())
    run = pb.Run("digits/mlp", CHANGES | {"model.my_width": 4})
    assert run.train(device="cpu").epochs == 1
    shown = say("show", "my_width=4/seed-0")
    for name, sentence, option, meaning in PARTS.values():
        assert name in report
        assert sentence in report
        assert option in report
        assert meaning in report
    assert "my_task" in run.folder.path.joinpath("recipe.json").read_text()
    assert " %, val/macro_f1" in shown  # a share, because its task says so
    assert Recipe.load("digits/mlp", CHANGES).sources().keys() == {
        f"{kind}.{name}" for kind, (name, *_) in PARTS.items()
    }
