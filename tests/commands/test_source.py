"""Where a figure stands, and which of its values counts."""

from __future__ import annotations

import math

import pytest

from paribus.commands.source import Source
from paribus.errors import RunError, StudyError

NAN = math.nan


@pytest.mark.parametrize(
    ("text", "name", "file", "pick"),
    [
        ("val_acc@metrics.csv", "val_acc", "metrics.csv", "last"),
        ("best:val_acc@metrics.csv", "val_acc", "metrics.csv", "best"),
        ("mean5:a.b@deep/log.jsonl", "a.b", "deep/log.jsonl", "mean5"),
        ("first:loss@stdout", "loss", "stdout", "first"),
        ("val/acc@tb", "val/acc", "tb", "last"),
        ("user@host@m.json", "user@host", "m.json", "last"),
        (r"re:acc=([0-9.]+)@stdout", "acc", "stdout", "last"),
        (r"best:re:epoch \d+ accuracy: (\S+)@stdout", "accuracy", "stdout", "best"),
        (r"re:(?P<loss>\d+)@stdout", "loss", "stdout", "last"),
    ],
)
def test_a_text_says_name_file_and_pick(text, name, file, pick):
    source = Source.read(text)
    assert (source.name, source.file, source.pick) == (name, file, pick)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "where it stands"),
        ("val_acc", "where it stands"),
        ("val_acc@", "where it stands"),
        ("@metrics.csv", "where it stands"),
        ("best:@metrics.csv", "where it stands"),
        ("x@/tmp/metrics.csv", "folder of its run"),
        ("x@../metrics.csv", "folder of its run"),
        ("x@metrics.xlsx", "CSV, TSV, JSON or JSONL"),
        ("re:acc=[0-9]+@stdout", "has a group"),
        ("re:acc=([0-9+@stdout", "cannot be read"),
        ("re:acc=([0-9]+)@log.csv", "what the command prints"),
    ],
)
def test_a_text_that_says_no_place_is_refused(text, rule):
    with pytest.raises(StudyError, match=rule):
        Source.read(text)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("epoch 3: val_acc=0.93, loss 2", 0.93),
        ("val_acc: 0.93.", 0.93),
        ('{"val_acc": 9.3e-1}', 0.93),
        ("Val_Acc 12%", 12.0),
        ("val_acc = -inf", -math.inf),
        ("val_acc 0.1 val_acc 0.2", 0.2),
        ("my_val_acc 3", None),
        ("val_acc of 3", None),
        ("val_acc 1.2.3", None),
        ("val_accuracy 3", None),
    ],
)
def test_a_number_after_its_name_is_found_in_a_line(line, value):
    assert Source.read("val_acc@stdout").in_line(line) == value


def test_a_pattern_that_finds_no_number_says_so():
    with pytest.raises(RunError, match="no number"):
        Source.read(r"re:acc=(\w+)@stdout").in_line("acc=high")


ROWS = [{"a": 0.5}, {"a": None, "b": 1.0}, {"a": 0.9}, {"a": 0.7}, {"a": 0.8}]


@pytest.mark.parametrize(
    ("pick", "higher", "found"),
    [
        ("", True, (0.8, 4)),
        ("last:", True, (0.8, 4)),
        ("first:", True, (0.5, 0)),
        ("best:", True, (0.9, 2)),
        ("best:", False, (0.5, 0)),
        ("mean2:", True, (0.75, 4)),
        ("mean9:", True, (pytest.approx(0.725), 4)),
    ],
)
def test_the_value_that_counts(pick, higher, found):
    assert Source.read(f"{pick}a@m.csv").choose(ROWS, higher) == found


def test_the_best_is_never_what_is_no_number():
    for higher in (True, False):
        assert Source.read("best:a@m.csv").choose([{"a": NAN}, {"a": 1.0}, {"a": NAN}], higher) == (1.0, 1)
    assert math.isnan(Source.read("best:a@m.csv").choose([{"a": NAN}], True)[0])
    assert math.isnan(Source.read("a@m.csv").choose([{"a": 1.0}, {"a": NAN}], True)[0])


def test_a_figure_that_is_not_there_is_named_with_what_is():
    with pytest.raises(RunError, match=r"m\.csv has no val_ac") as error:
        Source.read("val_ac@m.csv").choose([{"val_acc": 1.0}], True)
    assert "did you mean 'val_acc'" in error.value.hint
    with pytest.raises(RunError, match="empty in all rows"):
        Source.read("a@m.csv").choose([{"a": None}], True)
    with pytest.raises(RunError, match="printed no number after acc"):
        Source.read("acc@stdout").choose([], True)
    with pytest.raises(RunError, match="matches"):
        Source.read("re:acc=(.)@stdout").choose([], True)
