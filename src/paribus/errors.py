"""One tree of exceptions. Every message states the rule, the value received, and the next step."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr
from typing import Any

MANY = 40  # names that are still listed beside the one that was probably meant

_NOTHING: Any = object()


class ParibusError(Exception):
    """Base of every error that paribus raises on purpose.

    Args:
        rule: what holds and was broken, as one sentence.
        got: the offending value; shown with ``repr`` unless it is a plain string, and shortly: of an array its shape.
        hint: what to do next.
    """

    exit_code = 1

    def __init__(self, rule: str, *, got: Any = _NOTHING, hint: str = "") -> None:
        super().__init__(rule, hint)  # plain strings only, so that errors travel between processes
        self.rule, self.hint = rule, hint
        self.got = "" if got is _NOTHING else got if isinstance(got, str) else shown(got)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.rule, self.got, self.hint)

    def __str__(self) -> str:
        lines = [self.rule]
        if self.got:
            lines.append(f"  received: {self.got}")
        if self.hint:
            lines.append(f"  next: {self.hint}")
        return "\n".join(lines)


class RecipeError(ParibusError):
    """A recipe, an override or a part that does not exist or does not fit."""

    exit_code = 2


class DataError(ParibusError):
    """Data that is missing, damaged or unusable."""


class MissingData(DataError):
    """Data that are not on this machine."""


class RunError(ParibusError):
    """A training that cannot start or go on."""


class Diverged(RunError):
    """The loss became infinite or not a number."""


class OutOfMemory(RunError):
    """The machine or the device has no memory left for this batch."""


class DamagedRecord(RunError):
    """A file of a run or study folder that cannot be read, or is not what was written."""


class CorruptCheckpoint(RunError):
    """A checkpoint that does not match its checksum."""


class RunLocked(RunError):
    """Another living process is working in this run folder."""


class Interrupted(RunError):
    """The user or the system asked to stop; everything is saved."""

    exit_code = 130


class Paused(Interrupted):
    """The training was to be carried so far and no further; everything is saved."""


class StudyError(ParibusError):
    """A study that is badly designed or cannot be read."""

    exit_code = 2


class EvidenceError(ParibusError):
    """Numbers from which nothing can be concluded as asked."""

    exit_code = 2


class TheoryError(ParibusError):
    """An expression, a network or a layer that cannot be read, or for which the mathematics does not hold."""

    exit_code = 2


class _Short(Repr):
    """Values in an error message: an array is its shape and its type, a long list its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = self.maxlist = self.maxtuple = self.maxdict = self.maxset = 24
        self.maxstring = self.maxlong = self.maxother = 400

    def repr1(self, x: Any, level: int) -> str:
        shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
        if isinstance(shape, tuple) and shape and dtype is not None:  # of NumPy, of torch, and of whoever does alike
            return f"{type(x).__name__} of shape {tuple(shape)}, {str(dtype).removeprefix('torch.')}"
        return super().repr1(x, level)


def shown(value: Any) -> str:
    """A value as error messages show it."""
    return _Short().repr(value)


def _rebuild(kind: type[ParibusError], rule: str, got: str, hint: str) -> ParibusError:
    return kind(rule, got=got or _NOTHING, hint=hint)


def message_of(error: BaseException) -> str:
    """An error as people should read it: paribus's own as they are, others with the place where they arose."""
    if isinstance(error, ParibusError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" ({Path(frame[0].filename).name}, line {frame[0].lineno})" if frame else ""
    return f"{type(error).__name__}: {error}{place}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Hint for a mistyped name: the closest known one, then all of them."""
    known = sorted(set(known))
    if not known:
        return "nothing is available here"
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close and len(known) > MANY:
        return f"did you mean {close[0]!r}? It is one of {len(known)} names"
    listing = ", ".join(known)
    return f"did you mean {close[0]!r}? Available: {listing}" if close else f"available: {listing}"
