"""Generated dates as people write them, and as ISO 8601 does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from paribus.data.metadata import PairsInfo
from paribus.data.origin import origin
from paribus.data.sources.pairs.made import SHARES
from paribus.data.sources.pairs.tokens import SPECIAL, Tokens
from paribus.data.sources.pairs.writing import Split, write
from paribus.data.write.writer import Writer

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FORMS: Sequence[Callable[[date], str]] = (
    lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
    lambda day: f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
    lambda day: f"{DAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}",
    lambda day: f"{day.day} {MONTHS[day.month - 1][:3]} {day.year % 100:02d}".replace(" ", "-"),
    lambda day: f"{day.day:02d}.{day.month:02d}.{day.year}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
    lambda day: f"{MONTHS[day.month - 1][:3].upper()} {day.day:02d} {day.year}",
    lambda day: f"the {day.day}{_suffix(day.day)} of {MONTHS[day.month - 1]} {day.year}",
)


@origin("generated")
class Dates:
    """Dates of two centuries in eight forms, and in the form of ISO 8601: ``the 3rd of May 1999`` → ``1999-05-03``.

    A year of two digits, as in ``3-May-99``, is one of the years 1970 to 2069. No day is in two of the splits.

    Args:
        pairs: how many in all, of which 80 % train.
        seed: of the dates.
    """

    def __init__(self, pairs: Annotated[int, Field(ge=100)] = 10_000, seed: int = 0) -> None:
        self.pairs, self.seed = pairs, seed

    def key(self) -> Mapping[str, Any]:
        """All options: all decide the content."""
        return dict(vars(self))

    def write(self, cache: Writer) -> None:
        """Generate all dates."""
        generator = np.random.default_rng(self.seed)
        days = generator.permutation((LAST - FIRST).days + 1)
        found: dict[str, list[tuple[str, str]]] = {}
        start = 0
        for name, share in SHARES.items():
            some = days[start : (start := start + round(share * len(days)))]
            drawn = generator.choice(some, round(share * self.pairs)).tolist()
            forms = generator.integers(len(FORMS), size=len(drawn)).tolist()
            found[name] = [told(FIRST + timedelta(day), form) for day, form in zip(drawn, forms, strict=True)]
        signs = sorted({sign for pairs in found.values() for pair in pairs for side in pair for sign in side})
        tokens = Tokens((*SPECIAL, *signs), "characters")
        splits: dict[str, Split] = {
            name: ([tokens.encode(said) for said, _ in pairs], [tokens.encode(iso) for _, iso in pairs])
            for name, pairs in found.items()
        }
        write(cache, splits, tokens, PairsInfo("characters", ("date", "ISO 8601")))


def told(day: date, form: int) -> tuple[str, str]:
    """A day in one of the forms, and in that of ISO 8601."""
    said = FORMS[form](day)
    if form == 3 and not 1970 <= day.year < 2070:  # two digits of it would mean another
        said = FORMS[0](day)
    return said, day.isoformat()


def _suffix(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
