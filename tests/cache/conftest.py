"""A cache of its own for every test, as in the tests of data."""

from tests.data.conftest import cache_folder, own_data

__all__ = ["cache_folder", "own_data"]
