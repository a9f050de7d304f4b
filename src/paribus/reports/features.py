"""The page with filters, and with what layers make of an example."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records.wording import NONE, clean, share, text
from paribus.reports.page import Card, Page, Photo, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.features import Features, Sheet


SIZES = "Sizes are channels × height × width. That a channel is 0 for one picture does not make it dead."
SIGNS = "White is 0, orange above, blue below; the full colours are"
COLOURS = "In the colours that they look for; grey is 0, each filter by its own largest weight."


def features_page(record: Features) -> Page:
    """The example, then filters, then its maps."""
    said = f"{clean(record.example)}: {_said(record)}" if record.said else clean(record.example)
    card = (Card((record.picture,), (), _tone(record)),) if record.picture else ()
    heads = ("layer", "size", "smallest", "largest", "exactly 0", "0 everywhere")
    table = Table(heads, tuple(map(_row, record.maps)), "llrrrr")
    first = Section(text=(said,), cards=card, tables=(table,), notes=(SIZES,))
    question = "What does the network look for, and what does it find?"
    return Page("Analysis", "features", question, sections=(first, *_filters(record), *_maps(record)))


def _filters(record: Features) -> Iterator[Section]:
    if record.filters is None or not record.filters.picture:
        return
    how = COLOURS if record.filters.colour else f"{SIGNS} the largest weight of all."
    yield Section("Filters of the first layer", (how,), photos=(_photo("filters", 0, record.filters),))


def _maps(record: Features) -> Iterator[Section]:
    photos = tuple(_photo("map", place, one) for place, one in enumerate(record.maps) if one.picture)
    how = f"{SIGNS} the largest size in the layer, so channels of one layer can be compared, and layers cannot."
    if photos:
        yield Section("Maps", (how,), photos=photos)


def _photo(kind: str, place: int, one: Sheet) -> Photo:
    """A sheet as a picture, with its size and its range."""
    count, *_ = one.shape
    some = f", the first {one.shown}" if one.shown < count else ""
    caption = f"{clean(one.layer)}: {_size(one)}{some}; from {text(one.low)} to {text(one.high)}"
    return Photo(f"features-{kind}-{place}", b64decode(one.picture.partition(",")[2]), caption)


def _row(one: Sheet) -> tuple[str, ...]:
    silent = f"{one.silent:,} of {one.shape[0]:,}" if one.shape else NONE
    return clean(one.layer), _size(one), text(one.low), text(one.high), share(one.zeros), silent


def _size(one: Sheet) -> str:
    return "×".join(map(str, one.shape)) or "1"


def _said(record: Features) -> str:
    if not record.truth:
        return f"the network says {clean(record.said)}"
    return clean(record.said if record.said == record.truth else f"{record.said}, in truth {record.truth}")


def _tone(record: Features) -> str:
    if not record.truth:
        return ""
    return "better" if record.said == record.truth else "worse"
