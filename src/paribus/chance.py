"""All chance is a pure function: f(seed, stream, epoch, index).

Nothing here keeps state. A draw depends only on what it is for, never on what was drawn before, so a run resumes
bit-exactly at any step, does not depend on the number of workers, and two arms of a study share every draw that is
not varied between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

STREAMS = ("initialisation", "order", "augmentation", "noise", "split")


def key(*names: str | int) -> int:
    """A 63-bit integer that is a hash of the given names and numbers."""
    return int.from_bytes(blake2b(repr(names).encode(), digest_size=8).digest(), "little") >> 1


@dataclass(frozen=True)
class Seeds:
    """The seed of a run, and the streams that are held at a seed of their own.

    Args:
        seed: the seed of the run, which every stream follows by default.
        fixed: stream → seed, for streams that shall not follow the run.
    """

    seed: int
    fixed: Mapping[str, int] = field(default_factory=dict)

    def of(self, stream: str) -> int:
        """The seed that a stream follows."""
        if stream not in STREAMS:
            raise KeyError(stream)
        return self.fixed.get(stream, self.seed)

    def key(self, stream: str, *names: str | int) -> int:
        """The key of one purpose within a stream, for instance ``key("order", epoch)``."""
        return key(self.of(stream), stream, *names)


@dataclass(frozen=True)
class Draws:
    """Random numbers for a batch, each a function of the key and of the example's own index.

    Args:
        key: what the draws are for.
        index: the examples' positions in the data set, int64 of shape (B,); on any device.
        lasting: what the draws are for, whatever the epoch; ``None`` where there are no epochs.
        epoch: for which the key is.
    """

    key: int
    index: Tensor
    lasting: int | None = None
    epoch: int = 0

    def __len__(self) -> int:
        return len(self.index)

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One number per example from [low, high), float32 of shape (B,), on the device of ``index``."""
        import torch

        bits = self._bits(name)
        return (bits >> 40 & 0xFFFFFF).to(torch.float32) * ((high - low) / (1 << 24)) + low

    def integers(self, name: str, low: int, high: int) -> Tensor:
        """One integer per example from low … high inclusive, int64 of shape (B,)."""
        return (self.uniform(name) * (high - low + 1)).long() + low

    def chosen(self, name: str, probability: float) -> Tensor:
        """True for each example with the given probability; bool of shape (B,)."""
        return self.uniform(name) < probability

    def noise(self, name: str, count: int) -> Tensor:
        """``count`` bytes per example, each value as likely as any other, uint8 of shape (B, count)."""
        import torch

        words = torch.arange(-(-count // 8), device=self.index.device) * _GOLDEN
        bits = _mix(self._bits(name).unsqueeze(1) + words)
        return bits.view(torch.uint8)[:, :count]

    def order(self, name: str) -> Tensor:
        """A random order of the examples, int64 of shape (B,): of which ones, and not of how they stood, a function."""
        return self._bits(name).argsort()  # no two are equal, as the examples are not

    def within(self, name: str) -> Draws:
        """Draws for a purpose within this one."""
        lasting = None if self.lasting is None else key(self.lasting, name)
        return Draws(key(self.key, name), self.index, lasting, self.epoch)

    def of_all_epochs(self) -> Draws:
        """Draws for the same purpose that are the same in every epoch."""
        return Draws(self.key if self.lasting is None else self.lasting, self.index)

    def _bits(self, name: str) -> Tensor:
        return _mix(self.index * _GOLDEN + key(self.key, name))


def permutation(key: int, n: int) -> Tensor:
    """A random order of ``n`` things, int64 of shape (n,), the same on every machine and device."""
    import torch

    generator = torch.Generator().manual_seed(key)
    return torch.randperm(n, generator=generator)


def set_seed(key: int) -> None:
    """Seed torch's global generators, from which dropout and initialisers draw."""
    import torch

    torch.default_generator.manual_seed(key)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(key)


@contextmanager
def seeded(key: int) -> Iterator[None]:
    """Run a block under a seed and leave torch's CPU generator as it was."""
    import torch

    state = torch.get_rng_state()
    set_seed(key)
    try:
        yield
    finally:
        torch.set_rng_state(state)


@contextmanager
def seeded_everywhere(seed: int) -> Iterator[None]:
    """Run a block of somebody else's code with the global generators seeded: Python's, NumPy's, torch's.

    Those of Keras and TensorFlow are too, where they are loaded, and keep that seed; the others are put back.
    """
    import random
    import sys

    import numpy as np

    kept = random.getstate(), np.random.get_state()
    try:
        random.seed(seed)
        np.random.seed(seed % 2**32)
        with seeded(seed % 2**63):
            if "keras" in sys.modules:  # it has a generator of its own beside those of its backend
                sys.modules["keras"].utils.set_random_seed(seed % 2**32)
            elif "tensorflow" in sys.modules:
                sys.modules["tensorflow"].random.set_seed(seed)
            yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])


_GOLDEN = -0x61C8864680B583EB  # 2⁶⁴ / golden ratio as a signed 64-bit number


def _mix(x: Tensor) -> Tensor:
    """The finaliser of SplitMix64 (Steele, Lea & Flood, 2014), on signed 64-bit numbers that wrap around."""
    x = (x ^ (x >> 30 & 0x3FFFFFFFF)) * -0x40A7B892E31B1A47
    x = (x ^ (x >> 27 & 0x1FFFFFFFFF)) * -0x6B2FB644ECCEEE15
    return x ^ (x >> 31 & 0x1FFFFFFFF)
