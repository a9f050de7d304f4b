"""Jobs with one thread, and an executor whose runs are made up from known numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tests.small import Scripted

pytest.register_assert_rewrite("paribus.testing.executors")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch) -> Iterator[None]:
    """Jobs in this process take all cores, which is slow for small models on a busy machine; and it is global."""
    threads = torch.get_num_threads()
    monkeypatch.setattr("paribus.training.execution.cores", lambda: 1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
