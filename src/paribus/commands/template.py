"""A command line with fields: ``python train.py --lr {lr} --seed {seed} --out {folder}``."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from paribus.errors import StudyError, nearest

GIVEN = ("seed", "folder", "gpu")  # fields that every run has, beside the study's own
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")


@dataclass(frozen=True)
class Template:
    """A command line in which fields stand for values.

    It is split into arguments before values are put in, so a value is always within one argument: whatever it holds,
    spaces, quotes, ``;`` or ``$()``, no shell reads it.

    >>> Template("python train.py --lr {lr} --tag '{{{seed}}}'").arguments({"lr": 0.1, "seed": 3})
    ['python', 'train.py', '--lr', '0.1', '--tag', '{3}']

    Args:
        text: the line; ``{{`` and ``}}`` are braces.
        shell: whether a shell reads it, for pipes and the like; then values are plain words.

    Raises:
        StudyError: for a line that cannot be split, and for braces around what is no name.
    """

    text: str
    shell: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not self.text.strip():
            raise StudyError("a command is a line of words", got=self.text or "nothing", hint=_EXAMPLE)
        for word in self.words:
            for found in _FIELD.finditer(word):
                _check_field(found)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its arguments, with fields; the whole line where a shell reads it."""
        if self.shell:
            return (self.text,)
        try:
            return tuple(shlex.split(self.text))
        except ValueError as error:
            said = str(error).rstrip(".").lower()
            raise StudyError(f"this command cannot be split into words: {said}", got=self.text) from None

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names in braces, each once."""
        found = (found[1] for word in self.words for found in _FIELD.finditer(word))
        return tuple(dict.fromkeys(name for name in found if name))

    def check(self, settings: Iterable[str]) -> None:
        """Refuse a line that names other fields than those of the study, or lacks one of them.

        Args:
            settings: the fields that a study sets or varies.

        Raises:
            StudyError: naming the field, and what was probably meant.
        """
        settings = tuple(settings)
        if taken := [name for name in settings if name in GIVEN]:
            raise StudyError(f"{{{taken[0]}}} is set by paribus for every run, and no field of a study", got=taken[0])
        if unknown := [name for name in self.fields if name not in (*settings, *GIVEN)]:
            rule = f"the command has a field {{{unknown[0]}}} that nothing sets"
            hint = f"vary it (--vary {unknown[0]}=VALUE,VALUE) or set it ({unknown[0]}=VALUE)"
            raise StudyError(rule, got=self.text, hint=f"{hint}; {nearest(unknown[0], (*settings, *GIVEN))}")
        if unused := [name for name in settings if name not in self.fields]:
            rule = f"the command has no {{{unused[0]}}}, so that field would change nothing"
            raise StudyError(rule, got=self.text, hint=f"write {{{unused[0]}}} where its value belongs")

    def arguments(self, values: Mapping[str, Any]) -> list[str]:
        """The words of one run's command.

        Args:
            values: field → value, of all fields.

        Raises:
            StudyError: for a value that no argument can hold, or that a shell would read as more than a word.
        """
        texts = {name: self._text(name, values[name]) for name in self.fields}
        return [_FIELD.sub(lambda found: _replaced(found, texts), word) for word in self.words]

    def _text(self, name: str, value: Any) -> str:
        text = written(value)
        if "\0" in text:
            raise StudyError(f"no argument of a command can hold the value of {{{name}}}", got=value)
        if self.shell and shlex.quote(text) != text:
            hint = 'leave --shell out, or take it from the environment: "$PARIBUS_FOLDER"' if name == "folder" else ""
            raise StudyError(
                f"a shell would read the value of {{{name}}} as more than a word",
                got=text,
                hint=hint or "leave --shell out: then values hold what they like",
            )
        return text


def written(value: Any) -> str:
    """A value as a command line has it: text as it is, everything else as in JSON (``0.1``, ``true``, ``[32, 64]``)."""
    return value if isinstance(value, str) else json.dumps(value)


def named_files(words: Iterable[str], directory: Path) -> list[str]:
    """The files that arguments name, relative to the directory in which the command runs, each once.

    ``train.py`` and ``--config=small.yaml`` name files; so does ``-m tools.train`` (``tools/train.py``).

    Args:
        words: the arguments; of those with fields none is meant.
        directory: where the command runs.
    """
    words = list(words)
    modules = [word.replace(".", "/") for before, word in pairwise(words) if before == "-m"]
    wished = [*words, *(word.partition("=")[2] for word in words if word.startswith("-"))]
    wished += [f"{module}{end}" for module in modules for end in (".py", "/__main__.py")]
    return [name for name in dict.fromkeys(wished) if name and _is_file(directory, name)]


_EXAMPLE = "for example: --command 'python train.py --lr {lr} --seed {seed} --out {folder}'"


def _check_field(found: re.Match[str]) -> None:
    if found[0] in ("{{", "}}"):
        return
    if found[1] is None:
        raise StudyError("a brace that belongs to the command is doubled", got=found.string, hint="write {{ or }}")
    if not _NAME.match(found[1]):
        rule = f"{found[0]} is no field: braces hold a name"
        raise StudyError(
            rule, got=found.string, hint="write {lr}; braces that belong to the command are doubled: {{ }}"
        )


def _replaced(found: re.Match[str], texts: Mapping[str, str]) -> str:
    return texts[found[1]] if found[1] else found[0][0]


def _is_file(directory: Path, name: str) -> bool:
    try:
        return (directory / name).is_file()
    except (OSError, ValueError):  # too long for a name
        return False
