"""What a model and a task must know of the data; recorded with every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from paribus.data.columns import Column
from paribus.data.metadata import KINDS, MaskInfo, Metadata, PairsInfo, PointsInfo, SeriesInfo, TextInfo, known
from paribus.data.preprocessing import TableInfo


@dataclass(frozen=True)
class DataInfo:
    """What is known of the data before training.

    Args:
        input_shape: shape of one example; where inputs are several tensors, of the first.
        classes: names of the classes; none where targets are no classes.
        sizes: examples per split: train, val, test.
        class_counts: training examples per class; where each has many targets, those: pixels, tokens, boxes.
        mean, deviation: per channel, over the training split, in units of the stored values (0 … 255 for pictures);
            empty where inputs are no quantities, as tokens are.
        decoding: how pictures are made into tensors, so that prediction does the same; empty for other data.
        target_shape: shape of one target; () for a class, and where targets are several tensors.
        target_mean, target_deviation: of each number that is predicted, over the training split; empty where targets
            are no numbers.
        series, text, pairs, masks, points, table: more about data of this kind.
        columns: all tensors by name, ``inputs``, ``targets.boxes``, where inputs or targets are several.
        overlap: validation examples for each one that may train, where every run draws its own validation split;
            ``None`` where that is the same in all runs.
        left_out: what the source had and did not take, in words: files that cannot be read, sentences that are too
            long.
        more: what a source of one's own tells a task of one's own, as plain data.
    """

    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    sizes: Mapping[str, int]
    class_counts: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    decoding: Mapping[str, Any] = field(default_factory=dict)
    target_shape: tuple[int, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_deviation: tuple[float, ...] = ()
    series: SeriesInfo | None = None
    text: TextInfo | None = None
    pairs: PairsInfo | None = None
    masks: MaskInfo | None = None
    points: PointsInfo | None = None
    table: TableInfo | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    overlap: float | None = None
    left_out: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network_shape(self) -> tuple[int, ...]:
        """Shape of an example as a model sees it: that of its inputs, but for tables, whose columns are encoded."""
        fitted = self.table.fitted if self.table else None
        return (len(fitted.inputs),) if fitted else self.input_shape

    def plain(self) -> dict[str, Any]:
        """As plain data for ``info.json``."""
        plain = {name: value for name, value in asdict(self).items() if name not in KINDS}
        return {**plain, **{name: known(getattr(self, name)) for name in KINDS if getattr(self, name)}}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> DataInfo:
        """Back from plain data; also from that of folders which still have everything under ``about``."""
        content = _of_today(content) if "about" in content else content
        metadata = Metadata.read(content)
        values: dict[str, Any] = {
            key: tuple(entry) if isinstance(entry, list) else entry for key, entry in content.items()
        }
        columns = {name: Column.read(column) for name, column in content.get("columns", {}).items()}
        return cls(**{**values, **vars(metadata), "columns": columns})


def _of_today(content: Mapping[str, Any]) -> dict[str, Any]:
    """What ``facts.json`` of earlier versions held: one dictionary ``about``, and ``validation`` for ``val``."""
    values = {key: entry for key, entry in content.items() if key != "about"}
    about = dict(content["about"])
    values["sizes"] = _renamed(values["sizes"])
    if "series" in about:
        for name in ("baselines", "ranges"):
            about[name] = _renamed(about.get(name, {}))
        return {**values, "series": about}
    if "vocabulary" in about:
        return {**values, "text": about}
    if "centres" in about:
        return {**values, "points": about}
    if "ignore" in about or "colours" in about:
        return {**values, "masks": about}
    return {**values, "more": about}


def _renamed(by_split: Mapping[str, Any]) -> dict[str, Any]:
    return {{"validation": "val"}.get(split, split): entry for split, entry in by_split.items()}
