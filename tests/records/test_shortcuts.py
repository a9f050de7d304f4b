from __future__ import annotations

import pytest

from paribus.errors import RecipeError
from paribus.records.recipe import Recipe, read
from paribus.records.shortcuts import expand, expand_factors

TAKEN = {  # what is typed → what is taken, for a perceptron that reads digits
    "lr": "optimizer.lr",
    "learning_rate": "optimizer.lr",
    "wd": "optimizer.weight_decay",
    "epochs": "budget.epochs",
    "num_epochs": "budget.epochs",
    "batch_size": "training.batch_size",
    "bs": "training.batch_size",
    "dropout": "model.dropout",
    "val": "split.val",
    "flip": "augment.flip",
    "optimiser": "optimizer",
    "dataset": "data",
    "model": "model",
    "optimizer.lr": "optimizer.lr",
    "augment.crop.padding": "augment.crop.padding",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_bare_name_is_the_one_field_that_it_can_mean(name):
    expanded, said = expand({name: True}, read("digits/mlp"))
    assert expanded == {TAKEN[name]: True}
    assert said == ([f"{name} is read as {TAKEN[name]}"] if name != TAKEN[name] else [])


@pytest.mark.parametrize("names", [("optimizer.lr", "lr"), ("learning_rate", "lr")])
def test_a_field_that_is_varied_under_two_names_is_varied_twice(names):
    with pytest.raises(RecipeError, match=f"(?s)optimizer.lr is varied twice.*{names[0]} and {names[1]}.*once"):
        expand_factors({name: [0.1, 0.2] for name in names}, read("digits/mlp"))


def test_options_of_a_part_that_is_exchanged_are_those_of_the_new_one():
    changes = {"beta1": 0.5, "optimiser": "adam"}
    assert expand(changes, read("digits/mlp"))[0] == {"optimizer.beta1": 0.5, "optimizer": "adam"}
    assert Recipe.load("digits/mlp", changes) == Recipe.load("digits/mlp", {"optimizer": {"use": "adam", "beta1": 0.5}})


@pytest.mark.parametrize("source", [read("digits/mlp"), dict(Recipe.load("digits/mlp"))])
def test_recipes_are_changed_by_shortcuts_in_Python_too(source):
    assert expand({"lr": 0.2}, source)[0] == {"optimizer.lr": 0.2}
    assert Recipe.load("digits/mlp").override({"lr": 0.2, "epochs": 3}).budget.epochs == 3


def test_what_can_mean_several_fields_is_refused_with_all_of_them():
    with pytest.raises(RecipeError, match="noise can mean several fields") as caught:
        expand({"noise": 1}, read("shapes/unet"))
    assert caught.value.hint == "write chance.noise or data.noise"
    stages = {**read("digits/gan"), "optimizers": {"discriminator": {"lr": 1e-4}}}
    with pytest.raises(RecipeError, match=r"write optimizer\.lr or optimizers\.discriminator\.lr"):
        expand({"lr": 1}, stages)


def test_two_names_of_one_field_are_refused():
    with pytest.raises(RecipeError, match=r"optimizer\.lr is set twice"):
        expand({"lr": 0.1, "optimizer.lr": 0.2}, read("digits/mlp"))


MEANT = {  # what is typed → what is said to be meant
    "training.epochs": "did you mean budget.epochs?",
    "optimizer.learning_rate": "did you mean optimizer.lr?",
    "model.lr": "did you mean optimizer.lr?",
    "dropuot": "did you mean model.dropout?",
    "epocs": "did you mean budget.epochs?",
    "modle": "did you mean model?",
    "beta1": "it comes with optimizer=adam",
    "seed": "seed is an argument beside the recipe: --seed",
    "xyz": "available: about, augment",
}


@pytest.mark.parametrize("name", MEANT)
def test_a_mistyped_field_is_refused_and_the_one_that_is_meant_is_named_first(name):
    with pytest.raises(RecipeError) as caught:
        Recipe.load("digits/mlp", {name: 1})
    assert caught.value.hint.startswith(MEANT[name])


def test_a_field_at_the_top_of_a_recipe_file_is_sent_to_its_place(tmp_path):
    (tmp_path / "mine.yaml").write_text("data: digits\nmodel: mlp\nlr: 0.1\n")
    with pytest.raises(RecipeError, match=r"did you mean optimizer\.lr\?"):
        Recipe.load(tmp_path / "mine.yaml")


def test_one_value_is_read_as_a_list_of_one_where_only_a_list_can_stand():
    assert expand({"model.widths": 16}, read("digits/cnn")) == (
        {"model.widths": [16]},
        ["model.widths=16 is read as [16]"],
    )
    assert expand({"model.widths": [16]}, read("digits/cnn"))[1] == []
    assert expand({"model.widths": "x"}, read("digits/cnn"))[0] == {"model.widths": "x"}  # refused as it was written
    assert Recipe.load("digits/cnn", {"widths": 16}).settings("model")["widths"] == (16,)


def test_factors_are_read_alike():
    assert [*expand_factors({"model": ["gru", "lstm"], "depth": [1, 2]}, read("digits/cnn"))[0]][1] == "model.depth"
    factors, said = expand_factors({"widths": [16, [8, 8]], "lr": [0.1, 0.2]}, read("digits/cnn"))
    assert factors == {"model.widths": [[16], [8, 8]], "optimizer.lr": [0.1, 0.2]}
    assert said == ["widths is read as model.widths", "model.widths=16 is read as [16]", "lr is read as optimizer.lr"]
