"""A connection to a ray cluster: quiet, on this machine by loopback alone, and refused in words where it cannot be.

Ray is Apache-2.0 software of its own (https://docs.ray.io); it is imported when a study asks for it, never before.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from paribus.errors import StudyError, message_of
from paribus.records.environment import cores

INSTALL = "pip install 'paribus[ray]'"
LOCAL, RUNNING = "local", "auto"  # a cluster of this machine for this study; the one that runs on this machine
ADDRESS = "RAY_ADDRESS"  # ray's own variable: where the cluster is
ANSWER_SECONDS = 4.0  # that a cluster has to accept a connection, and as many to say a word
STORE_BYTES = 200_000_000  # of a cluster of this machine: data are shared by the cache, only events pass through
MODE, TOKENS = "RAY_AUTH_MODE", ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")  # whether a token is asked for, and which
KEPT = Path("~/.ray/auth_token")  # where ray keeps the one that it made
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # or it warns of what it will do in future
    "RAY_DEDUP_LOGS": "0",
}
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # where it is off, ray listens on 127.0.0.1 only, on Linux too
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # HTTP/2, and empty settings
SETTINGS = 4  # kind of the frame with which whoever speaks HTTP/2 answers: RFC 9113, section 6.5


@dataclass(frozen=True)
class Node:
    """A machine of a cluster, as far as runs are concerned.

    Args:
        name: of the machine.
        cpus, gpus: how many it has in all, whoever uses them now.
    """

    name: str
    cpus: float
    gpus: float

    def room(self, cpus: float, gpus: float) -> int:
        """Runs that fit at the same time on this machine, if it is empty."""
        rooms = [int(have / need + 1e-9) for have, need in ((self.cpus, cpus), (self.gpus, gpus)) if need]
        return min(rooms, default=1)

    def __str__(self) -> str:
        return f"{self.name}: {self.cpus:g} CPUs, {self.gpus:g} GPUs"


def is_open() -> bool:
    """Whether this process is connected to a cluster: then it has threads that a fork would leave behind."""
    ray = sys.modules.get("ray")
    return ray is not None and hasattr(ray, "is_initialized") and bool(ray.is_initialized())


def connect(address: str) -> bool:
    """Connect to a cluster; one that this process is connected to already is taken as it is.

    Args:
        address: ``HOST:PORT``; ``auto``, the cluster that runs on this machine; ``local``, one of this machine alone
            that lives as long as the connection; empty for what ``RAY_ADDRESS`` says, or else ``local``.

    Returns:
        Whether it was connected now, so that whoever asked disconnects.

    Raises:
        StudyError: where ray is missing, nobody answers, or its version is another one.
    """
    address = address or os.environ.get(ADDRESS) or LOCAL
    if address != LOCAL:
        _show_token()
    ray = loaded()
    if ray.is_initialized():
        return False
    if "://" in address:
        hint = "start the command on a machine of the cluster, as: ray job submit -- paribus study … --on ray"
        raise StudyError("a study is run from within its cluster, not through ray's client", got=address, hint=hint)
    if address not in (LOCAL, RUNNING):
        _probe(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    if address == LOCAL:
        options |= {"num_cpus": cores(), "include_dashboard": False, "object_store_memory": STORE_BYTES}
        options |= {"_node_ip_address": "127.0.0.1"}
    try:
        with _quietly(ray, address):
            ray.init(address, **options)
            _silence(ray)
    except Exception as error:  # ray raises whatever it likes
        ray.shutdown()
        raise _refused(address, error) from None
    return True


def loaded() -> ModuleType:
    """Ray itself.

    Raises:
        StudyError: where it is not installed.
    """
    for name, value in {**QUIET, LOOPBACK: "0"}.items():  # some are read when it is imported
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise StudyError("--on ray needs ray", got=str(error), hint=INSTALL) from None
    return ray


def disconnect() -> None:
    """Leave the cluster; one of this process ends."""
    ray = sys.modules.get("ray")
    if ray is None:
        return
    with suppress(Exception):
        node = ray._private.worker._global_node
        started = [info.process for kind in node.all_processes.values() for info in kind] if node else []
        ray.shutdown()
        for process in started:  # ray ends them and does not wait, so that Python would complain of them later
            process.wait(timeout=5)


def nodes() -> list[Node]:
    """The machines of the cluster that are alive."""
    found = []
    for node in loaded().nodes():
        if node["Alive"]:
            has = node["Resources"]
            found.append(Node(str(node["NodeManagerHostname"]), has.get("CPU", 0.0), has.get("GPU", 0.0)))
    return found


def room(known: Sequence[Node], cpus: float, gpus: float) -> int:
    """How many runs the cluster has room for, if it is empty.

    Raises:
        StudyError: where no machine has what a single run asks for.
    """
    if places := sum(node.room(cpus, gpus) for node in known):
        return places
    wanted = f"{cpus:g} CPUs" + (f" and {gpus:g} GPUs" if gpus else "")
    hint = "lower --cpus-per-run or --gpus-per-run, or start a node that has them"
    raise StudyError(f"no node of the cluster has {wanted}", got="; ".join(map(str, known)), hint=hint)


def _show_token() -> None:
    """Let ray show the token that is known here: `ray start` asks for it by itself, and `ray.init` does not show it.

    A cluster without one does not look at it. Ray reads the variable when it is imported.
    """
    known = bool(set(TOKENS) & os.environ.keys()) or KEPT.expanduser().exists()
    if known and MODE not in os.environ and "ray" not in sys.modules:
        os.environ[MODE] = "token"


def _probe(address: str) -> None:
    """Refuse an address at which nobody answers as a cluster does: ray itself would wait for minutes.

    Raises:
        StudyError: naming it, in a few seconds.
    """
    host, _, port = address.rpartition(":")
    hint = "is it HOST:PORT, as `ray start --head` prints it, and is the cluster up? ray's usual port is 6379"
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise StudyError("the address of a cluster is HOST:PORT", got=address, hint=hint)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS) as wire:
            if os.environ.get("RAY_USE_TLS", "0") not in ("0", ""):
                return  # it would not understand an open word
            wire.settimeout(ANSWER_SECONDS)
            wire.sendall(PREFACE)
            answer = wire.recv(9)
    except OSError as error:
        reason = error.strerror or "no answer in time"
        raise StudyError(f"no cluster answers at this address: {reason}", got=address, hint=hint) from None
    if len(answer) < 4 or answer[3] != SETTINGS:
        raise StudyError("something answers at this address that is no ray cluster", got=address, hint=hint)


def _silence(ray: ModuleType) -> None:
    """Keep what ray says of lost nodes from standard output, where tables and JSON are: the executor says it itself.

    Ray has no option for that: its listener prints by a function of its module, whatever ``log_to_driver`` says.
    """
    if hasattr(ray._private.worker, "print_to_stdstream"):
        ray._private.worker.print_to_stdstream = lambda *_, **__: None


def _on_loopback_alone(ray: ModuleType, address: str) -> bool:
    """Whether a cluster answers by 127.0.0.1 only: ray would look for it by the name of this machine, for minutes."""
    host, _, port = address.rpartition(":")
    if host not in ("localhost", "127.0.0.1"):
        return False
    try:
        socket.create_connection((ray._private.services.get_node_ip_address(), int(port)), ANSWER_SECONDS).close()
    except OSError:
        return True
    return False


def _refused(address: str, error: Exception) -> StudyError:
    """What ray said, in words that help."""
    said = str(error)
    if "ersion mismatch" in said:
        here = next((line.strip() for line in said.splitlines()[:1]), "")
        versions = " ".join(line.strip() for line in said.splitlines()[1:] if line.strip())
        hint = "install the cluster's version of Python and ray here, or this one there: all nodes need the same"
        return StudyError("the cluster has another version of ray or Python", got=versions or here, hint=hint)
    reason = message_of(error).splitlines()[0]
    hint = f"start the command on a machine of the cluster; is it up there, and does it ask for a token? ({reason})"
    return StudyError("there is no connection to a ray cluster", got=address, hint=hint)


@contextmanager
def _quietly(ray: ModuleType, address: str) -> Iterator[None]:
    """Let ray begin without a word, with signals as they were, and its own clusters closed to others.

    A cluster of this machine listens on loopback and has a secret of its own, which is written nowhere: ray would keep
    one in the home folder.
    """
    before: Mapping[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    level, loopback = logging.getLogger("ray").level, ray._private.ray_constants.ENABLE_RAY_CLUSTER
    logging.getLogger("ray").setLevel(logging.ERROR)
    if address == LOCAL or _on_loopback_alone(ray, address):
        ray._private.ray_constants.ENABLE_RAY_CLUSTER = False
    if address == LOCAL and not {MODE, *TOKENS} & os.environ.keys():
        os.environ[TOKENS[0]] = secrets.token_hex(32)
    try:
        yield
    finally:
        logging.getLogger("ray").setLevel(level)
        ray._private.ray_constants.ENABLE_RAY_CLUSTER = loopback
        for number, handler in before.items():
            signal.signal(number, handler)
