from __future__ import annotations

import itertools

import pytest

from paribus.errors import RecipeError
from paribus.records.parts import Part
from paribus.records.recipe import Recipe, flatten, override, shipped


def options(changes: dict, base: str = "digits/cnn") -> dict:
    return Recipe.load(base, changes).resolved()


def test_a_new_use_starts_the_part_afresh():
    changed = options({"model.use": "mlp", "optimizer.use": "adam"})
    assert changed["model"]["widths"] == options({"model": "mlp"})["model"]["widths"]
    assert changed["optimizer"] == options({"optimizer": "adam"})["optimizer"]
    assert "momentum" not in changed["optimizer"]


def test_the_same_use_keeps_the_options():
    assert options({"model.use": "cnn"}) == options({})


def test_overrides_apply_in_any_order():
    changes = {"model.use": "mlp", "model.norm": "layer", "model": "cnn", "augment": {}, "augment.crop.padding": 2}
    orders = [dict(order) for order in itertools.permutations(changes.items())]
    expected = {"model": {"use": "mlp", "norm": "layer"}, "augment": {"crop": {"padding": 2}}}
    assert all(override({}, order) == expected for order in orders)


@pytest.mark.parametrize(
    ("before", "changes", "augment"),
    [
        ({}, {"augment.flip": True}, {"flip": {}}),
        ({}, {"augment.crop.padding": 3}, {"crop": {"padding": 3}}),
        ({"crop": True}, {"augment.crop.padding": 3}, {"crop": {"padding": 3}}),
        ({"crop": {"padding": 1, "fill": 9}}, {"augment.crop.padding": 3}, {"crop": {"padding": 3, "fill": 9}}),
        ({"crop": True, "flip": True}, {"augment.crop": False}, {"flip": {}}),
        ({"crop": True}, {"augment": {}}, {}),
        ({"crop": True}, {"augment": "none"}, {}),
        ({"crop": True}, {"augment": "flip"}, {"flip": {}}),
        ({}, {"augment": ["flip", "crop"]}, {"flip": {}, "crop": {}}),
        ("none", {"augment.crop.padding": 3}, {"crop": {"padding": 3}}),
        ("flip", {"augment.crop": True}, {"flip": {}, "crop": {}}),
        ({"crop": True}, {"augment.flip": None}, {"crop": {}}),
        ({"first": {"use": "crop"}, "second": {"use": "crop"}}, {}, {"first": {}, "second": {}}),
    ],
)
def test_augmentations_nest(before, changes, augment):
    recipe = Recipe.read({"data": "digits", "model": "cnn", "augment": before}).override(changes)
    assert {name: part.options for name, part in recipe.augment.items()} == augment


def test_augmentations_keep_their_order():
    names = ["flip", "crop", "cutout"]
    for order in itertools.permutations(names):
        recipe = Recipe.read({"data": "digits", "model": "cnn", "augment": dict.fromkeys(order, True)})
        assert [*recipe.augment] == [*recipe.override({"augment.crop.padding": 1}).augment] == [*order]


def test_overriding_leaves_the_recipe_as_it_was():
    recipe = Recipe.load("digits/cnn", {"augment.crop.padding": 1})
    before = recipe.yaml()
    recipe.override({"augment.crop.padding": 2, "model.widths": [1], "budget.epochs": 1})
    assert recipe.yaml() == before
    with pytest.raises(Exception, match="frozen"):
        recipe.name = "other"


