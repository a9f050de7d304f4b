"""How a training is carried out on this machine: device, number format, memory layout, threads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from paribus.errors import RunError
from paribus.records.environment import cores
from paribus.records.recipe import Training

BF16_PAYS = 500_000  # multiplications per example from which bfloat16 pays on a CPU that has it
THREADS_PAY = 10_000_000  # multiplications per batch from which several threads pay


@dataclass(frozen=True)
class Settings:
    """What the user wishes of the execution; none of it is part of a recipe's identity.

    Args:
        device: ``auto`` (CUDA if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        threads: processor threads for this run; by default all cores where batches are large enough to share, else one.
        checkpoint_seconds: least time between two checkpoints, beside those at the end and on interruption.
    """

    device: str = "auto"
    threads: int | None = None
    checkpoint_seconds: float = 10.0


@dataclass(frozen=True)
class Execution:
    """What is really used, as it stands in the record of the run."""

    device: str
    precision: str
    channels_last: bool
    threads: int

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def autocast(self) -> Callable[[], AbstractContextManager[Any]]:
        """Makes the context in which losses are computed."""
        if self.precision == "fp32":
            return nullcontext
        kind = torch.device(self.device).type
        number = {"bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]
        return lambda: torch.autocast(kind, dtype=number)

    def place(self, network: nn.Module) -> nn.Module:
        """The network on the device, in the layout."""
        network = network.to(self.device)
        return network.to(memory_format=torch.channels_last) if self.channels_last else network  # type: ignore[call-overload]


def choose(training: Training, settings: Settings, network: nn.Module, input_shape: tuple[int, ...]) -> Execution:
    """Decide on the execution, and set the thread count of this process."""
    device, precision = _device(settings.device), training.precision
    work = multiplications(network, input_shape)
    threads = settings.threads or (cores() if work * training.batch_size >= THREADS_PAY else 1)
    torch.set_num_threads(threads)
    convolutional = len(input_shape) == 3 and any(isinstance(layer, nn.Conv2d) for layer in network.modules())
    if precision == "auto":
        precision = "bf16" if _bf16_pays(device, convolutional, work) else "fp32"
    if precision == "fp16" and device.type == "cpu":
        raise RunError("fp16 needs a GPU", got="device cpu", hint="set training.precision=bf16")
    return Execution(str(device), precision, convolutional, threads)


def _device(wish: str) -> torch.device:
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wish)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"this device cannot be used: {reason}", got=wish, hint="try --device auto") from None
    return device


def _bf16_pays(device: torch.device, convolutional: bool, work: int) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    native = device.type == "cpu" and getattr(torch.cpu, "_is_avx512_bf16_supported", bool)()
    return native and convolutional and work >= BF16_PAYS


def multiplications(network: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Multiplications of all convolutions and linear layers for one example, counted as a copy of the network runs."""
    network = deepcopy(network).eval()  # a forward pass may leave traces in a model of the user's
    total = 0

    def count(layer: nn.Module, _: Any, output: Any) -> None:
        nonlocal total
        weight = layer.weight  # (out, …): every output value is a sum over the other axes
        total += output[0].numel() * weight[0].numel()  # type: ignore[index]

    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear))]
    for layer in layers:
        layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.zeros(1, *input_shape))
    return total


def peak_memory_mb(device: str) -> float:
    """Largest memory in use so far: of the GPU where there is one, else resident memory of this process; MB."""
    if device.startswith("cuda"):
        return round(torch.cuda.max_memory_allocated(device) / 1e6, 1)
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)
