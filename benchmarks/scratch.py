"""The NumPy library against torch's eager CPU mode: the same nets, batches, rule, type and number of threads."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.table import Row, ratios
from paribus.scratch import nn, optim
from paribus.scratch.training import batches, fit

THREADS = (1, 2)
Data = tuple[np.ndarray, np.ndarray]


def rows(repeats: int) -> list[Row]:
    """Epochs of Fashion-MNIST's size; the CNN on a tenth of it."""
    return [
        row
        for threads in THREADS
        for row in (
            Row(f"torch / scratch, MLP epoch, {threads} threads", against(mlp, 60_000, threads, repeats), "≥ 0.5"),
            Row(f"torch / scratch, CNN, {threads} threads", against(cnn, 6_400, threads, repeats), "≥ 0.2"),
        )
    ]


def against(nets: Callable[[], tuple[nn.Module, torch.nn.Module]], samples: int, threads: int, n: int) -> list[float]:
    """Seconds of torch over ours for one epoch of stochastic gradient descent with momentum."""
    rng = np.random.default_rng(0)
    data = rng.random((samples, 1, 28, 28), np.float32), rng.integers(0, 10, samples)
    ours, theirs = nets()
    torch.set_num_threads(threads)
    with threadpool_limits(threads):
        return ratios(lambda: torch_epoch(theirs, data), lambda: epoch(ours, data), n)


def epoch(net: nn.Module, data: Data) -> float:
    start = time.perf_counter()
    fit(net, nn.cross_entropy, data, optim.Optimizer(net.parameters(), optim.Momentum(0.01)), batch=128)
    return time.perf_counter() - start


def torch_epoch(net: torch.nn.Module, data: Data) -> float:
    start = time.perf_counter()
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    for x, y in batches(data, 128):
        loss = torch.nn.functional.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


def mlp() -> tuple[nn.Module, torch.nn.Module]:
    ours = nn.Sequential(nn.Flatten(), nn.Affine(784, 256), nn.relu, nn.Affine(256, 128), nn.relu, nn.Affine(128, 10))
    t = torch.nn
    linear = [t.Linear(784, 256), t.ReLU(), t.Linear(256, 128), t.ReLU(), t.Linear(128, 10)]
    return ours, t.Sequential(t.Flatten(), *linear)


def cnn() -> tuple[nn.Module, torch.nn.Module]:
    ours = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.relu, nn.MaxPool(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.relu, nn.MaxPool(2)),
        *(nn.Flatten(), nn.Affine(1568, 10)),
    )
    t = torch.nn
    theirs = t.Sequential(
        *(t.Conv2d(1, 16, 3, padding=1), t.ReLU(), t.MaxPool2d(2)),
        *(t.Conv2d(16, 32, 3, padding=1), t.ReLU(), t.MaxPool2d(2)),
        *(t.Flatten(), t.Linear(1568, 10)),
    )
    return ours, theirs
