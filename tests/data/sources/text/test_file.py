"""Text files."""

from __future__ import annotations

import pytest

from paribus.data.prepare import cache
from paribus.data.sources.text.file import Text
from paribus.errors import DataError


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"abc\xff\xfe")
    with pytest.raises(DataError, match=r"byte 4 of a\.txt is not UTF-8"):
        cache.load(Text(str(tmp_path / "a.txt")))
