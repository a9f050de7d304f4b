"""An executor whose runs are made up from known numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tests.small import Scripted

pytest.register_assert_rewrite("paribus.testing.executors")


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """Jobs in this process set their number for all of it."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
