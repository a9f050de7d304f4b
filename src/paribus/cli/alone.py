"""A command in a process of its own, so that code of the user's can neither hang nor end the one that was called."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import typer

from paribus.errors import TheoryError

ALONE = "PARIBUS_ALONE"  # set in the process of its own
SECONDS = 120.0  # that it may take
SAID = "paribus.words"  # where a command keeps what was typed


class Command(typer.core.TyperCommand):
    """A command that keeps the words it was called with."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words, read."""
        ctx.meta[SAID] = [ctx.info_name, *args]
        return list(super().parse_args(ctx, args))


def is_alone() -> bool:
    """Whether this is the process of its own."""
    return ALONE in os.environ


def alone(words: Sequence[str]) -> None:
    """Run a command of paribus in a process of its own, print what it says, and end as it does.

    Args:
        words: the command and what stands behind it.

    Raises:
        TheoryError: the process hangs, or ends without a word.
    """
    width = str(shutil.get_terminal_size().columns)
    environment = {**os.environ, ALONE: "1", "COLUMNS": width, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-m", "paribus", *words]
    try:
        ended = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        rule = f"the file of --plugin has not come to an end after {SECONDS:g} seconds"
        raise TheoryError(rule, got=" ".join(words), hint="look for a loop that does not end") from None
    sys.stdout.write(ended.stdout)
    sys.stderr.write(ended.stderr)
    if ended.returncode and not ended.stderr.strip():
        hint = "run the file itself with python, which shows where"
        raise TheoryError("the file of --plugin has ended its process", got=_ending(ended.returncode), hint=hint)
    raise typer.Exit(ended.returncode)


def _ending(code: int) -> str:
    """An exit code in words; below 0 it is the signal that ended the process."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
