"""Progress where no bar can be drawn: a line now and then, with the time that is left."""

from __future__ import annotations

import pytest

from paribus import progress
from paribus.progress import Lines


@pytest.fixture
def now(monkeypatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    return clock


def test_the_first_line_comes_after_two_seconds_and_then_ever_more_seldom(now):
    said = []
    lines = Lines(lambda line: said.append((now[0] - 100, line)))
    for second in range(200):
        now[0] = 100 + second
        lines("decoding", second, 200)
    assert [when for when, _ in said] == [2, 4, 8, 16, 32, 62, 92, 122, 152, 182]
    assert said[0][1] == "decoding 2/200, about 198 s left" or said[0][1] == "decoding 2/200, about 3:18 min left"
    assert said[-1][1] == "decoding 182/200, about 18 s left"


def test_the_pace_is_that_of_this_work(now):
    said = []
    lines = Lines(said.append)
    lines("downloading", 0, 10)
    now[0] += 50
    lines("training", 80, 100)  # resumed
    now[0] += 50
    lines("training", 90, 100)
    assert said == ["training 80/100", "training 90/100, about 50 s left"]


def test_what_cannot_be_counted_is_named(now):
    said = []
    lines = Lines(said.append)
    now[0] += 3
    lines("waiting for another process", 0, 0)
    now[0] += 3
    lines("reading lines", 1200, 0)
    assert said == ["waiting for another process", "reading lines 1,200"]


def test_quick_work_says_nothing(now):
    lines = Lines(lambda line: pytest.fail(line))
    for step in range(100):
        now[0] += 0.01
        lines("training", step, 100)
