"""The command line. Each command parses words, calls one function of the library, and prints."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr


def main() -> None:
    """Run ``paribus`` and exit with its code. A user's mistake is one message, never a traceback."""
    from paribus.cli.app import app
    from paribus.errors import ParibusError
    from paribus.streams import patient, reopen_closed, say

    reopen_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign must not stop an experiment
    with redirect_stderr(patient(sys.stderr)):
        try:
            app()
        except ParibusError as error:
            _say(error)
            sys.exit(error.exit_code)
        except OSError as error:
            _say(error)
            sys.exit(1)
        except KeyboardInterrupt:
            say("\naborted")
            sys.exit(130)


def _say(error: Exception) -> None:
    from rich.console import Console
    from rich.text import Text

    from paribus.streams import escaped

    rule, *rest = (escaped(line) for line in str(error).splitlines())
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), (rule, "bold")))
    for line in rest:
        console.print(Text(line))
