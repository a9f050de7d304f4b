from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from paribus.cli import main


class Said(NamedTuple):
    """What a command said: its exit code, and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def paribus(here, monkeypatch, capsys) -> Command:
    """The command line in this process, in a folder of this test; a traceback fails the test."""

    def command(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["paribus", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Said(ended.value.code or 0, out, err)

    return command
