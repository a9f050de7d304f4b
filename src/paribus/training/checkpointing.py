"""Gradient checkpointing: of a chain of layers only some results are kept, and the others computed again when needed.

A chain of n like layers in √n segments keeps √n results, and the √n of one segment at a time: about 2√n of them
instead of n, for one more forward pass at most (Chen et al., 2016, section 4.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import isqrt

from torch import nn
from torch.utils.checkpoint import checkpoint_sequential

FEWEST = 3  # layers that make a chain worth dividing


def chains(network: nn.Module) -> dict[str, nn.Sequential]:
    """The outermost chains of at least three layers, by path: those that run one after the other and nothing else."""
    return dict(_chains(network, ""))


def _chains(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Sequential]]:
    if isinstance(module, nn.Sequential) and len(module) >= FEWEST and type(module).forward is nn.Sequential.forward:
        yield path, module
        return
    for name, child in module.named_children():
        yield from _chains(child, f"{path}.{name}" if path else name)


def segments(layers: int) -> int:
    """About √n."""
    return max(2, isqrt(layers))


@contextmanager
def checkpointed(network: nn.Module) -> Iterator[None]:
    """Let the chains of a network run in √n segments within a block; the last segment of each keeps its results."""
    found = chains(network)
    for chain in found.values():
        run = partial(checkpoint_sequential, chain, segments(len(chain)), use_reentrant=False)
        chain.forward = run  # type: ignore[method-assign]
    try:
        yield
    finally:
        for chain in found.values():
            del chain.forward
