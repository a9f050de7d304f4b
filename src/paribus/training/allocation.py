"""How this process asks the system for memory: the C library hands every large block back, and gets it again.

glibc maps blocks above 32 MB one by one and unmaps them when they are freed. Activations of a few hundred pictures are
such blocks, so every step and every evaluated batch would have its pages cleared by the kernel anew: a third of the
time of a small convolutional network. Kept, they are used again by the next step, which needs blocks of the same sizes.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
NEVER = 2**31 - 1
CHOSEN = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
"""Variables by which a user may have decided before."""


@cache
def keep_freed_memory() -> bool:
    """Keep what is freed for later tensors of this process, where the C library is glibc; whether that was done."""
    if not sys.platform.startswith("linux") or any(name in os.environ for name in CHOSEN):
        return False
    with suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, NEVER))
    return False
