"""Whatever is typed as a change of a recipe ends in a recipe, or in one error of the project's own."""

from __future__ import annotations

import random
from itertools import chain

import pytest

from paribus.cli.words import parse_overrides, parse_vary
from paribus.errors import ParibusError
from paribus.records.recipe import Recipe, override, read
from paribus.records.shortcuts import expand, expand_factors, fields_of

NAMES = """lr epochs batch_size dropout seed flip crop model data optimizer optimizers augment task schedule stopping
split training budget chance name about base use widths norm path limit fold metric noise steps colour 0 -1 None .. {}
__class__ options factory model_config a\u0301 \u202e \x00 \ud800 🙂 [ ] = ' " # : , * & ! % @ ~ null true"""
VALUES = """0 1 -1 3 1e3 1e-3 1.5 true null [1] mlp batch yes no none 1e309 -1e309 .nan .inf 99999999999999999999 9e99
0x10 007 1_0 false ~ cnn sgd adam digits cosine patience unet [16,32] [true] [null] [[1]] [1 {} {a:1} {use:mlp} {use:}
{use:[1]} {use:{use:mlp}} {use:mlp,widths:[4]} {a.b:1} {flip:true} {flip:3} {d:{lr:1}} 'x' "\\x00" " ' !!python/x &a
*a - ? | > % @ ` \x00 \ud800 🙂 .. ../../etc/passwd /dev/zero"""
RECIPES = ("digits/mlp", "digits/cnn", "digits/gan", "seasons/lstm")


def changes(chance: random.Random, fields: list[str]) -> list[str]:
    """Up to three words such as people, and others, might type."""
    words = []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        field = (
            chance.choice(fields)
            if chance.random() < 0.7
            else ".".join(chance.choices(NAMES.split(), k=chance.randint(1, 3)))
        )
        if chance.random() < 0.1:  # a slip
            at = chance.randrange(len(field) + 1)
            field = field[:at] + chance.choice(["", "x", ".", "=", " "]) + field[at + 1 :]
        values = chance.choices(VALUES.split()[: chance.choice([12, None])], k=chance.choice([1, 1, 1, 1, 2, 3]))
        words.append(f"{field}={chance.choice([',', '', ' ']).join(values)}")
    return words


def answers(recipe: str, words: list[str]) -> bool:
    """Whether these words make a recipe; anything but an error of the project's own fails the test."""
    try:
        raw = read(recipe)
        expanded, said = expand(parse_overrides(words), raw)
        assert all(isinstance(sentence, str) for sentence in said)
        made = Recipe.read(override(raw, expanded))
        assert made.identity
        assert Recipe.read(made.plain()).override(expanded).identity == made.identity
        return True
    except ParibusError:
        return False


def varies(recipe: str, words: list[str]) -> bool:
    """The same for what varies."""
    try:
        expand_factors(parse_vary(words), read(recipe))
        return True
    except ParibusError:
        return False


def fuzz(seed: int, rounds: int) -> int:
    """How many of some random changes made a recipe."""
    chance, made = random.Random(seed), 0
    fields = {name: sorted({*fields_of(read(name)), *chain(["model.use", "augment.crop.padding"])}) for name in RECIPES}
    for _ in range(rounds):
        recipe = chance.choice(RECIPES)
        words = changes(chance, fields[recipe])
        try:
            made += answers(recipe, words)
            varies(recipe, words)
        except Exception as error:
            raise AssertionError(f"{recipe} {words!r}") from error
    return made


@pytest.mark.parametrize("seed", range(2))
def test_R21_hostile_changes_end_in_an_answer_or_in_one_error(seed):
    assert fuzz(seed, 140) > 3
