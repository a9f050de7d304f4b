"""The identity of a recipe changes when what decides the outcome changes, and only then."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from paribus.records import parts, plugins
from paribus.records.recipe import Recipe
from paribus.records.sections import Section

BASE = {
    "augment.crop.padding": 1, "augment.flip": True, "schedule.use": "cosine", "stopping.use": "patience",
    "optimizer.use": "adamw", "data.use": "digits",
}  # fmt: skip


def identity(changes: dict | None = None) -> str:
    return Recipe.load("digits/cnn", {**BASE, **(changes or {})}).identity


OTHER = {  # a value that differs, for those options whose type does not tell
    "model.widths": [8], "model.hidden": [4], "split.val": 0.4, "split.test": 0.4, "training.ema": 0.5,
    "augment.cutout": True, "augment.flip": False, "task.class_weights": "balanced", "task.loss": "focal",
    "training.sampling": "balanced", "split.judged": "tuning", "task.views": "mirror",
}  # fmt: skip


def every_field() -> list[str]:
    recipe = Recipe.load("digits/cnn", BASE)
    found = []
    for name, value in recipe.resolved().items():
        groups = {f"{name}.{key}": entry for key, entry in value.items()} if name == "augment" else {name: value}
        found += [f"{group}.{key}" for group, entries in groups.items() for key in entries if key != "use"]
    return [*found, "augment.cutout", "augment.flip"]


def another_value(field: str) -> list:
    """Candidates, of which at least one must be valid and change the identity."""
    if field in OTHER:
        return [OTHER[field]]
    *path, last = field.split(".")
    value = Recipe.load("digits/cnn", BASE).resolved()
    for word in (*path, last):
        value = value[word]
    words = [
        "batch",
        "flatten",
        "global_max",
        "tanh",
        "he",
        "kaiming",
        "xavier",
        "softmax",
        "avg",
        "bf16",
        "blocks",
        "train/loss",
        "edge",
        "none",
    ]
    return [not value] if isinstance(value, bool) else [0.25, 3, 0.5, 2, 7, *words]


def test_nothing_but_names_is_left_out():
    assert {*Recipe.load("digits/cnn", BASE).resolved()} == {*Recipe.model_fields} - {"name", "about", "why"}


@pytest.mark.parametrize("field", every_field())
def test_every_field_counts(field):
    for value in another_value(field):
        try:
            changed = identity({field: value})
        except parts.RecipeError:
            continue
        if changed != identity():
            return
    pytest.fail(f"no value of {field} changes the identity")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"about": "other"},
        {"model.norm": "none"},  # the default, said aloud
        {"optimizer.lr": Recipe.load("digits/cnn", BASE).resolved()["optimizer"]["lr"]},
        {"budget.epochs": float(Recipe.load("digits/cnn").budget.epochs)},
        {"model.widths": (16, 32)},
        {"augment.cutout": False},
        {"split": {"val": 0.3, "test": 0.2}},
    ],
)
def test_saying_the_same_in_other_words_is_the_same(changes):
    assert identity(changes) == identity()


def test_the_order_of_augmentations_counts():
    orders = [{"crop": True, "flip": True}, {"flip": True, "crop": True}]
    assert len({Recipe.load("digits/cnn", {"augment": order}).identity for order in orders}) == 2


def test_the_order_of_fields_does_not_count():
    plain = Recipe.load("digits/cnn", BASE).plain()
    turned = {key: dict(reversed(value.items())) if key == "model" else value for key, value in reversed(plain.items())}
    assert Recipe.read(turned).identity == identity()


def test_identities_are_short_and_the_same_in_every_process():
    assert re.fullmatch("[0-9a-f]{16}", identity())
    code = f"from paribus.records.recipe import Recipe; print(Recipe.load('digits/cnn', {BASE!r}).identity)"
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"  # another one than this process has
    found = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
    )
    assert found.stdout.decode() == f"{identity()}\n"


NET = """
class Net:
    '''A network.'''
    def __init__(self, input_shape, num_outputs, width: int = 8):
        self.depth = {number}
        self.choice = num_outputs in {{1, 2, {number}, "a", "b"}}
        self.inner = lambda: {number}
    @staticmethod
    def helper(): return 1
"""


def test_editing_a_class_of_ones_own_makes_another_recipe(tmp_path):
    found = []
    for number, text in enumerate([NET.format(number=1), NET.format(number=2), NET.format(number=1)]):
        path = tmp_path / f"nets{number}.py"
        path.write_text(text + "\nimport paribus\nparibus.register('model', Net)\n")
        plugins.load_plugin(path)
        recipe = Recipe.load("digits/cnn", {"model": "Net"})
        found.append(recipe.identity)
        assert list(recipe.sources()) == ["model.Net"]
    assert found[0] == found[2] != found[1]
    assert Recipe.load("digits/cnn").sources() == {}


def test_a_module_beside_a_plug_in_counts(tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr(sys, "path", [*sys.path])
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "beside.py").write_text(f"def number(): return {number}\n")
        (folder / "mine.py").write_text(f"import beside\n{NET.format(number='beside.number()')}\n"
                                        "import paribus\nparibus.register('model', Net)\n")  # fmt: skip
        plugins.load_plugin(folder / "mine.py")
        found.append(Recipe.load("digits/cnn", {"model": "Net"}).identity)
        sys.path.remove(str(folder))
        del sys.modules["beside"]
    assert found[0] != found[1]


PROMPT = """
import sys
from paribus.records import fingerprint, parts
exec(sys.argv[1])
parts.register("model", Net)
print(fingerprint.fingerprint(Net))
"""


def fingerprint_at_a_prompt(text: str, hash_seed: str = "0") -> str:
    command = [sys.executable, "-c", PROMPT, text]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout


def test_a_class_typed_at_a_prompt_has_a_fingerprint_too():
    first = fingerprint_at_a_prompt(NET.format(number=1))
    assert (
        fingerprint_at_a_prompt("\n\n" + NET.format(number=1), hash_seed="7") == first
    )  # place and process do not count
    assert fingerprint_at_a_prompt(NET.format(number=2)) != first  # a constant does
    assert fingerprint_at_a_prompt(NET.format(number=1).replace("return 1", "return 2")) != first


def test_a_function_typed_at_a_prompt_has_a_fingerprint_too():
    text = "def Net(input_shape, num_outputs): return {}"
    assert fingerprint_at_a_prompt(text.format(1)) != fingerprint_at_a_prompt(text.format(2))


def test_sections_have_a_sentence_for_every_field():
    for section in Section.__subclasses__():
        assert all(field.description for field in section.model_fields.values())
