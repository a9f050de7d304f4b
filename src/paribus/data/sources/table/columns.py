"""What the columns of a table hold, found by reading it once: numbers, categories, what is missing, what is odd."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.data.sources.table.reading import Chunk, TableFile, is_number
from paribus.errors import DataError, nearest
from paribus.progress import Announce, silent
from paribus.records.store import uncollected

MISSING = ("", "?", "na", "n/a", "nan", "null", "none")
MANY = 1_000  # names from which a column of text is no category any more
FEW = 20  # whole numbers up to which a target is taken for classes
NAMED = 5  # lines that are named where there may be many
ID_NAMES = ("id", "index", "key", "uuid", "row", "number")

Kind = Literal["number", "category", "empty", "constant", "identifier", "date", "text"]


@dataclass
class Found:
    """A column while it is read.

    Args:
        name: of it.
        rows: cells so far.
        missing: of them.
        gaps: lines of the first of those.
        counts: value → rows, as long as there are not many.
        many: whether there are more values than are counted.
        numbers: cells that are numbers.
        whole: whether all of those are whole.
        rising: whether each is the one before, and one more.
        least, most: the smallest and the largest number.
        no_number: line and text of the first cell that is none.
    """

    name: str
    rows: int = 0
    missing: int = 0
    gaps: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    many: bool = False
    numbers: int = 0
    whole: bool = True
    rising: bool = True
    least: float = math.inf
    most: float = -math.inf
    no_number: tuple[int, str] | None = None
    _last: float | None = None

    def add(self, lines: Sequence[int], cells: Sequence[str], missing: Collection[str]) -> None:
        """Look at more cells."""
        if self.many and (values := plain_numbers(cells, missing)) is not None:
            self.rows += len(cells)
            self._numbers(values)
            return
        gaps = gaps_in(set(cells), missing)
        present = [(line, cell) for line, cell in zip(lines, cells, strict=True) if cell not in gaps] if gaps else None
        texts = cells if present is None else [cell for _, cell in present]
        self.rows += len(cells)
        if len(texts) < len(cells):
            self.missing += len(cells) - len(texts)
            where = (line for line, cell in zip(lines, cells, strict=True) if cell in gaps)
            self.gaps += islice(where, NAMED - len(self.gaps))
        if not self.many:
            self.counts.update(texts)
            self.many = len(self.counts) > MANY
        try:
            self._numbers(np.fromiter(map(float, texts), np.float64, len(texts)))
        except ValueError:
            self._mixed(present or list(zip(lines, cells, strict=True)))

    @property
    def present(self) -> int:
        """Cells that are not missing."""
        return self.rows - self.missing

    @property
    def where(self) -> str:
        """Lines in which it is missing, the first few."""
        more = ", …" if self.missing > len(self.gaps) else ""
        return f"line{'s' if self.missing > 1 else ''} {', '.join(f'{line:,}' for line in self.gaps)}{more}"

    @property
    def kind(self) -> Kind:
        """What the column holds, as far as its cells say."""
        if not self.present:
            return "empty"
        if not self.many and len(self.counts) == 1:
            return "constant"
        if self.numbers == self.present:
            return "identifier" if self._counts_rows or self._named_id else "number"
        if _is_date(next(iter(self.counts))):
            return "date"
        if not self.many and (len(self.counts) <= max(2, self.present // 2)):
            return "category"
        return "identifier" if not self.many and len(self.counts) == self.present else "text"

    @property
    def mostly_numbers(self) -> bool:
        """Whether some text stands among numbers."""
        return self.present / 2 < self.numbers < self.present

    @property
    def _counts_rows(self) -> bool:
        return self.rising and self.whole and self.present > FEW and not self.missing

    @property
    def _named_id(self) -> bool:
        words = self.name.lower().replace("_", " ").split()
        distinct = self.many or len(self.counts) == self.present
        return bool(words) and words[-1] in ID_NAMES and self.whole and distinct and self.present > FEW

    def _numbers(self, values: NDArray[np.float64]) -> None:
        if not len(values):
            return
        if not np.isfinite(values).all():
            raise ValueError
        self.numbers += len(values)
        self.whole = self.whole and bool((values == np.floor(values)).all())
        self.least, self.most = min(self.least, float(values.min())), max(self.most, float(values.max()))
        if self.rising:
            before = values[0] - 1 if self._last is None else self._last
            self.rising = bool((np.diff(values, prepend=before) == 1).all())
            self._last = float(values[-1])

    def _mixed(self, present: Sequence[tuple[int, str]]) -> None:
        values = [float(cell) for _, cell in present if is_number(cell) and math.isfinite(float(cell))]
        self._numbers(np.array(values))
        if self.no_number is None:
            self.no_number = next(one for one in present if not is_number(one[1]) or not math.isfinite(float(one[1])))


def gaps_in(different: Collection[str], missing: Collection[str]) -> set[str]:
    """Those of some texts that mean that a value is missing."""
    return {cell for cell in different if cell.lower() in missing}


def plain_numbers(cells: Sequence[str], missing: Collection[str]) -> NDArray[np.float64] | None:
    """Cells as numbers, where all are and none is missing; ``None`` otherwise."""
    if any(is_number(text) and math.isfinite(float(text)) for text in missing):  # 999 may mean that there is none
        return None
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _is_date(text: str) -> bool:
    """Whether a text is a day or a time: 2024-12-31, 2024-12-31 23:00, 31/12/2024."""
    from datetime import datetime

    for form in ("", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d"):
        try:
            if form or len(text) < 8:
                datetime.strptime(text, form or "%d/%m/%y")
            else:
                datetime.fromisoformat(text)
        except ValueError:
            continue
        return True
    return False


@dataclass(frozen=True)
class Layout:
    """What somebody says of the columns of a table.

    Args:
        targets: columns that are predicted.
        group: column of what must not be separated.
        categories, numeric, drop: columns that are taken for categories, for numbers, or left out.
        missing: texts that mean that a value is missing, in small letters.
        zeros: columns in which 0 means that a value is missing.
    """

    targets: tuple[str, ...]
    group: str | None = None
    categories: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset(MISSING)
    zeros: tuple[str, ...] = ()

    def check(self, columns: Sequence[str], file: str) -> None:
        """Refuse names that no column has, and columns that are said to be two things.

        Raises:
            DataError: naming the first.
        """
        group = (self.group,) if self.group else ()
        wished = {"target": self.targets, "group": group, "zeros_missing": self.zeros}
        wished |= {"categories": self.categories, "numeric": self.numeric, "drop": self.drop}
        for option, names in wished.items():
            for name in names:
                if name not in columns:
                    rule = f"{file} has no column of this name, which data.{option} asks for"
                    raise DataError(rule, got=name, hint=nearest(name, columns))
        for one, other in (("categories", "numeric"), ("categories", "drop"), ("numeric", "drop"), ("target", "drop")):
            if both := {*wished[one]} & {*wished[other]}:
                raise DataError(f"a column is either in data.{one} or in data.{other}", got=sorted(both)[0])


@uncollected()
def look(file: TableFile, layout: Layout, progress: Announce = silent) -> list[Found]:
    """Read a table once, and say what each of its columns holds.

    Raises:
        DataError: for a column that the layout names and the file lacks, and a file without rows.
    """
    names = file.columns
    layout.check(names, file.path.name)
    found = [Found(name) for name in names]
    for chunk in file.chunks():
        _add(found, chunk, layout)
        progress("looking at columns", found[0].rows, 0)
    if not found[0].rows:
        hint = "give a file with one row for each example"
        raise DataError(f"{file.path.name} holds no rows but its header", got=str(file.path), hint=hint)
    return found


def _add(found: Sequence[Found], chunk: Chunk, layout: Layout) -> None:
    for column, cells in zip(found, chunk.columns, strict=True):
        missing = layout.missing
        if column.name in layout.zeros:
            cells = ["" if is_number(cell) and float(cell) == 0 else cell for cell in cells]
            missing = missing | {""}
        column.add(chunk.lines, cells, missing)


def kinds(found: Sequence[Found], layout: Layout, file: str) -> tuple[dict[str, Kind], list[str]]:
    """What becomes of each column that is no target: number or category, or that it is left out; and why, in words.

    Raises:
        DataError: naming line and column of text where numbers should be, and where no column is left.
    """
    notes, chosen = [], dict[str, Kind]()
    for column in found:
        if column.name in (*layout.targets, layout.group, *layout.drop):
            continue
        chosen[column.name] = kind = _kind(column, layout, file)
        if reason := LEFT_OUT.get(kind):
            notes.append(f"{column.name} is left out: {reason}")
    if not {"number", "category"} & {*chosen.values()}:
        rule = f"no column of {file} is left to learn from"
        raise DataError(rule, got="; ".join(notes) or ", ".join(layout.drop), hint="see: paribus data FILE")
    return chosen, notes


LEFT_OUT: Mapping[Kind, str] = {
    "empty": "it holds no values",
    "constant": "it holds one value only",
    "identifier": "it numbers or names the rows; data.numeric or data.categories keep it",
    "date": "it holds dates, which are neither numbers nor categories",
    "text": "it holds text that hardly repeats itself; data.categories keeps it",
}


def _kind(column: Found, layout: Layout, file: str) -> Kind:
    if column.name in layout.categories:
        if column.many:
            rule = f"column {column.name!r} of {file} holds more than {MANY:,} categories"
            raise DataError(rule, got=f"{column.present:,} values", hint=f"leave it out: data.drop=[{column.name}]")
        return "category" if column.present else "empty"
    wished = column.name in layout.numeric or column.name in layout.zeros
    if column.no_number and (wished or column.mostly_numbers):
        line, text = column.no_number
        raise no_number(line, text, column.name, file)
    return "number" if wished and column.present else column.kind


def no_number(line: int, text: str, column: str, file: str) -> DataError:
    """That a cell holds text where numbers should be."""
    rule = f"line {line:,} of {file}, column {column!r}, holds text where numbers should be"
    hint = f"correct it, add it to data.missing, or set data.categories=[{column}]"
    return DataError(rule, got=text, hint=hint)
