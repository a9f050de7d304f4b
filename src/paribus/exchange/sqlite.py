"""SQLite databases of other tools, opened to be read only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from paribus.errors import ParibusError


def tables(path: Path) -> set[str]:
    """The tables of a database.

    Raises:
        ParibusError: if it is damaged, or none of SQLite's.
    """
    try:
        with closing(connect(path)) as database:
            return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise ParibusError(f"this database cannot be read: {error}", got=str(path), hint="is it SQLite's?") from None


def connect(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    return sqlite3.connect(address(path), uri=True)


def address(path: Path) -> str:
    """The address of a database that is not to be written."""
    return f"file:{quote(str(path.absolute()))}?mode=ro"
