"""How processes that train together find each other, and what each says of itself before it begins.

Two ways lead here: paribus starts the other processes itself, on this machine, and they meet through a file that nobody
else can read; or something like ``torchrun`` has started all of them, on one machine or on several, and says in the
environment who is who.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist

from paribus.errors import RecipeError, RunError
from paribus.records.inputs import Inputs, identity_of
from paribus.records.parts import factory_of, is_own
from paribus.records.plugins import PREFIX
from paribus.records.recipe import Recipe
from paribus.training.execution import Settings

if TYPE_CHECKING:
    from torch._C._distributed_c10d import ProcessGroup, Store

NAMED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # by torchrun and its like
LOOPBACK = {"linux": "lo", "darwin": "lo0"}  # how the network of this machine alone is called
EVALUATING = timedelta(days=1)  # the others wait while the first evaluates; one that is dead is noticed at once

_meetings = 0  # of this process so far: one script may train several times


@dataclass(frozen=True)
class Place:
    """Who this process is where others were started beside it.

    Args:
        rank: its number, from 0.
        size: how many they are.
        local: its number on its machine.
    """

    rank: int
    size: int
    local: int


def place() -> Place | None:
    """The place that torchrun gave this process; none where it was started alone.

    Raises:
        RunError: if what the environment says makes no sense.
    """
    if any(name not in os.environ for name in NAMED):
        return None
    try:
        rank, size, local = (int(os.environ.get(name, "0")) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    except ValueError:
        rank, size, local = -1, 0, 0
    if not 0 <= rank < size:
        got = ", ".join(f"{name}={os.environ[name]}" for name in NAMED[:2])
        rule = "the environment says which of several processes this is, and it makes no sense"
        raise RunError(rule, got=got, hint="start it with torchrun, or unset RANK and WORLD_SIZE")
    return Place(rank, size, local) if size > 1 else None


def agreed(processes: int | None) -> int:
    """How many processes train: as asked for, and as torchrun started them.

    Raises:
        RunError: if these differ.
    """
    here = place()
    if here is None:
        return processes or 1
    if processes not in (None, 1, here.size):
        hint = "leave --processes out where torchrun starts the processes"
        raise RunError("two say how many processes train", got=f"{processes}, and torchrun {here.size}", hint=hint)
    return here.size


def check(recipe: Recipe, examples: int, size: int) -> None:
    """Refuse batches that cannot be shared out.

    Raises:
        RecipeError: saying which number does not fit.
    """
    batch, options = recipe.training.batch(examples), recipe.training
    least = max(1, examples // -(-examples // batch)) // options.accumulate
    several = max(size, options.norm_parts or 1)
    if least < several:
        of = f"{options.accumulate} pieces of a batch of {batch}" if options.accumulate > 1 else f"a batch of {batch}"
        what = "process" if several == size else "part of norm_parts"
        rule = f"every {what} needs an example of every batch, or of every piece of it"
        hint = f"set training.batch_size={several * options.accumulate} or more"
        raise RecipeError(rule, got=f"{least} examples in the smallest of {of}, {several} of these", hint=hint)
    if size > 1 and (options.norm_parts or size) % size:
        rule = "the parts of training.norm_parts lie within one process each"
        raise RecipeError(rule, got=f"{options.norm_parts} parts, {size} processes", hint=f"set it to {size}")


def plan_of(recipe: Recipe, seed: int, settings: Settings, inputs: Inputs | None) -> dict[str, Any]:
    """What the first process tells the others: what to train, and by what they can tell that they would do the same."""
    return {
        "recipe": {"name": recipe.name, **recipe.resolved()},
        "seed": seed,
        "settings": asdict(settings),
        "plugins": files_of(recipe),
        "recipe identity": recipe.identity,
        "data": identity_of(recipe.identity, inputs) if inputs is not None else "",
        **software(),
    }


def files_of(recipe: Recipe) -> list[str]:
    """The files in which a recipe's own parts are, as other processes must load them; plug-ins first.

    Raises:
        RunError: for a part that is in none: of a notebook, of a script that is being run, given as an object.
    """
    modules = {name: module for name, module in sys.modules.items() if name.startswith(PREFIX)}
    for kind, part in recipe.fields.values():
        if is_own(kind, part):
            name = factory_of(kind, part).__module__
            if name == "__main__" or not getattr(sys.modules.get(name), "__file__", None):
                hint = "write it into a file, and load that: --plugin FILE.py, in Python pb.load_plugin"
                rule = "parts of one's own reach other processes from a file"
                raise RunError(rule, got=f"{kind} {part.use}", hint=hint)
            modules[name] = sys.modules[name]
    return list(dict.fromkeys(str(Path(module.__file__).absolute()) for module in modules.values() if module.__file__))


def compare(plan: Mapping[str, Any], own: Mapping[str, Any], rank: int) -> None:
    """Refuse to train something else than the first process does, or with other code.

    Raises:
        RunError: naming what differs.
    """
    words = {"paribus": "code of paribus", "torch": "version of torch", "recipe identity": "recipe", "seed": "seed"}
    for name, what in {**words, "data": "data"}.items():
        if name in own and "" not in (own[name], plan[name]) and own[name] != plan[name]:
            hint = "start all processes with the same command, the same versions and the same files"
            got = f"{own[name]} in rank {rank}, {plan[name]} in rank 0"
            raise RunError(f"all processes of a run have the same {what}", got=got, hint=hint)


@cache
def software() -> dict[str, str]:
    """The versions of what trains, paribus's own down to its text."""
    text = hashlib.sha256()
    home = Path(__file__).parents[2]
    for file in sorted(home.rglob("*.py")):
        text.update(file.relative_to(home).as_posix().encode())
        text.update(file.read_bytes())
    return {"paribus": f"{metadata.version('paribus')} {text.hexdigest()[:12]}", "torch": str(torch.__version__)}


