"""Standard streams, and what is shown on them: neither a reader who went away nor a hostile name does any harm."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

# control characters, marks that turn the direction of what follows, and bytes of file names that are no UTF-8
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPE = re.compile(r"\\x[0-9a-f]{2}")


def escaped(text: str, keep: str = "") -> str:
    r"""Text from elsewhere as it may be shown: what a terminal would obey, or cannot show, as ``\xNN`` for each byte.

    A text that holds such an escape, or looks as if it did, has its backslashes doubled; so :func:`unescaped` finds the
    name of every file again.

    Args:
        text: a name of a class, a file, a recipe.
        keep: characters that stay as they are, such as line feeds of a message.
    """
    if text.isprintable() and "\\x" not in text:
        return text
    unseen = {mark for mark in _UNSEEN.findall(text) if mark not in keep}
    if not unseen and not _ESCAPE.search(text):
        return text
    text = text.replace("\\", "\\\\")
    return "".join(_bytes_of(mark) if mark in unseen else mark for mark in text)


def unescaped(text: str) -> str:
    """What was :func:`escaped`."""
    if not _ESCAPE.search(text):
        return text
    content = re.sub(
        rb"\\\\|\\x([0-9a-f]{2})",
        lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\",
        text.encode("utf-8", "surrogateescape"),
    )
    return content.decode("utf-8", "surrogateescape")


def _bytes_of(mark: str) -> str:
    """``\\xNN`` for each byte of a character."""
    try:
        content = mark.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which no file name can hold
        content = mark.encode("utf-8", "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in content)


class Patient:
    """A stream whose reader may go away or whose disk may be full: then what is written is lost, and that is all.

    Args:
        stream: the stream; none where it was closed when the program began.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream.stream if isinstance(stream, Patient) else stream

    def write(self, text: str) -> int:
        """Write if that is possible."""
        with suppress(OSError, ValueError, AttributeError):
            return cast("TextIO", self.stream).write(text)
        return len(text)

    def flush(self) -> None:
        """Flush if that is possible."""
        with suppress(OSError, ValueError, AttributeError):
            cast("TextIO", self.stream).flush()

    def isatty(self) -> bool:
        """Whether somebody sits before it."""
        return self.stream is not None and self.stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def patient(stream: Any) -> TextIO:
    """A stream that never fails."""
    return cast("TextIO", stream if isinstance(stream, Patient) else Patient(stream))


@contextmanager
def patiently() -> Iterator[None]:
    """A block whose work matters more than what it prints: nobody needs to read that."""
    with redirect_stdout(patient(sys.stdout)), redirect_stderr(patient(sys.stderr)):
        yield


def reopen_closed() -> None:
    """Put the null device where a standard stream was closed: else the next file that is opened would get its number.

    What is printed goes nowhere then, instead of into that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def say(line: str) -> None:
    """A line for people, on standard error if anybody reads that."""
    print(escaped(line, keep="\n"), file=patient(sys.stderr), flush=True)


@contextmanager
def errors_alone(logger: str) -> Iterator[None]:
    """In this block a logger tells of errors, and of nothing less."""
    told = logging.getLogger(logger)
    before = told.level
    told.setLevel(logging.ERROR)
    try:
        yield
    finally:
        told.setLevel(before)
