"""Command lines with fields: what is put in stays within its argument, and what does not fit is refused."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from paribus.commands.template import Template, named_files, written
from paribus.errors import StudyError

HOSTILE = ["a b", "a;b", "$(touch x)", "`id`", "'", '"', "a\nb", "--flag", "", "*", "ü", "\\", "{seed}", "%s"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_one_argument_whatever_it_holds(value):
    line = Template(f"{shlex.quote(sys.executable)} -c 'import sys; print(sys.argv[1:])' x={{value}} '{{value}}'")
    said = subprocess.run(line.arguments({"value": value}), capture_output=True, text=True, timeout=20).stdout
    assert said.strip() == repr([f"x={value}", value])


def test_values_are_written_as_json_and_texts_as_they_are():
    given = [0.1, 1e-5, 3, True, None, [32, 64], {"a": 1}, "0.10", "True"]
    assert [*map(written, given)] == ["0.1", "1e-05", "3", "true", "null", "[32, 64]", '{"a": 1}', "0.10", "True"]


def test_doubled_braces_are_braces():
    line = Template("""run '{{"lr": {lr}}}' {{}}""")
    assert line.arguments({"lr": 0.5}) == ["run", '{"lr": 0.5}', "{}"]
    assert line.fields == ("lr",)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "a line of words"),
        ("train 'x", "no closing quotation"),
        ("train {lr", "doubled"),
        ("train }", "doubled"),
        ("train {}", "no field"),
        ("train {lr:.3f}", "no field"),
        ("train '{a b}'", "no field"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(text, rule):
    with pytest.raises(StudyError, match=rule):
        Template(text)


@pytest.mark.parametrize(
    ("text", "settings", "rule", "hint"),
    [
        ("t {lrr} {seed}", ["lr"], "{lrr} that nothing sets", "did you mean 'lr'"),
        ("t {seeds} {lr}", ["lr"], "{seeds} that nothing sets", "did you mean 'seed'"),
        ("t {seed}", ["lr"], "no {lr}", "write {lr}"),
        ("t {seed}", ["seed"], "set by paribus", ""),
    ],
)
def test_fields_are_those_of_the_study(text, settings, rule, hint):
    with pytest.raises(StudyError) as error:
        Template(text).check(settings)
    assert rule in error.value.rule
    assert hint in error.value.hint


def test_dotted_fields_are_fields():
    line = Template("t --norm={model.norm} {seed}")
    line.check(["model.norm"])
    assert line.arguments({"model.norm": "batch", "seed": 1}) == ["t", "--norm=batch", "1"]


def test_a_shell_gets_plain_words_only():
    line = Template("cat {name} | head -n {lines}", shell=True)
    assert line.arguments({"name": "a/b-1.txt", "lines": 3}) == ["cat a/b-1.txt | head -n 3"]
    for value in ("a b", "a;b", "$x", "'", ""):
        with pytest.raises(StudyError, match="more than a word"):
            line.arguments({"name": value, "lines": 3})


def test_a_value_with_a_null_is_refused():
    with pytest.raises(StudyError, match="no argument"):
        Template("t {x}").arguments({"x": "a\0b"})


def test_files_are_found_by_their_names_and_as_modules(tmp_path):
    for name in ("train.py", "small.yaml", "tools/fit.py", "deep/__main__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    words = Template("python train.py --config=small.yaml -m tools.fit -m deep other.py tools").words
    assert named_files(words, tmp_path) == ["train.py", "small.yaml", "tools/fit.py", "deep/__main__.py"]
    assert named_files(["x" * 5000, "\0"], tmp_path) == []
