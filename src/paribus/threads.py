"""How the threads of one computation share the cores with each other and with neighbours.

OpenMP's threads spin while they wait for each other. On a machine of one's own that is fastest; on a shared or virtual
one (most notebooks, continuous integration, cloud instances) a neighbour that takes one core makes the other threads
spin through whole time slices, and a training becomes twenty times slower. So paribus lets them spin only briefly:
part of the gain stays, and nothing collapses (``python -m benchmarks busy``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BRIEFLY = {
    "GOMP_SPINCOUNT": "1000",  # GNU's runtime, of torch on Linux: rounds of a loop, some microseconds
    "KMP_BLOCKTIME": "0",  # LLVM's and Intel's, on macOS and Windows: milliseconds; 0 sleeps at once
}
CHOSEN = ("OMP_WAIT_POLICY", *BRIEFLY)  # by which a user may have decided before

_in_time = "torch" not in sys.modules  # OpenMP reads the environment once, when torch loads it


def wait_briefly() -> None:
    """Let OpenMP's threads of this process and its children spin briefly, unless the user has decided.

    It must be called before torch is imported, and costs nothing.
    """
    if not any(name in os.environ for name in CHOSEN):
        os.environ.update(BRIEFLY)


def waiting() -> dict[str, str]:
    """The variables by which OpenMP's threads of this process wait; none where torch was imported before paribus."""
    return {name: os.environ[name] for name in CHOSEN if name in os.environ} if _in_time else {}


POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """With this many threads in whatever computes: torch, BLAS, OpenMP, what is loaded later, and child processes."""
    import torch
    from threadpoolctl import threadpool_limits

    before, kept = torch.get_num_threads(), {name: os.environ.get(name) for name in POOLS}
    os.environ.update(dict.fromkeys(POOLS, str(threads)))
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            yield
    finally:
        torch.set_num_threads(before)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def single() -> Iterator[None]:
    """With one thread: sums of several differ in their last bits, so they would make figures depend on the machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
