"""How jobs end, and what is told of it."""

from __future__ import annotations

import pytest

from paribus.errors import Diverged, Interrupted, RunError
from paribus.studies.executors.job import ending


@pytest.mark.parametrize(
    ("error", "kind", "summary"),
    [
        (
            Diverged("the loss is nan", got=1, hint="do less"),
            "diverged",
            "the loss is nan (do less)",
        ),
        (RunError("rule", got=1, hint="do this"), "failed", "rule (do this)"),
        (RunError("rule", got="a\nb"), "failed", "rule"),
        (Interrupted("stopped", hint="go on"), "interrupted", "stopped (go on)"),
        (ValueError("bad\nworse"), "failed", "ValueError: bad"),
    ],
)
def test_an_error_says_how_a_job_ended_at_length_and_in_a_line(error, kind, summary):
    found, message, line = ending(error)
    assert (found, line) == (kind, summary)
    assert message.startswith(summary.partition(" (")[0])
