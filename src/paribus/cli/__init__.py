"""The command line. Each command parses words, calls one function of the library, and prints."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import redirect_stderr, suppress


def main() -> None:
    """Run ``paribus`` and exit with its code. A user's mistake is one message, never a traceback."""
    try:
        _main()
    except KeyboardInterrupt:  # at any moment, also while modules are imported
        with suppress(OSError, ValueError, AttributeError):
            print("\naborted", file=sys.stderr, flush=True)
        sys.exit(130)


def _main() -> None:
    from paribus.cli.app import app
    from paribus.errors import OutOfMemory, ParibusError
    from paribus.streams import patient, reopen_closed

    reopen_closed()
    atexit.register(gc.freeze)  # the process ends: to look through all of torch for garbage takes it a second
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign must not stop an experiment
    with redirect_stderr(patient(sys.stderr)):
        try:
            _refuse_a_deleted_folder()
            app(prog_name="paribus")
        except ParibusError as error:
            _say(error)
            sys.exit(error.exit_code)
        except MemoryError as error:
            got = str(error) or "no memory is left"
            _say(OutOfMemory("there is not enough memory for this", got=got, hint="ask for less"))
            sys.exit(1)
        except OSError as error:
            _say(error if error.filename else _unwritable(error))
            sys.exit(1)


def _unwritable(error: OSError) -> Exception:
    """What happened to the standard output, whose errors name no file."""
    from paribus.errors import ParibusError

    hint = "give it another place; what was trained or written to files is kept, and paribus show or report tells it"
    return ParibusError(f"what was to be printed could not be written: {error.strerror or error}", hint=hint)


def _refuse_a_deleted_folder() -> None:
    """Torch and others end the process without a word that helps."""
    from paribus.errors import ParibusError

    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        raise ParibusError("the folder in which you are was deleted", hint="change to another one: cd") from None


def _say(error: Exception) -> None:
    from rich.console import Console
    from rich.text import Text

    from paribus.streams import escaped

    rule, *rest = (escaped(line) for line in str(error).splitlines())
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), (rule, "bold")))
    for line in rest:
        console.print(Text(line))
