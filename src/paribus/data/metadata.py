"""What is known of data beyond their shapes: of series, texts, masks and points, each as a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from paribus.data.preprocessing import TableInfo

Unit = Literal["characters", "words"]
PairUnit = Literal["characters", "subwords"]


@dataclass(frozen=True)
class Span:
    """One series of several.

    Args:
        name: of the series.
        rows: how many steps it has.
        offset: the step of its first row, counted alike in all series.
    """

    name: str
    rows: int
    offset: int = 0


@dataclass(frozen=True)
class SeriesInfo:
    """Of series, one behind the other.

    Args:
        columns: names of the columns, the targets first.
        targets: how many of them are to be forecast.
        frequency: how often they were measured, as people say it.
        season: steps after which they repeat themselves.
        series: where each of them lies.
        merged: rows that repeated a time and were made one.
        filled, filled_values: steps without a row, and single values, that were filled in.
        optimal: the errors of the best possible forecast, where it is known.
        length, horizon: steps of a window's past, and those that are forecast.
        seasonal_errors: of each series and target, the mean error of repeating the season: the unit of the MASE.
        baselines: split → forecast that needs no model → its mean absolute error.
        ranges: split → mean, deviation, low, high → of each target.
    """

    columns: tuple[str, ...]
    targets: int
    frequency: str
    season: int
    series: tuple[Span, ...]
    merged: int = 0
    filled: int = 0
    filled_values: int = 0
    optimal: Mapping[str, float] = field(default_factory=dict)
    length: int = 0
    horizon: int = 0
    seasonal_errors: tuple[tuple[float, ...], ...] = ()
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    ranges: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> SeriesInfo:
        """Back from plain data."""
        values = dict(content)
        values["series"] = tuple(Span(**one) for one in values["series"])
        values["columns"] = tuple(values["columns"])
        values["seasonal_errors"] = tuple(tuple(row) for row in values.get("seasonal_errors", ()))
        values["ranges"] = {
            split: {name: tuple(entry) for name, entry in some.items()}
            for split, some in values.get("ranges", {}).items()
        }
        return cls(**values)


@dataclass(frozen=True)
class TextInfo:
    """Of a text, or of sequences of tokens.

    Args:
        vocabulary: the tokens by number.
        unit: what a token is; ``None`` where the tokens are no text.
        unknown: whether the last token stands for all that training does not hold.
        entropy: nats per token, where the source of the text is known.
        ceiling: the highest expected accuracy of a network that reads in one direction, where it is known.
        ignore: a label of tokens that is no class.
    """

    vocabulary: tuple[str, ...]
    unit: Unit | None = None
    unknown: bool = False
    entropy: float | None = None
    ceiling: float | None = None
    ignore: int | None = None

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> TextInfo:
        """Back from plain data."""
        return cls(**{**content, "vocabulary": tuple(content["vocabulary"])})


@dataclass(frozen=True)
class PairsInfo:
    """Of pairs of sequences, of which the second is written from the first; the tokens of both are in the text.

    Args:
        unit: what a token is.
        names: what the two are.
        left_out: pairs that were too long.
    """

    unit: PairUnit
    names: tuple[str, str] = ("source", "target")
    left_out: int = 0

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> PairsInfo:
        """Back from plain data."""
        first, second = content["names"]
        return cls(content["unit"], (first, second), content.get("left_out", 0))


@dataclass(frozen=True)
class MaskInfo:
    """Of masks.

    Args:
        ignore: the label of pixels that are not to be learned.
        colours: a colour for each class, as ``#rrggbb``.
    """

    ignore: int | None = None
    colours: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> MaskInfo:
        """Back from plain data."""
        return cls(content.get("ignore"), tuple(content.get("colours", ())))


@dataclass(frozen=True)
class PointsInfo:
    """Of points that scatter about known centres.

    Args:
        centres: (K, F) the centres.
        deviation: of the points around them, in every direction.
    """

    centres: tuple[tuple[float, ...], ...]
    deviation: float

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> PointsInfo:
        """Back from plain data."""
        return cls(tuple(map(tuple, content["centres"])), content["deviation"])


@dataclass(frozen=True)
class Metadata:
    """What a source knows of its data, for tasks and models.

    Args:
        series, text, pairs, masks, points, table: where the data are such.
        more: what a source of one's own tells a task of one's own, as plain data.
    """

    series: SeriesInfo | None = None
    text: TextInfo | None = None
    pairs: PairsInfo | None = None
    masks: MaskInfo | None = None
    points: PointsInfo | None = None
    table: TableInfo | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ignore(self) -> int | None:
        """The label that is no class, if there is one."""
        known = self.masks or self.text
        return known.ignore if known else None

    def plain(self) -> dict[str, Any]:
        """As plain data, without what is not known."""
        return {**{name: known(getattr(self, name)) for name in KINDS if getattr(self, name)}, "more": dict(self.more)}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Metadata:
        """Back from plain data."""
        found = {name: kind.read(content[name]) for name, kind in KINDS.items() if name in content}
        return cls(**found, more=content.get("more", {}))


KINDS: Mapping[str, Any] = {
    "series": SeriesInfo,
    "text": TextInfo,
    "pairs": PairsInfo,
    "masks": MaskInfo,
    "points": PointsInfo,
    "table": TableInfo,
}


def known(record: Any) -> dict[str, Any]:
    """A record as plain data, without its empty fields."""
    return {name: value for name, value in asdict(record).items() if value not in (None, (), {})}
