"""The page with filters, and with what layers make of an example."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records.wording import NONE, clean, share, text
from paribus.reports.page import Card, Page, Photo, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.features import Features, Sheet


def features_page(record: Features) -> Page:
    """Filters, then the example, then its maps."""
    said = f"{clean(record.example)}: {_said(record)}" if record.said else clean(record.example)
    card = (Card((record.picture,), (said,), _tone(record)),) if record.picture else ()
    heads = ("layer", "size", "smallest", "largest", "exactly 0", "0 everywhere")
    table = Table(heads, tuple(map(_row, record.maps)), "llrrrr")
    photos = tuple(_photo("map", place, one) for place, one in enumerate(record.maps) if one.picture)
    maps = Section(
        "Maps" if record.filters else "",
        (said,) if not card else (),
        cards=card,
        photos=photos,
        tables=(table,),
        notes=tuple(_notes(record)),
    )
    sections = (*_filters(record), maps)
    return Page("Analysis", "features", "What does the network look for, and what does it find?", sections=sections)


def _filters(record: Features) -> Iterator[Section]:
    if (one := record.filters) is None:
        return
    how = (
        "In the colours that they look for; grey is 0, each filter by its own largest weight."
        if one.colour
        else "White is 0, orange above, blue below; the full colours are the largest weight of all."
    )
    photos = (_photo("filters", 0, one),) if one.picture else ()
    yield Section("Filters of the first layer", (how,), photos=photos)


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


def _notes(record: Features) -> Iterator[str]:
    if any(one.picture for one in record.maps):
        yield (
            "Maps: white is 0, orange above, blue below; the full colours are the largest size in the layer, so channels "
            "of one layer can be compared, and layers cannot."
        )
    yield "Sizes are channels × height × width. That a channel is 0 for one picture does not make it dead."
