"""What augmentation costs beside a training step, on one core."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
import torch.nn.functional as F

from benchmarks import raw, sources
from benchmarks.table import Row
from paribus.chance import key
from paribus.data.augmentation.compose import Compose
from paribus.records.parts import Part, build

CHAINS = {  # what is measured, and what it may take of a step
    ("flip", "crop"): "–",
    ("flip", "crop", "rotate", "colour"): "≤ 0.05",
    ("mixup",): "≤ 0.02",
    ("cutmix",): "≤ 0.02",
    ("randaugment",): "–",
}
SPEED = {("flip", "crop"): "≥ 100"}  # thousand images/s
BATCH, LARGE = 128, 512


def rows(repeats: int) -> list[Row]:
    """Each chain against the CNN's step, and its speed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        turns = [{**{chain: chain_seconds(chain) for chain in CHAINS}, (): step_seconds()} for _ in range(repeats)]
        large = [LARGE / chain_seconds(("flip", "crop"), LARGE) / 1000 for _ in range(repeats)]
    finally:
        torch.set_num_threads(threads)
    found = []
    for chain, most in CHAINS.items():
        name, unit = " + ".join(chain), " thousand images/s"
        found.append(Row(f"{name} / CNN step, one core", [turn[chain] / turn[()] for turn in turns], most))
        speeds = [BATCH / turn[chain] / 1000 for turn in turns]
        found.append(Row(f"{name}, one core", speeds, SPEED.get(chain, "–"), unit))
    return [*found, Row(f"flip + crop, batches of {LARGE}, one core", large, "≥ 100", " thousand images/s")]


def chain_seconds(names: Sequence[str], batch: int = BATCH, turns: int = 30) -> float:
    """Seconds for one batch of pictures of 32×32×3 through some augmentations, one after the other."""
    chain = Compose({name: build("augment", Part(name)) for name in names})
    pictures = torch.randint(0, 256, (batch, 3, 32, 32), dtype=torch.uint8)
    index = torch.arange(batch)
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