WRONG = {  # change → field named, value named, next step
    "optimiser.lr=1": ("no such field", "optimiser.lr", "did you mean 'optimizer'"),
    ".=1": ("no such field", ".", "available: about"),
    "=1": ("FIELD=VALUE", "=1", "optimizer.lr=0.01"),
    "model.nrm=batch": ("there is no model.nrm", "nrm=batch", "did you mean 'norm'"),
    "model.=1": (r"there is no model\.", "=1", "available: activation"),
    "optimizer.lr=fast": (r"optimizer\.lr .*number", "fast", "correct optimizer.lr"),
    "optimizer.lr=.inf": (r"optimizer\.lr .*finite", "inf", "correct optimizer.lr"),
    "optimizer.lr=.nan": (r"optimizer\.lr .*finite", "nan", "correct optimizer.lr"),
    "optimizer.use=sdg": ("no optimizer of this name", "sdg", "did you mean 'sgd'"),
    "model=resnet": ("no model of this name", "resnet", "--plugin FILE.py"),
    "model.widths=[8, x]": (r"model\.widths\.1 .*", "x", "correct model.widths.1"),
    "model.widths.x=1": (r"model\.widths .*", "{'x': 1}", "correct model.widths"),
    "augment.flop=true": ("no augment of this name", "flop", "did you mean 'flip'"),
    "augment.crop=4": (r"augment\.crop is true, false or a mapping", "4", ""),
    "augment=flop": ("no augment of this name", "flop", "did you mean 'flip'"),
    "augment=5": ("augment is a mapping", "5", "augment: {flip: true}"),
    "augment.crop.paddin=1": (r"there is no augment\.crop\.paddin", "paddin=1", "did you mean 'padding'"),
    "augment.crop.padding=x": (r"augment\.crop\.padding .*integer", "x", "correct augment.crop.padding"),
    "budget.epochs=1.5": (r"budget\.epochs .*integer", "1.5", "correct budget.epochs"),
    "budget.epochs=-1": (r"budget\.epochs .*", "-1", "correct budget.epochs"),
    "budget.epoch=1": (r"there is no budget\.epoch", "epoch=1", "did you mean 'epochs'"),
    "budget=3": (r"budget .*", "3", "correct budget"),
    "split.val=1": (r"split\.val .*", "1", "correct split.val"),
    "training.precision=fp8": (r"training\.precision is one of auto, fp32", "fp8", "did you mean 'fp32'"),
    "chance.order=-1": (r"chance\.order .*", "-1", "correct chance.order"),
    "budget.epochs=true": (r"budget\.epochs is neither true nor false", "True", "budget.epochs=NUMBER"),
    "model.widths=[99999999999999999999]": (r"model\.widths is at most 9,223,372", "[99999999999999999999]", "smaller"),
    "model.widths=[true]": (r"model\.widths is neither true nor false", "[True]", "model.widths=NUMBER"),
    "data=null": ("a part is a name or a mapping", "None", "{use: NAME, option: value}"),
    "name.x=1": ("name has no fields", "digits/cnn", "as a whole"),
}


@pytest.mark.parametrize("change", WRONG)
def test_mistakes_name_field_value_and_next_step(change):
    from paribus.cli.words import parse_overrides

    rule, got, hint = WRONG[change]
    with pytest.raises(RecipeError, match=rule) as caught:
        Recipe.load("digits/cnn", parse_overrides([change])).resolved()
    assert caught.value.got == got
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"split": 0.3, "split.test": 0.1},
        {"model": [1], "model.norm": "batch"},
        {"data": None, "data.use": "digits"},
        {"budget": 3, "budget.epochs": 3},
    ],
)
def test_a_field_cannot_be_changed_as_a_whole_and_in_part(changes):
    with pytest.raises(RecipeError, match="has no fields"):
        Recipe.load("digits/cnn", changes)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "cnn",
        "model: cnn",
        "{data: digits, model: {use: cnn, 1: 2}}",
        "{data: digits, model: cnn, augment: {true: true}}",
        "{data: digits, model: cnn, 1: 2}",
        "{data: digits, model: cnn, base: nothing/here}",
        "{data: digits, model: cnn, base: self.yaml}",
        "{data: digits, model: {norm: batch}}",
        "{data: digits, model: cnn, split: null}",
    ],
)
def test_recipe_files_that_make_no_sense_are_refused(here, text):
    (here / "self.yaml").write_text(text)
    with pytest.raises(RecipeError):
        Recipe.load("self.yaml")


