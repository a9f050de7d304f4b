"""A training that is a command: what is called, what its figure is, and how long it may take."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from paribus.commands.devices import require_gpu
from paribus.commands.process import cannot_start
from paribus.commands.source import Source
from paribus.commands.template import Template, named_files
from paribus.errors import StudyError

SEEN = {"seed": "PARIBUS_SEED", "folder": "PARIBUS_FOLDER"}  # field → variable by which a program may learn it instead


@dataclass(frozen=True)
class Command:
    """A training that is called by a command line, in whatever language it is written.

    >>> Command("python train.py --lr {lr} --seed {seed} --out {folder}", metric="best:val_acc@metrics.csv")
    Command('python train.py --lr {lr} --seed {seed} --out {folder}', metric='best:val_acc@metrics.csv')

    Every field in braces is put in as one argument, without a shell. ``{seed}`` and ``{folder}`` are those of the run,
    ``{gpu}`` is the number of the GPU that it has for itself.

    Args:
        template: the command line.
        metric: where its figure stands: ``[best|last|first|mean5:]NAME@FILE``, FILE being a CSV, TSV, JSON or JSONL
            file, or a folder with TensorBoard's event files, below ``{folder}``; ``NAME@stdout`` for the number after
            a name in what it prints, ``re:acc=([0-9.]+)@stdout`` for the group of a regular expression.
        shell: whether a shell reads the line, for pipes and the like; then the values of fields are plain words.
        timeout: seconds that a run may take, or a text: ``90s``, ``30m``, ``2h``.
        retries: how often a run is begun anew that ended with an exit code other than 0.
        directory: where the command runs.

    Raises:
        StudyError: for a line or a metric that cannot be read.
    """

    template: str
    metric: str
    shell: bool = False
    timeout: float | str | None = None
    retries: int = 0
    directory: str | Path = "."

    def __post_init__(self) -> None:
        _ = self.line, self.source, self.seconds
        if type(self.retries) is not int or self.retries < 0:
            raise StudyError("retries are a whole number, 0 or more", got=self.retries)

    def __repr__(self) -> str:
        return f"Command({self.template!r}, metric={self.metric!r})"

    @cached_property
    def line(self) -> Template:
        """The command line with its fields."""
        return Template(self.template, self.shell)

    @cached_property
    def source(self) -> Source:
        """Where its figure stands."""
        if not isinstance(self.metric, str):
            raise StudyError("the metric of a command is a text", got=self.metric, hint="for example loss@stdout")
        return Source.read(self.metric)

    @cached_property
    def seconds(self) -> float | None:
        """Seconds that a run may take."""
        return None if self.timeout is None else duration(self.timeout)

    @cached_property
    def place(self) -> Path:
        """Where it runs."""
        return Path(self.directory).absolute()

    @cached_property
    def program(self) -> str:
        """What it calls, where that is always the same."""
        word = "" if self.shell else self.line.words[0]
        return "" if "{" in word else word

    def files(self, values: Mapping[str, Any]) -> list[str]:
        """The files that it names, itself or by a value: scripts, settings. When they change, so does what it does.

        Args:
            values: the fields of an arm.
        """
        words = self.template.split() if self.shell else self.line.words
        given = [value for value in values.values() if isinstance(value, str)]
        found = named_files([*(word for word in words if "{" not in word), *given], self.place)
        return [name for name in found if name != self.program or self._is_own(name)]

    def check(self, settings: Mapping[str, Any], seeds: int) -> None:
        """Refuse a command that cannot work, or could not tell runs apart.

        Args:
            settings: the fields of an arm.
            seeds: how many runs differ by their seed only.

        Raises:
            StudyError: naming what is wrong, and the way on.
        """
        self.line.check(settings)
        if "gpu" in self.line.fields:
            require_gpu()
        self._check_program()
        if seeds > 1 and not self._learns("seed", settings):
            raise StudyError(
                "the command has no {seed}, so all seeds would do the same",
                got=self.template,
                hint="write {seed} where your program takes it, or: env SEED={seed} " + self.template,
            )
        if not self.source.printed and not self._learns("folder", settings):
            raise StudyError(
                f"the command has no {{folder}}, so all runs would write one and the same {self.source.file}",
                got=self.template,
                hint="write {folder} where your program takes its output folder, or take the metric from what it prints"
                " (NAME@stdout)",
            )

    def _is_own(self, program: str) -> bool:
        """Whether a program is the user's own, and no interpreter that lies elsewhere or is linked from there."""
        return (self.place / program).resolve().is_relative_to(self.place.resolve())

    def _learns(self, field: str, settings: Mapping[str, Any]) -> bool:
        """Whether the command is told a field, or a file that it names asks for its variable."""
        if field in self.line.fields or SEEN[field] in self.template:
            return True
        named = [self.place / name for name in self.files(settings)]
        return any(SEEN[field].encode() in path.read_bytes() for path in named if path.stat().st_size < 1 << 20)

    def _check_program(self) -> None:
        if not self.place.is_dir():
            raise cannot_start("", self.place, NotADirectoryError())
        if not self.program:
            return
        found = shutil.which(self.program) or shutil.which(self.place / self.program)
        if found is None:
            there = (self.place / self.program).is_file()
            raise cannot_start(self.program, self.place, PermissionError() if there else FileNotFoundError())


def duration(given: float | str) -> float:
    """Seconds in ``90``, ``90s``, ``30m``, ``2h`` or ``1d``.

    >>> duration("2h"), duration("1.5m"), duration(90)
    (7200.0, 90.0, 90.0)

    Raises:
        StudyError: for anything else.
    """
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([smhd]?)\s*", str(given))
    seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0.0
    if not seconds:
        raise StudyError("a time is a number above 0 with its unit", got=given, hint="write 90s, 30m, 2h or 1d")
    return seconds
