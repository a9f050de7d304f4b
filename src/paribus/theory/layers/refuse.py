"""Refusals: a layer that cannot exist, with the reason, and its place in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paribus.errors import TheoryError

BEFORE, AFTER = 24, 60  # characters of the text that a message shows around the place
INDENT = " " * len("  received: ")


@dataclass(frozen=True)
class Place:
    """Where something stands: characters ``start`` to ``end`` of a text."""

    text: str
    start: int
    end: int

    @property
    def words(self) -> str:
        """What stands there."""
        return self.text[self.start : self.end]

    @property
    def where(self) -> str:
        """Column, and line where there are several, counted from 1."""
        before = self.text[: self.start]
        column = self.start - (before.rfind("\n") + 1) + 1
        return f"line {before.count(chr(10)) + 1}, column {column}" if "\n" in self.text else f"column {column}"

    def to(self, other: Place) -> Place:
        """From the start of this one to the end of another."""
        return Place(self.text, self.start, other.end)

    def shown(self) -> str:
        """The piece of the text around it, and carets below it."""
        first = max(self.text.rfind("\n", 0, self.start) + 1, self.start - BEFORE)
        line_end = self.text.find("\n", self.start)
        last = min(len(self.text) if line_end < 0 else line_end, self.start + AFTER)
        start = "…" if first and self.text[first - 1] != "\n" else ""
        end = "…" if last < len(self.text) and self.text[last] != "\n" else ""
        carets = "^" * max(1, min(self.end, last) - self.start)
        below = " " * (len(start) + self.start - first) + carets
        return f"{start}{self.text[first:last]}{end}\n{INDENT}{below}"


class Impossible(TheoryError):
    """A layer that cannot be; the rules raise it without knowing where the layer stands."""

    def at(self, number: int, name: str, place: Place | None, path: str = "") -> TheoryError:
        """The same refusal with the layer's number, its name and its place."""
        where = place.where if place else path or "of the module"
        rule = f"layer {number} ({name}, {where}) cannot exist: {self.rule}"
        return TheoryError(rule, got=place.shown() if place else name, hint=self.hint)


def unreadable(rule: str, place: Place, hint: str = "") -> TheoryError:
    """A text that does not follow the grammar."""
    return TheoryError(f"{rule} ({place.where})", got=place.shown(), hint=hint)


def by(sizes: Sequence[int]) -> str:
    """Sizes as people write them: 64×56×56."""
    return "×".join(map(str, sizes))