def test_a_recipe_can_be_based_on_another(here):
    (here / "deep").mkdir()
    (here / "deep" / "first.yaml").write_text(
        "{base: digits/cnn, model: {norm: batch}, about: Mine., augment: {flip: true}}"
    )
    (here / "deep" / "second.yaml").write_text(
        "{base: first.yaml, augment: {}, optimizer.lr: 1}".replace("optimizer.lr: 1", "optimizer: {lr: 1}")
    )
    first, second = Recipe.load("deep/first.yaml"), Recipe.load("deep/second.yaml")
    assert (first.name, first.about) == ("first", "Mine.")
    assert (second.name, second.about) == ("second", "")  # what people call the base is not what they call this
    assert first.resolved() == options({"model.norm": "batch", "augment.flip": True})
    assert second.resolved() == options({"model.norm": "batch", "optimizer.lr": 1})


def test_circles_of_bases_are_shown(here):
    (here / "a.yaml").write_text("base: b.yaml")
    (here / "b.yaml").write_text("base: a.yaml")
    with pytest.raises(RecipeError, match="its own base") as caught:
        Recipe.load("a.yaml")
    assert caught.value.got == "a.yaml → b.yaml → a.yaml"


def test_unknown_recipes_are_named_with_the_nearest():
    with pytest.raises(RecipeError, match="no recipe of this name") as caught:
        Recipe.load("digits/cn")
    assert "did you mean 'digits/cnn'" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "digits/../digits/cnn", "digits\\cnn", "digits/cnn\0"]
)
def test_R26_names_of_shipped_recipes_are_looked_up_never_joined(name):
    with pytest.raises(RecipeError, match="no recipe of this name"):
        Recipe.load(name)


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_recipe_written_is_the_recipe_read(here, name, suffix):
    import json

    recipe = Recipe.load(name, {"data.path": "x"} if name.startswith("folder") else {})
    text = recipe.yaml() if suffix == "yaml" else json.dumps(recipe.plain())
    (here / f"mine.{suffix}").write_text(text)
    again = Recipe.load(f"mine.{suffix}")
    assert again == recipe
    assert again.identity == recipe.identity


def test_overriding_leaves_plain_data_as_it_was():
    raw = {"model": {"use": "cnn", "widths": [8]}, "augment": {"crop": {"padding": 1}}}
    override(raw, {"model.norm": "batch", "augment.crop.padding": 2, "augment.flip": True})
    assert raw == {"model": {"use": "cnn", "widths": [8]}, "augment": {"crop": {"padding": 1}}}


def test_flatten_and_override_are_inverse():
    tree = {"model": {"use": "cnn", "widths": [1, 2]}, "augment": {"crop": {"padding": 1}, "flip": True}, "budget": {}}
    assert override({}, flatten(tree)) == tree


def test_recipes_in_notebooks_are_escaped():
    html = Recipe.load("digits/cnn", {"name": "<script>"})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_part_is_a_name_a_class_or_a_mapping():
    class Mine:
        def __init__(self, width: int = 3) -> None: ...

    assert Part.of("cnn") == Part("cnn") == Part.of({"use": "cnn"}) == Part.of(Part("cnn"))
    assert Part.of({"use": "cnn", "depth": 2}).flat() == {"use": "cnn", "depth": 2}
    assert (Part.of(Mine).use, Part.of(Mine).factory) == ("Mine", Mine)
    for value in (None, 3, [], {}, {"use": 3}, {"option": 1}, {"use": "cnn", 1: 2}):
        with pytest.raises(RecipeError, match="a part is a name"):
            Part.of(value)


def test_overriding_leaves_what_was_given_as_it_is():
    given = {"optimizer": {"use": "adam"}, "optimizer.lr": 0.5}
    assert Recipe.load("digits/mlp").override(given).optimizer.options == {"lr": 0.5}
    assert given == {"optimizer": {"use": "adam"}, "optimizer.lr": 0.5}
