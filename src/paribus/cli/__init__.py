"""The command line. Each command parses words, calls one function of the library, and prints."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``paribus`` and exit with its code. A user's mistake is one message, never a traceback."""
    from paribus.cli.app import app
    from paribus.errors import OutOfMemory, ParibusError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign must not stop an experiment
    try:
        app(prog_name="paribus")
    except ParibusError as error:
        _say(error)
        sys.exit(error.exit_code)
    except MemoryError as error:
        _say(
            OutOfMemory(
                "there is not enough memory for this", got=str(error) or "no memory is left", hint="ask for less"
            )
        )
        sys.exit(1)
    except OSError as error:
        _say(error)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\naborted", file=sys.stderr)
        sys.exit(130)


def _say(error: Exception) -> None:
    from rich.console import Console
    from rich.text import Text

    rule, *rest = str(error).splitlines()
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), (rule, "bold")))
    for line in rest:
        console.print(Text(line))
