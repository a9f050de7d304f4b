"""What augmentation costs beside a training step, on one core."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F

from benchmarks import raw, sources
from benchmarks.table import Row
from paribus.chance import key
from paribus.data.augmentation.compose import Compose
from paribus.records.parts import Part, build

CHAIN = ("flip", "crop", "rotate", "colour")
BATCH = 128


def rows(repeats: int) -> list[Row]:
    """The chain against the CNN's step, and its speed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        pairs = [(chain_seconds(), step_seconds()) for _ in range(repeats)]
    finally:
        torch.set_num_threads(threads)
    return [
        Row("augmentation chain / CNN step, one core", [chain / step for chain, step in pairs], "≤ 0.05"),
        Row("augmentation chain, one core", [BATCH / chain / 1000 for chain, _ in pairs], "–", " thousand images/s"),
    ]


def chain_seconds(turns: int = 30) -> float:
    """Seconds for one batch of 128 pictures of 32×32×3 through flip, crop, rotate and colour."""
    chain = Compose({name: build("augment", Part(name)) for name in CHAIN})
    pictures = torch.randint(0, 256, (BATCH, 3, 32, 32), dtype=torch.uint8)
    index = torch.arange(BATCH)
    chain(pictures, key("warm"), index)
    started = time.perf_counter()
    for turn in range(turns):
        chain(pictures, key("turn", turn), index)
    return (time.perf_counter() - started) / turns


def step_seconds(turns: int = 5) -> float:
    """Seconds for one step of the CNN on such a batch, float32."""
    model = raw.model_of(sources.cnn(1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs, targets = torch.randn(BATCH, 3, 32, 32), torch.randint(0, 10, (BATCH,))

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        optimizer.step()

    step()
    started = time.perf_counter()
    for _ in range(turns):
        step()
    return (time.perf_counter() - started) / turns