def store_in(folder: str) -> Store:
    """What the processes of this machine read and write together: a file."""
    from torch.distributed import FileStore  # type: ignore[attr-defined]

    found: Store = FileStore(str(Path(folder) / "store"), -1)
    return found


def store_of_torchrun() -> Store:
    """What the processes read and write together where torchrun started them: another part of it at every meeting.

    Raises:
        RunError: if nobody answers.
    """
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]
    from torch.distributed.rendezvous import rendezvous

    global _meetings
    _meetings += 1
    try:
        store, _, _ = next(rendezvous("env://", timeout=timedelta(minutes=5)))
    except (RuntimeError, ValueError, StopIteration) as error:
        got = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}: {str(error).splitlines()[0]}"
        raise RunError("the processes do not find each other", got=got, hint="see how torchrun was called") from None
    restarts = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    found: Store = PrefixStore(f"paribus/{restarts}/{_meetings}", store)
    return found


def check_patience(seconds: float) -> None:
    """Refuse a time in which nobody could come to a step.

    Raises:
        RunError: for less than a second.
    """
    if not 1 <= seconds <= EVALUATING.total_seconds():
        hint = "for example 600; a step of the slowest process must fit into it, its data included"
        raise RunError("the patience with a process is 1 second to 1 day", got=seconds, hint=hint)


def connect(store: Store, rank: int, settings: Settings) -> ProcessGroup:
    """Connect this process with the others, for numbers on CPUs and, where there are some, on GPUs.

    Returns:
        A second connection, for words: for the next one the others wait as long as the first process evaluates.
    """
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]

    backend = "gloo" if torch.device(settings.device).type == "cpu" else "cpu:gloo,cuda:nccl"
    shown = sys.excepthook
    dist.init_process_group(
        backend,
        store=PrefixStore("group", store),
        rank=rank,
        world_size=settings.processes,
        timeout=timedelta(seconds=settings.patience),
    )
    sys.excepthook = shown  # torch puts the rank before every line of what people see
    # a word leaves the first process only when the others listen: it waits for them no longer than in a step
    patience = EVALUATING if rank else timedelta(seconds=settings.patience)
    words: ProcessGroup = dist.new_group(backend="gloo", timeout=patience)
    return words


@contextmanager
def on_loopback() -> Iterator[None]:
    """A block in which processes of this machine meet on no other network, unless the user has chosen one."""
    name, chosen = "GLOO_SOCKET_IFNAME", LOOPBACK.get(sys.platform, "")
    ours = chosen and name not in os.environ
    if ours:
        os.environ[name] = chosen
    try:
        yield
    finally:
        if ours:
            os.environ.pop(name, None)


def placed(settings: Settings, local: int) -> Settings:
    """With the device of one process of a machine: each has a GPU of its own.

    Raises:
        RunError: if there are fewer GPUs, or the device cannot be shared.
    """
    kind = settings.device
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cpu":
        return replace(settings, device="cpu")
    if kind != "cuda":
        raise RunError("several processes train on CPUs, or on a GPU each", got=kind, hint="set --device cpu or cuda")
    if local >= (count := torch.cuda.device_count()):
        hint = f"set --processes {count}, or --device cpu"
        raise RunError("every process needs a GPU of its own", got=f"{count} GPUs", hint=hint)
    return replace(settings, device=f"cuda:{local}")


def here() -> str:
    """This process, for others: its machine and its number, as JSON."""
    return json.dumps([socket.gethostname(), os.getpid()])
