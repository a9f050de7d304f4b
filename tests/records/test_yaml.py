from __future__ import annotations

import math
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.errors import RecipeError
from paribus.records import yaml

MEANT = {  # as typed → as meant
    "1e-3": 1e-3, "1E3": 1000.0, "5.": 5.0, ".5": 0.5, "-.5e+2": -50.0, "+1": 1, "007": 7, "1_000": 1000, "0": 0,
    ".inf": math.inf, "-.INF": -math.inf, "true": True, "True": True, "FALSE": False, "null": None, "Null": None,
    "~": None, "": None, "no": "no", "yes": "yes", "on": "on", "off": "off", "y": "y", "nan": "nan", "inf": "inf",
    "1e": "1e", "1.2.3": "1.2.3", "12:30:45": "12:30:45", "2001-01-01": "2001-01-01", "0x": "0x", "1,5": "1,5",
    "5%": "5%", "-": "-", ".": ".", "_1": "_1", "None": "None", "٣": "٣", "1e5000": math.inf, "9" * 5000: math.inf,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), MEANT.items(), ids=lambda entry: str(entry)[:12])
def test_R21_scalars_mean_what_people_mean(text, value):
    for read in (yaml.scalar, yaml.parse_value):
        assert (type(read(text)), read(text)) == (type(value), value)
    assert not text.strip("-.") or yaml.parse(f"key: {text}") == {"key": value}


def test_R21_not_a_number_is_one():
    assert math.isnan(yaml.parse(".NaN"))


REFUSED = {
    "!!python/object/apply:os.system ['true']": ("tags", 1),
    "a: 1\nb: !!str 2": ("tags", 2),
    "a: ! 2": ("tags", 1),
    "a: &x [1]\nb: *x": ("anchors", 1),
    "a: *x": ("anchors", 1),
    "a: 1\nb: 2\na: 3": ("'a' stands here twice", 3),
    "model:\n  use: cnn\n  use: mlp": ("'use' stands here twice", 3),
    "{1: a, true: b}": ("stands here twice", 1),
    "? [a]\n: 1": ("plain words", 1),
    "[" * 30: ("nesting is limited to 20", 1),
    "\n".join(" " * i + "a:" for i in range(30)): ("nesting is limited to 20", 20),
    "a: 1\n---\nb: 2": ("another document", 2),
    "a: [1, 2": ("expected", 1),
    "a:\n\tb: 1": ("token", 2),
    "a: 'x": ("unexpected end", 1),
}


@pytest.mark.parametrize(("text", "problem", "line"), [(text, *rest) for text, rest in REFUSED.items()])
def test_R21_what_is_not_plain_data_is_refused_with_its_line(text, problem, line):
    with pytest.raises(RecipeError, match=problem) as caught:
        yaml.parse(text, where="my.yaml")
    assert caught.value.got.startswith(f"my.yaml, line {line}, column ")


@pytest.mark.parametrize("text", ["a: \x00", "\x07", "[\udcff]", "a: \ufffe"])
def test_R21_characters_that_no_text_has_are_refused(text):
    with pytest.raises(RecipeError, match="not readable as YAML"):
        yaml.parse(text)


def test_R21_bombs_are_refused_at_once():
    start = time.perf_counter()
    for text, problem in [
        ("a: &a [" + ",".join(["x"] * 9) + "]\n" + "b: &b [*a,*a,*a,*a]\n" * 9, "anchors"),
        ("[" * 900_000, "nesting"),
        ("- " * 400_000, "nesting"),
        ("x" * 1_000_001, "at most 1,000,000 bytes"),
        ("é" * 500_001, "at most 1,000,000 bytes"),
    ]:
        with pytest.raises(RecipeError, match=problem):
            yaml.parse(text)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot read"), (b"\xff\xfe", "cannot read"), (b"x" * 1_000_001, "more than"), (b"a: [", "expected")],
)
def test_R21_files_that_cannot_be_read_are_named(tmp_path, content, problem):
    path = tmp_path / "my.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=problem) as caught:
        yaml.parse_file(path)
    assert str(path) in caught.value.got


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("none,batch", ["none", "batch"]),
        ("0.1, 1e-2 ,3", [0.1, 0.01, 3]),
        ("[32,64],[64,128]", [[32, 64], [64, 128]]),
        ("{use: sgd, lr: 0.1},adam", [{"use": "sgd", "lr": 0.1}, "adam"]),
        ("'a,b',c", ["a,b", "c"]),
        ("['x],y'],z", [["x],y"], "z"]),
        ("it's,b's", ["it's", "b's"]),
        ('"1",1', ["1", 1]),
        ("null,1", [None, 1]),
        ("none", ["none"]),
    ],
)
def test_values_are_split_at_commas_between_them(text, values):
    assert yaml.split_values(text) == values


@pytest.mark.parametrize("text", ["", "a,", ",a", "a,,b", "a, ,b"])
def test_a_forgotten_value_is_an_error(text):
    with pytest.raises(RecipeError, match="value is missing"):
        yaml.split_values(text)


@pytest.mark.parametrize("text", ["[1,2", "{a: 1", "'x", "[&a 1]", "{a: 1, a: 2}", "[!!int 1]"])
def test_R21_values_on_the_command_line_have_the_same_limits(text):
    with pytest.raises(RecipeError):
        yaml.parse_value(text)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["no", "1e-3", "null", "True", "~", "", " a ", "a: b", "- a", "#", "'", "1_0", "=", "<<", "a\nb"])
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
).filter(lambda tree: depth(tree) < yaml.MAX_DEPTH)


def depth(tree) -> int:
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return 1 + max(map(depth, inner), default=0)


@given(trees)
def test_R21_what_is_dumped_is_read_back(tree):
    again = yaml.parse(yaml.dump(tree))
    assert again == tree
    assert repr(again) == repr(tree)  # types and order too


def test_dumped_yaml_is_what_people_would_write():
    assert yaml.dump({"b": [1, 2], "a": {"on": "no", "x": "1", "y": None}}) == (
        "b: [1, 2]\na:\n  'on': 'no'\n  x: '1'\n  y: null\n"
    )


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_R18_a_recipe_is_a_regular_file(tmp_path, kind):
    path = tmp_path / "my.yaml"
    path.mkdir() if kind == "folder" else os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(RecipeError, match="no regular file"):
        yaml.parse_file(path)


def test_a_field_stands_in_one_place():
    with pytest.raises(RecipeError, match=r"budget\.epochs stands beside budget") as caught:
        yaml.parse("base: digits/mlp\nbudget: {epochs: 1}\nbudget.epochs: 3\n", where="my.yaml")
    assert caught.value.got == "my.yaml, line 3, column 1"
