from __future__ import annotations

import inspect
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import pytest
import torch
from pydantic import BaseModel, Field

from paribus.errors import RecipeError
from paribus.records import kinds, parts, plugins
from paribus.records import options as options_module
from paribus.records.choices import choices
from paribus.records.options import common_options, describe, options, schema
from paribus.records.parts import Part, build, find, names, register, register_own, resolve
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.run import Run

PLUGIN = """
from torch import nn
import paribus as pb

class Net(nn.Module):
    '''A small network.

    Args:
        width: how wide it is,
            in numbers.
    '''

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, width: int = 8) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, num_outputs))

    def forward(self, x):
        return self.layers(x)

class _Helper(nn.Module): ...

@pb.register("schedule", name="steady")
class Steady: ...
"""


class Everything:
    """First sentence
    over two lines. Second one.

    Args:
        size: how large,
            very large.
        share: of it.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        size: Annotated[int, Field(ge=1, le=9)],
        share: Annotated[float, Field(gt=0, lt=1)] = 0.5,
        kind: Literal["a", "b"] = "a",
        widths: tuple[int, ...] = (3, 4),
        limit: float | None = None,
        bare=True,
        unknown=None,
        *rest: int,
        **more: int,
    ) -> None:
        self.given = {name: value for name, value in locals().items() if name != "self"}


@pytest.fixture
def everything():
    register("model", Everything)
    return Everything


def test_a_network_in_place_of_its_class_is_refused_on_one_line():
    with pytest.raises(RecipeError, match=r"a part is a class.*\n  received: a Linear object\n.*pb.Part\(Linear, …\)"):
        Part.of(torch.nn.Linear(2, 3))


def test_the_constructor_is_the_schema(everything):
    found = {option.name: option for option in options("model", Everything)}
    assert list(found) == [
        "size",
        "share",
        "kind",
        "widths",
        "limit",
        "bare",
        "unknown",
        *(option.name for option in common_options("model")),
    ]  # what is supplied is no option
    assert found["size"].default is inspect.Parameter.empty
    assert (found["size"].text, found["share"].text, found["kind"].text) == ("how large, very large.", "of it.", "")
    content = schema("model", Everything).model_json_schema()
    assert content["required"] == ["size"]
    assert content["properties"]["size"] | {"minimum": 1, "maximum": 9} == content["properties"]["size"]
    assert content["properties"]["bare"]["type"] == "boolean"
    assert describe(Everything)[0] == "First sentence over two lines. Second one."


def test_options_are_validated_and_filled_in(everything):
    found = resolve("model", Part("Everything", size=3.0, limit="2", widths=[1]))
    assert found.settings == {**found.filled, **found.common}
    assert found.filled == {
        "size": 3, "share": 0.5, "kind": "a", "widths": (1,), "limit": 2.0, "bare": True, "unknown": None,
    }  # fmt: skip
    made = build("model", Part("Everything", size=3), input_shape=(1, 2), num_outputs=10)
    assert (made.given["size"], made.given["input_shape"]) == (3, (1, 2))


@pytest.mark.parametrize(
    ("given", "rule", "hint"),
    [
        ({}, r"model\.size must be given", "add model.size=VALUE"),
        ({"size": 0}, r"model\.size .*", "correct model.size"),
        ({"size": 10}, r"model\.size .*", "correct model.size"),
        ({"size": 1, "share": 1}, r"model\.share .*", "correct model.share"),
        ({"size": 1, "kind": "c"}, r"model\.kind is one of a, b", "available: a, b"),
        ({"size": 1, "sise": 1}, r"there is no model\.sise", "did you mean 'size'"),
        ({"size": 1, "input_shape": (1,)}, r"there is no model\.input_shape", "vailable: activations, bare"),
        ({"size": 1, "limit": float("inf")}, r"model\.limit .*finite", "correct model.limit"),
        ({"size": 1, "unknown": object()}, "must be plain data", "numbers, words and lists"),
    ],
)
def test_wrong_options_are_refused(everything, given, rule, hint):
    with pytest.raises(RecipeError, match=rule) as caught:
        resolve("model", Part("Everything", **given))
    assert hint in caught.value.hint


def test_a_class_without_words_does_not_speak_with_its_parents():
    from torch import nn

    class Silent(nn.Module):
        def __init__(self, input_shape, width=3): ...

    assert describe(Silent) == ("", {})
    own = next(iter(options("model", Silent)))
    assert (own.name, own.annotation) == ("width", int)


def test_hints_that_cannot_be_read_leave_the_defaults():
    class Local: ...

    class Mine:
        def __init__(self, size: Local = 3, other: "Nowhere" = 2.0): ...  # noqa: F821, UP037

    assert [option.annotation for option in options("task", Mine)] == [int, float]


def test_a_hint_that_cannot_be_read_spoils_no_other():
    def mine(params: "Nowhere", rate: Annotated[float, Field(gt=0)] = 0.1): ...  # noqa: F821, UP037

    register("optimizer", mine)
    with pytest.raises(RecipeError, match=r"optimizer\.rate .*greater than 0"):
        resolve("optimizer", Part("mine", rate=-1))


@pytest.mark.parametrize("name", names("optimizer"))
def test_the_limits_of_learning_rates_are_kept(name):
    with pytest.raises(RecipeError, match=r"optimizer\.lr .*greater than 0"):
        resolve("optimizer", Part(name, lr=-1))


def test_functions_are_parts_too():
    @register("schedule")
    def waves(length: int = 3) -> tuple[str, int]:
        return "waves", length

    assert build("schedule", Part("waves", length=5)) == ("waves", 5)
    assert "waves" in names("schedule")
    assert find("schedule", "waves") is waves


def test_a_name_may_stand_where_a_class_does():
    @register("schedule", "falling")
    class Steep: ...

    assert find("schedule", "falling") is Steep


def test_names_that_ship_stay_theirs():
    before = names("model")
    with pytest.raises(RecipeError, match="ships with paribus"):
        register("model", Everything, name="cnn")
    with pytest.raises(RecipeError, match="no such kind") as caught:
        register("modle", Everything)
    assert "'model'" in caught.value.hint
    assert names("model") == before
    assert {*parts.table("model")} <= {*before}


def test_registered_parts_travel_as_one_record(everything):
    record = parts.registered()
    parts._registered["model"].clear()
    assert "Everything" not in names("model")
    parts.register_all(record)
    assert find("model", "Everything") is Everything


def test_a_recipe_carries_its_classes_and_registers_none():
    recipe = Recipe(data="digits", model=Part(Everything, size=2))
    assert recipe.resolved()["model"]["size"] == 2
    assert recipe.override({"model.share": 0.1}).resolved()["model"] == {**recipe.resolved()["model"], "share": 0.1}
    again = recipe.override({"model.use": "Everything", "model.share": 0.1})
    assert again.model == Part("Everything", size=2, share=0.1)
    assert recipe.override({"budget.epochs": 2}).model is recipe.model  # what did not change is validated already
    assert list(recipe.sources()) == ["model.Everything"]
    assert not any(parts.registered().values())
    register_own(recipe.parts())
    assert find("model", "Everything") is Everything
    assert Recipe.read(recipe.plain()).identity == recipe.identity


def test_two_classes_of_one_name_live_side_by_side():
    def net(size):
        return type("Net", (), {"__init__": lambda self, input_shape, width=size: None, "size": size})

    recipes = [Recipe(data="digits", model=Part(net(size))) for size in (3, 4)]
    assert [recipe.resolved()["model"]["width"] for recipe in recipes] == [3, 4]
    assert recipes[0].identity != recipes[1].identity


def test_a_class_cannot_take_the_name_of_one_that_ships():
    mine = type("cnn", (), {})
    with pytest.raises(RecipeError, match="ships with paribus"):
        _ = Recipe(data="digits", model=Part(mine)).identity


def test_stages_and_augmentations_of_ones_own_travel_with_the_recipe():
    class Mine:
        def __init__(self, size: int = 1): ...

    def rule(params, lr: float = 0.1): ...

    changes = {"optimizer": Part(rule), "optimizers": {"generator": {"lr": 0.2}}, "augment": {"mine": Part(Mine)}}
    recipe = Recipe.load("digits/gan", changes).override({"augment.mine.size": 2, "optimizers.generator.lr": 0.3})
    assert (recipe.optimizers["generator"].factory, recipe.augment["mine"].factory) == (rule, Mine)
    assert recipe.resolved()["optimizers"] == {"generator": {"use": "rule", "lr": 0.3}}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"optimizers.discriminator.lr": -1}, r"optimizers\.discriminator\.lr .*greater than 0"),
        ({"optimizers.discriminator.rate": 1}, r"there is no optimizers\.discriminator\.rate"),
        ({"augment.first": {"use": "crop", "padding": -1}}, r"augment\.first\.padding .*"),
        ({"augment.crop.paddign": 1}, r"there is no augment\.crop\.paddign"),
    ],
)
def test_errors_name_the_field_that_was_written(changes, rule):
    with pytest.raises(RecipeError, match=rule):
        Recipe.load("digits/gan", changes).resolved()


@pytest.fixture
def validations(monkeypatch) -> Counter:
    """How often the options of each part were validated, and schemas made."""
    counted: Counter = Counter()
    check, make = BaseModel.__init__, options_module.create_model

    def init(self, **values):
        counted[type(self).__name__] += 1
        check(self, **values)

    def create(name, **fields):
        counted["schema", name] += 1
        return make(name, **fields)

    init.__pydantic_base_init__ = True
    monkeypatch.setattr(BaseModel, "__init__", init)
    monkeypatch.setattr(options_module, "create_model", create)
    options_module.schema.cache_clear()
    return counted


def test_every_part_of_a_run_is_validated_once(here, validations):
    changes = {"augment": {"crop": {"padding": 1}}, "optimizer.lr": 0.04, "budget.epochs": 1, "split.limit": 100}
    changes |= {"task": "classification", "schedule": "constant", "stopping": "never"}  # not the shared defaults
    run = Run("digits/mlp", changes)
    run.train()
    made = ["Digits", "MLP", "Classification", "sgd", "Constant", "Never", "Crop"]
    assert validations == {name: 1 for one in made for name in (one, ("schema", one))}
    run.recipe.override({"optimizer.lr": 0.05}).resolved()
    assert validations == {name: 1 + (name == "sgd") for one in made for name in (one, ("schema", one))}


def test_a_part_cannot_change_the_settings_of_the_next(everything):
    class Greedy:
        def __init__(self, widths: list[int]):
            self.first = widths.pop()

    part = Part(Greedy, widths=[1, 2])
    assert [build("model", part).first for _ in range(2)] == [2, 2]


def test_what_a_task_supplies_is_no_option_of_the_model():
    class Boxes:
        """A task."""

        supplies = frozenset({"anchors"})

        def __init__(self, info): ...

    class Detector:
        def __init__(self, input_shape, anchors: list[int], width: int = 3):
            self.anchors = anchors

    recipe = Recipe(data="digits", model=Part(Detector, width=4), task=Part(Boxes))
    assert recipe.resolved()["model"] == {"use": "Detector", "width": 4}
    assert "model.anchors" not in {choice.field for choice in choices(recipe)}
    assert build("model", recipe.model, input_shape=(1,), anchors=[1]).anchors == [1]
    with pytest.raises(RecipeError, match=r"model\.anchors must be given"):
        recipe.override({"task": "classification"}).resolved()


@pytest.fixture
def plugin(tmp_path) -> Path:
    path = tmp_path / "nets.py"
    path.write_text(PLUGIN)
    return path


def test_a_plugin_brings_its_modules_and_what_it_registers(plugin):
    plugins.load_plugin(plugin)
    assert {kind: sorted(found) for kind, found in parts.registered().items() if found} == {
        "model": ["Net"],
        "schedule": ["steady"],
    }
    assert describe(find("model", "Net")) == ("A small network.", {"width": "how wide it is, in numbers."})
    plugins.load_plugin(plugin)  # again, as in a notebook
    assert names("model").count("Net") == 1


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("none.py", None, "a plug-in is a Python file"),
        ("x.txt", "", "a plug-in is a Python file"),
        ("x.py", "x = (", "fails with SyntaxError"),
        ("x.py", "1 / 0", "fails with ZeroDivisionError: division by zero"),
        ("x.py", "raise SystemExit(3)", "fails with SystemExit"),
        ("x.py", "import nothing_like_this", "fails with ModuleNotFoundError"),
        ("x.py", "from torch import nn\nclass cnn(nn.Module): ...", "ships with paribus"),
    ],
)
def test_plugins_that_fail_say_why(tmp_path, name, content, rule):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(RecipeError, match=rule):
        plugins.load_plugin(path)


CODE = [
    "os.system",
    "nets.Net",
    "paribus.cli.main",
    "../nets",
    "builtins:eval",
    "torch.nn:Linear",
    "__import__",
    "nets:Net",
]


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("name", CODE)
def test_R22_a_recipe_can_name_registered_parts_only(here, plugin, monkeypatch, kind, name):
    monkeypatch.syspath_prepend(plugin.parent)
    raw = {"data": "digits", "model": "cnn"} | {kind: {name: True} if kind == "augment" else name}
    with pytest.raises(RecipeError, match="of this name"):
        Recipe.read(raw).resolved()
    assert "nets" not in sys.modules


EVIL = "from pathlib import Path\nPath('ran').touch()\n" + PLUGIN


def test_R22_reading_a_strangers_folder_imports_nothing(here):
    (here / "nets.py").write_text(EVIL)
    write = (
        "import paribus as pb; pb.load_plugin('nets.py'); recipe = pb.Recipe.load('digits/cnn', {'model': 'Net'}); "
        "pb.RunFolder('folder').create(recipe, 3)"
    )
    subprocess.run([sys.executable, "-c", write], check=True)
    (here / "ran").unlink()
    folder = RunFolder("folder")
    assert folder.recipe.model == Part("Net", width=8)
    assert (folder.seed, folder.status.state, folder.history, folder.result) == (3, "new", [], None)
    read = "import sys; sys.path.insert(0, '.'); import paribus as pb; pb.RunFolder('folder').recipe"
    subprocess.run([sys.executable, "-c", read], check=True)
    assert not (here / "ran").exists()
    with pytest.raises(RecipeError, match="no model of this name") as caught:
        folder.recipe.resolved()
    assert "--plugin" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"model.activations": "sigmoid"}, "model.activation is another field, and takes sigmoid"),
        ({"model.activation": "own"}, "model.activations is another field, and takes own"),
        ({"model.activation": "rleu"}, "did you mean 'relu'"),
    ],
)
def test_a_word_of_a_field_of_nearly_the_same_name_is_said_to_be_that(given, meant):
    with pytest.raises(RecipeError, match=meant):
        resolve("model", Recipe.load("digits/mlp").override(given).model)
