"""Columns and amounts as they are printed."""

from __future__ import annotations

from collections.abc import Sequence

Cells = tuple[str, ...]


def aligned(heads: Cells, rows: Sequence[Cells], align: str) -> list[str]:
    """Lines whose columns stand below each other; ``align`` has a letter for each column, l or r."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, align, strict=True)
        ).rstrip()
        for row in (heads, *rows)
    ]


def amount(size: int) -> str:
    """Bytes with a unit of thousands: 3.21 MB."""
    if size < 1000:
        return f"{size} B" if size else "–"
    unit, power = next((u, p) for u, p in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if size >= p)
    return f"{size / power:.3g} {unit}" if size / power < 999.5 else f"{size / power:,.0f} {unit}"
