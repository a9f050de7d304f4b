"""One workshop for all tests of chaos: what undisturbed commands do is found out once."""

from __future__ import annotations

import os

import pytest

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # processes are neither forked nor killed there
else:
    from paribus.testing.chaos.scenarios import Workshop


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("chaos"))
