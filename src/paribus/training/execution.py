"""How a training is carried out on this machine: device, number format, memory layout, threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from paribus import processes
from paribus.chance import seeded
from paribus.data import trees
from paribus.data.deliver.loader import Batch
from paribus.errors import RunError
from paribus.models.declarations import fits_at_once
from paribus.records.environment import cores
from paribus.records.sections import Training
from paribus.tasks.task import Task
from paribus.training.allocation import keep_freed_memory

BF16_PAYS = 500_000  # multiplications per example from which bfloat16 pays on a CPU that has it
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CONVOLVED = (nn.Conv2d, nn.ConvTranspose2d)
COUNTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *TRANSPOSED, nn.Linear, nn.RNNBase)  # layers with most of the work
THREADS_PAY = 10_000_000  # multiplications per batch from which several threads pay
COMPILING = ("auto", "on", "off")
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Settings:
    """What the user wishes of the execution; none of it is part of a recipe's identity.

    Args:
        device: ``auto`` (CUDA if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        threads: processor threads for this run; by default all cores where batches are large enough to share, else one.
        checkpoint_seconds: least time between two checkpoints, beside those at the end and on interruption.
        keep: the epochs whose weights stay, and with them the last state: ``best``, ``last``, ``all``, ``every:5``.
        signals: whether to record what the training looks like from inside; nothing of it changes the training.
        until: the epoch behind which a run pauses, if it is not at its end; it goes on where it is trained again.
        processes: how many train together, each with its share of every batch.
        compile: whether the model is compiled: ``auto`` (on a GPU, where it pays), ``on``, ``off``.
        patience: seconds that the processes wait for one that does not come to a step.
        shard: whether each of them has only a part of the weights, of their gradient, and of the optimizer's state.
    """

    device: str = "auto"
    threads: int | None = None
    checkpoint_seconds: float = 10.0
    keep: str = "none"
    signals: bool = True
    until: int | None = None
    processes: int = 1
    compile: str = "auto"
    patience: float = 600.0
    shard: bool = False


@dataclass(frozen=True)
class Execution:
    """What is really used, as it stands in the record of the run.

    Args:
        device, precision, channels_last, threads: of the computation.
        fitted: of a model that was fitted at once, what its parameters are; empty of those that took steps.
        processes: how many trained together, each with so many threads.
        backend: by which they spoke, if they were several.
        together: of steps taken in one with those of other runs, how many these were at most; 0 of runs by themselves.
        compiled: whether the model was compiled.
        sharded: whether each process had but a part of the weights.
    """

    device: str
    precision: str
    channels_last: bool
    threads: int
    fitted: str = ""
    processes: int = 1
    backend: str = ""
    together: int = 0
    compiled: bool = False
    sharded: bool = False

    def plain(self) -> dict[str, Any]:
        """As plain data; what is as usual is not said."""
        usual = {"fitted": "", "processes": 1, "backend": "", "together": 0, "compiled": False, "sharded": False}
        return {name: value for name, value in asdict(self).items() if name not in usual or value != usual[name]}

    def autocast(self) -> Callable[[], AbstractContextManager[Any]]:
        """Makes the context in which losses are computed."""
        if self.precision == "fp32":
            return nullcontext
        kind = torch.device(self.device).type
        number = {"bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]
        return lambda: torch.autocast(kind, dtype=number)

    def place(self, network: Net) -> Net:
        """The network on the device, in the layout."""
        network = network.to(self.device)
        return network.to(memory_format=torch.channels_last) if self.channels_last else network  # type: ignore[call-overload]


def choose(
    training: Training, settings: Settings, task: Task, network: nn.Module, sample: Batch, examples: int = 0
) -> Execution:
    """Decide on the execution from the work that a few of so many examples are; sets the threads of this process."""
    device, precision = check_device(training, settings), training.precision
    work = multiplications(task, network, sample)
    share = max(1, cores() // settings.processes)
    pays = work.at_once * training.batch(examples) >= THREADS_PAY * settings.processes
    threads = settings.threads or (share if pays else 1)
    torch.set_num_threads(threads)
    if device.type == "cpu":
        keep_freed_memory()
    pictures = trees.first(sample.inputs).ndim == 4
    convolutional = pictures and any(isinstance(layer, nn.Conv2d) for layer in network.modules())
    if precision == "auto":
        # of a transformer only the patches are convolved, and its matrix products take longer in bf16 than in fp32
        mostly = convolutional and 2 * work.convolved >= work.total
        precision = "bf16" if _bf16_pays(device, mostly, work.total) else "fp32"
    model = getattr(network, "model", network)
    fitted = str(getattr(model, "counts", "fitted numbers")) if fits_at_once(model) else ""
    backend = "" if settings.processes == 1 else "gloo" if device.type == "cpu" else "nccl"
    last = convolutional and not settings.shard  # parts are cut from tensors as they are written
    many = {"processes": settings.processes, "backend": backend, "sharded": settings.shard}
    return Execution(str(device), precision, last, threads, fitted, **many)  # type: ignore[arg-type]


def require(wish: str) -> None:
    """Refuse a device that cannot be used here.

    Raises:
        RunError: with the reason.
    """
    if wish not in ("auto", "cpu"):
        _device(wish)


def is_on(wish: str, execution: Mapping[str, Any]) -> bool:
    """Whether a run was carried out on the kind of device that is asked for; unknown ones are."""
    known = str(execution.get("device", wish))
    return wish == "auto" or known.partition(":")[0] == wish.partition(":")[0]


def is_as_asked(settings: Settings, execution: Mapping[str, Any]) -> bool:
    """Whether a run was carried out as it would be now: on this device and, where sums depend on it, these threads."""
    threads = execution.get("threads") if execution.get("device") == "cpu" else None
    same_sums = None in (threads, settings.threads) or threads == settings.threads
    return same_sums and is_on(settings.device, execution)


def check_device(training: Training, settings: Settings) -> torch.device:
    """The device that is wished for.

    Raises:
        RunError: if there is none, or if it cannot do what the recipe asks for.
    """
    device = _device(settings.device)
    if training.precision == "fp16" and device.type == "cpu":
        raise RunError("fp16 needs a GPU", got="device cpu", hint="set training.precision=bf16")
    return device


def _device(wish: str) -> torch.device:
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wish)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        said = str(error).splitlines()[0]
        reason = (
            "there is none of this name" if said.startswith("Expected one of") else said
        )  # of twenty that torch has
        hint = "try --device auto, or cpu, cuda, cuda:1, mps"
        raise RunError(f"this device cannot be used: {reason}", got=wish, hint=hint) from None
    return device


def _bf16_pays(device: torch.device, convolutional: bool, work: int) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    native = device.type == "cpu" and getattr(torch.cpu, "_is_avx512_bf16_supported", bool)()
    return native and convolutional and work >= BF16_PAYS


class Work(NamedTuple):
    """Multiplications of all layers for one example.

    Args:
        total: all of them.
        at_once: those that threads can share, of a recurrent layer one step only: its steps wait for each other.
        convolved: those of convolutions of pictures.
    """

    total: int
    at_once: int
    convolved: int


def multiplications(task: Task, network: nn.Module, sample: Batch) -> Work:
    """The work of one example, counted as copies compute the losses of a few on the CPU."""
    task, network = deepcopy(task), deepcopy(network).eval()  # a forward pass may leave traces in what users write
    total = at_once = convolved = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        nonlocal total, at_once, convolved
        products = _products(layer, inputs[0], output)
        total += products
        at_once += products // inputs[0].shape[1] if isinstance(layer, nn.RNNBase) else products
        convolved += products if isinstance(layer, CONVOLVED) else 0

    for layer in network.modules():
        if isinstance(layer, COUNTED):
            layer.register_forward_hook(count)
    with torch.inference_mode(), seeded(0):
        for stage in task.stages(network):
            task.loss(stage, network, sample)
    return Work(*(found // len(sample.rows) for found in (total, at_once, convolved)))


def _products(layer: nn.Module, given: Tensor, output: Any) -> int:
    """Multiplications of one layer in one call."""
    if isinstance(layer, nn.RNNBase):  # every weight matrix once at every step
        return given.shape[:2].numel() * sum(weight.numel() for weight in layer.parameters() if weight.ndim == 2)
    weight: Tensor = layer.weight  # type: ignore[assignment]
    if isinstance(layer, TRANSPOSED):  # (in, out, …): every input value goes into a sum for each of the other axes
        return given.numel() * weight[0].numel()
    return int(output.numel() * weight[0].numel())  # (out, …): every output value is a sum over the other axes


def peak_memory_mb(device: str) -> float:
    """Largest memory in use so far: of the GPU where there is one, else resident memory of this process; MB."""
    if device.startswith("cuda"):
        return round(torch.cuda.max_memory_allocated(device) / 1e6, 1)
    return processes.peak_memory_mb()
