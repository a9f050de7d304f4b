"""Where the figure of a command stands: ``best:val_acc@metrics.csv``, ``loss@stdout``, ``re:acc=([0-9.]+)@stdout``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from statistics import fmean

from paribus.errors import RunError, StudyError, nearest

Row = dict[str, float | None]
"""Column → value, of one epoch or one look; what is missing or no number is ``None``, NaN stays NaN."""

PRINTED = "stdout"
_PICK = re.compile(r"(best|last|first|mean([1-9]\d{0,3})):")
_NUMBER = r"([-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?!\.?\d)|(?:nan|inf|infinity)\b))"
_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_EXAMPLES = "for example best:val_acc@metrics.csv, loss@stdout, or re:acc=([0-9.]+)@stdout"


@dataclass(frozen=True)
class Source:
    """Where a figure stands, and which of its values counts.

    >>> source = Source.read("best:val_acc@metrics.csv")
    >>> source.name, source.file, source.pick
    ('val_acc', 'metrics.csv', 'best')
    >>> source.choose([{"val_acc": 0.7}, {"val_acc": 0.9}, {"val_acc": 0.8}], higher_is_better=True)
    (0.9, 1)

    Args:
        text: all of it, as it was written.
        name: of the figure: a column, a dotted path, a tag, or what stands before a printed number.
        file: below the run's folder; ``stdout`` for what is printed.
        pick: ``best``, ``last``, ``first``, or ``mean5`` for the mean of the last five.
        pattern: a regular expression whose first group is the number.
    """

    text: str
    name: str
    file: str
    pick: str = "last"
    pattern: str = ""

    @classmethod
    def read(cls, text: str) -> Source:
        """What a text says.

        Raises:
            StudyError: for one that names no place, or a pattern without a group.
        """
        chosen = _PICK.match(text)
        rest, at, file = text[chosen.end() if chosen else 0 :].rpartition("@")
        if not (rest and at and file):
            rule = "the metric of a command says where it stands: [best|last|first|mean5:]NAME@FILE"
            raise StudyError(rule, got=text or "nothing", hint=_EXAMPLES)
        pick = chosen[1] if chosen else "last"
        if rest.startswith("re:"):
            return cls(text, _name_in(rest[3:]), _printed_only(file, text), pick, rest[3:])
        _check_file(file, text)
        return cls(text, rest, file, pick)

    @property
    def printed(self) -> bool:
        """Whether it stands in what the command prints."""
        return self.file == PRINTED

    @property
    def is_table(self) -> bool:
        """Whether it stands in a table of rows; else in TensorBoard's event files."""
        return self.file.endswith(_TABLES)

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Finds it in a printed line."""
        before = rf"(?<![\w/.-]){re.escape(self.name)}[\"']?\s*[:=]?\s*"
        return re.compile(self.pattern or before + _NUMBER, 0 if self.pattern else re.IGNORECASE)

    def in_line(self, line: str) -> float | None:
        """The last number that a printed line gives for it.

        Raises:
            RunError: where a pattern finds what is no number.
        """
        found = [match for match in self.expression.finditer(line) if match[1] is not None]
        try:
            return float(found[-1][1]) if found else None
        except ValueError:
            rule = f"the pattern {self.pattern} finds what is no number"
            raise RunError(rule, got=found[-1][1], hint="put ( ) around the number only") from None

    def choose(self, rows: Sequence[Mapping[str, float | None]], higher_is_better: bool) -> tuple[float, int]:
        """The value that counts, and the number of its row (of a mean, the last one).

        Args:
            rows: one or more.
            higher_is_better: which value is the best; not a number never is, if there is another.

        Raises:
            RunError: where no row has it.
        """
        values = [(value, place) for place, row in enumerate(rows) if (value := row.get(self.name)) is not None]
        if not values:
            raise self._missing({name for row in rows for name in row})
        if self.pick == "first":
            return values[0]
        if self.pick == "best":
            sign = 1 if higher_is_better else -1
            return max(values, key=lambda one: -math.inf if math.isnan(one[0]) else sign * one[0])
        if self.pick.startswith("mean"):
            last = values[-int(self.pick[4:]) :]
            return fmean(value for value, _ in last), last[-1][1]
        return values[-1]

    def _missing(self, known: set[str]) -> RunError:
        if self.printed:
            what = f"nothing that the command printed matches {self.pattern}" if self.pattern else ""
            rule = what or f"the command printed no number after {self.name}"
            return RunError(rule, got=self.text, hint="what it printed is in log.txt, in the run's folder")
        if self.name in known:
            return RunError(f"{self.name} is empty in all rows of {self.file}", got=self.text)
        return RunError(f"{self.file} has no {self.name}", got=self.text, hint=nearest(self.name, known))


def _name_in(pattern: str) -> str:
    """What the number of a pattern is called: its group's name, or the last word before it.

    >>> _name_in(r"acc=([0-9.]+)"), _name_in(r"(?P<loss>\\d+)"), _name_in(r"^([0-9.]+)$")
    ('acc', 'loss', 'figure')
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise StudyError(f"this regular expression cannot be read: {error}", got=pattern) from None
    if not compiled.groups:
        hint = "put ( ) around the number: re:acc=([0-9.]+)@stdout"
        raise StudyError("a regular expression for a metric has a group, which is the number", got=pattern, hint=hint)
    named = next((name for name, number in compiled.groupindex.items() if number == 1), None)
    words = re.findall(r"[A-Za-z][\w/]*", re.sub(r"\\.", " ", pattern.partition("(")[0]))
    return named or (words[-1] if words else "figure")


def _printed_only(file: str, text: str) -> str:
    if file != PRINTED:
        hint = "write re:PATTERN@stdout; of a file, NAME@FILE"
        raise StudyError("a regular expression is for what the command prints", got=text, hint=hint)
    return file


def _check_file(file: str, text: str) -> None:
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts:
        rule = "the file of a metric lies in the folder of its run, {folder}; another one would be all runs' at once"
        raise StudyError(rule, got=text, hint=f"let the command write it below {{folder}}, and name it: {path.name}")
    if path.suffix and not file.endswith(_TABLES) and "tfevents" not in file and file != ".":
        hint = f"{nearest(path.suffix, _TABLES)}; the name of a folder means TensorBoard's event files in it"
        raise StudyError("the metric of a command is read from CSV, TSV, JSON or JSONL", got=text, hint=hint)
