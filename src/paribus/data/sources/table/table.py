"""Tables from a file: numbers and categories in, a class or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from paribus.cache import paths
from paribus.data.dataset import Dataset
from paribus.data.origin import origin
from paribus.data.originals import Originals, existing
from paribus.data.preprocessing import Impute, TableScale, Wishes
from paribus.data.sources.table.columns import MISSING, Layout, look
from paribus.data.sources.table.reading import Header, TableFile
from paribus.data.sources.table.targets import TargetKind
from paribus.data.sources.table.writing import write
from paribus.data.write.writer import Writer


@origin("your own")
class Table:
    """A table of your own from a CSV or Parquet file: one row for each example.

    What is fitted, from the training rows alone, is applied by the network itself: see impute, scale, rare.

    Args:
        path: the file, from the current folder or below PARIBUS_DATA; CSV plain or with gzip, TSV, or Parquet.
        target: the column to predict; several of numbers in a list.
        columns: names of the columns of a file that has no header, or other ones than it has.
        header: whether the first line names the columns; auto takes it for names where no cell of it is a number.
        classes: for a target of classes, name → values that belong to it; by default each value is a class.
        target_kind: whether the target is a class or a number; auto takes text and few whole numbers for classes.
        group: a column of what must not be separated by a split, such as the patient; networks do not see it.
        categories: columns that hold categories, though they look like numbers.
        numeric: columns that hold numbers, though they look like something else.
        drop: columns that are left out.
        missing: texts that mean that a value is missing, in capital or small letters.
        zeros_missing: columns in which 0 means that a value is missing.
        impute: what takes the place of a missing number; that of a category is always the most frequent one.
        scale: of numbers: standard to mean 0 and deviation 1, robust by median and quartiles, or none.
        indicators: whether a further input says where a value was missing.
        rare: categories with fewer training rows than this share one input, and so do unknown ones.
    """

    def __init__(
        self,
        path: str,
        target: str | tuple[str, ...],
        columns: tuple[str, ...] = (),
        header: Header = "auto",
        classes: dict[str, list[str | int | float]] | None = None,
        target_kind: TargetKind = "auto",
        group: str | None = None,
        categories: tuple[str, ...] = (),
        numeric: tuple[str, ...] = (),
        drop: tuple[str, ...] = (),
        missing: tuple[str, ...] = MISSING,
        zeros_missing: tuple[str, ...] = (),
        impute: Impute = "median",
        scale: TableScale = "standard",
        indicators: bool = False,
        rare: Annotated[int, Field(ge=1)] = 1,
    ) -> None:
        self.path, self.target, self.columns, self.header = path, target, columns, header
        self.classes, self.target_kind, self.group = classes, target_kind, group
        self.categories, self.numeric, self.drop = categories, numeric, drop
        self.missing, self.zeros_missing = missing, zeros_missing
        self.impute, self.scale, self.indicators, self.rare = impute, scale, indicators, rare

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How the file was read, so that another one is read alike."""
        return {name: getattr(self, name) for name in ("columns", "header", "missing", "zeros_missing")}

    def key(self) -> Mapping[str, Any]:
        """How the file is read."""
        names = ("target", "classes", "target_kind", "group", "categories", "numeric", "drop")
        return {**self.decoding, **{name: getattr(self, name) for name in names}}

    def originals(self) -> Originals:
        """The one file."""
        return Originals.of(self._file().parent, [self._file().name])

    def write(self, cache: Writer) -> None:
        """Read the file twice: once to see what its columns hold, once to write them."""
        file, layout = self.file(), self.layout()
        write(cache, file, layout, look(file, layout, cache.progress), self.target_kind, self.classes or {})

    def to_examples(self, dataset: Dataset) -> Dataset:
        """The rows, with what is wished for their columns."""
        known = dataset.metadata.table
        assert known is not None, "tables are written with what is known of them"
        wishes = Wishes(self.impute, self.scale, self.indicators, self.rare)
        return replace(dataset, metadata=replace(dataset.metadata, table=replace(known, wishes=wishes)))

    def file(self) -> TableFile:
        """The file, and how its first line is read."""
        return TableFile(self._file(), self.header, self.columns)

    def layout(self) -> Layout:
        """What is said of its columns."""
        return Layout(
            targets=(self.target,) if isinstance(self.target, str) else self.target,
            group=self.group,
            categories=self.categories,
            numeric=self.numeric,
            drop=self.drop,
            missing=frozenset(text.strip().lower() for text in self.missing),
            zeros=self.zeros_missing,
        )

    def _file(self) -> Path:
        return existing(paths.find_folder(self.path))
