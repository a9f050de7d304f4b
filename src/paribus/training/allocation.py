"""How this process asks the system for memory: the C library hands every large block back, and gets it again.

glibc gives the top of its heap back to the system whenever much of it is free, as the activations of a batch are after
every step; the next step asks for the same memory again, and the kernel clears each page of it anew: up to two thirds
of the processor time of a small convolutional network. Kept, it is used again. Blocks of 32 MB and more, which the heap
cannot hold without gaps, are still handed back one by one.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
NEVER, LARGE = 2**31 - 1, 32 * 2**20  # bytes; glibc allows no larger blocks in its heap
CHOSEN = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
"""Variables by which a user may have decided before."""


@cache
def keep_freed_memory() -> bool:
    """Keep what is freed for later tensors of this process, where the C library is glibc; whether that was done."""
    if not sys.platform.startswith("linux") or any(name in os.environ for name in CHOSEN):
        return False
    with suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(M_MMAP_THRESHOLD, LARGE) and mallopt(M_TRIM_THRESHOLD, NEVER))
    return False
