"""Freed memory is kept for later tensors: the same blocks come without new pages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from paribus.training.allocation import CHOSEN

FAULTS = """
import resource, torch
from paribus.training.allocation import keep_freed_memory
kept = keep_freed_memory()
fill = lambda: [torch.ones(2**22) for _ in range(8)]  # 8 blocks of 16 MB, as activations of a step
for _ in range(4):
    fill()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    fill()
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(**variables: str) -> tuple[bool, int]:
    """Whether memory is kept, and new pages that a process touches in eight rounds of 32,768 each."""
    plain = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    ran = subprocess.run(
        [sys.executable, "-c", FAULTS], env=plain | variables, capture_output=True, text=True, check=True, timeout=120
    )
    kept, pages = ran.stdout.split()
    return kept == "True", int(pages)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_blocks_that_were_freed_are_used_again():
    kept, pages = faults()
    assert kept
    assert pages < 8 * 32_768 / 4


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_who_has_decided_is_left_alone():
    kept, pages = faults(MALLOC_TRIM_THRESHOLD_="131072")
    assert not kept
    assert pages > 8 * 64  # few where the system gives large pages
