"""``paribus read``: what it refuses before any work."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from paribus.cli.app import app
from paribus.errors import DataError


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["read"], "what is read is photographs"),
        (["read", "a.png", "--split", "val", "--detector", "d", "--reader", "r"], "what is read is photographs"),
        (["read", "a.png"], "takes a detector and a reader"),
        (["read", "a.png", "--detector", "d", "--detector", "e", "--reader", "r"], "in pairs"),
    ],
)
def test_words_that_do_not_fit(words, rule):
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, DataError)
    assert rule in str(result.exception)
