"""What a run recorded: a row for each epoch, with a column for each figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from paribus.errors import ParibusError, nearest

if TYPE_CHECKING:
    import pandas

SHOWN = 60  # rows that are printed
HIDDEN = "non_finite"  # says which figures of a row were not finite: no figure itself


class History(list[dict[str, Any]]):
    """The rows of a run, one per epoch, that know their columns too.

    >>> history = History([{"epoch": 1, "val/loss": 0.5}, {"epoch": 2, "val/loss": 0.3}])
    >>> history["val/loss"]
    [0.5, 0.3]
    >>> history[-1]["epoch"]
    2

    ``pandas.DataFrame(history)``, or :meth:`to_pandas`, makes a data frame of it.
    """

    @property
    def columns(self) -> list[str]:
        """Names of all figures, in the order in which they were recorded."""
        return [name for name in dict.fromkeys(name for row in self for name in row) if name != HIDDEN]

    @overload
    def __getitem__(self, wanted: str) -> list[Any]: ...
    @overload
    def __getitem__(self, wanted: SupportsIndex) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, wanted: slice) -> History: ...

    def __getitem__(self, wanted: str | SupportsIndex | slice) -> Any:
        """A column by its name, ``None`` where a row lacks it; a row by its place; some rows by a slice."""
        if isinstance(wanted, str):
            if wanted not in self.columns:
                raise ParibusError("no such figure was recorded", got=wanted, hint=nearest(wanted, self.columns))
            return [row.get(wanted) for row in self]
        return History(super().__getitem__(wanted)) if isinstance(wanted, slice) else super().__getitem__(wanted)

    def to_pandas(self) -> pandas.DataFrame:
        """As a data frame of pandas, which must be installed."""
        try:
            import pandas
        except ImportError:
            raise ParibusError("pandas is not installed", hint="pip install pandas") from None
        return pandas.DataFrame(list(self), columns=self.columns)

    def __repr__(self) -> str:
        from paribus.records import wording

        rows = [self.columns, *([wording.text(row.get(name)) for name in self.columns] for row in self[-SHOWN:])]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        if len(self) > SHOWN:
            lines.insert(1, f"… {len(self) - SHOWN} earlier epochs")
        return "\n".join(lines) if self else "History of no epoch yet"
