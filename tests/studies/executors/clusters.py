"""A cluster of several nodes on this machine, on loopback, that lives as long as a module's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paribus.studies.executors import connection

LOCALHOST = {"node_ip_address": "127.0.0.1", "include_dashboard": False}
SMALLEST_STORE = 80_000_000  # ray takes no less than 75 MB
SYSTEM = {  # of all nodes: a dead one answers no question, so it is soon known; a slow one may take long
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 300,
    "health_check_failure_threshold": 3,
    "health_check_timeout_ms": 10_000,
    "prestart_worker_first_driver": False,  # the executor starts what it needs
    "enable_metrics_collection": False,
}


@contextmanager
def cluster(**head: Any) -> Iterator[Any]:
    """One whose first node is this process's own; further ones by ``add``."""
    ray = connection.loaded()
    from ray.cluster_utils import Cluster

    made = Cluster(shutdown_at_exit=False)
    add(made, _system_config=SYSTEM, **head)
    try:
        connection.connect(made.address)
        yield made
    finally:
        processes = [process for node in made.list_all_nodes() for process in processes_of(node)]
        connection.disconnect()
        made.shutdown()
        for process in processes:
            process.wait(timeout=10)
        Path(ray._private.utils.get_ray_address_file(None)).unlink(missing_ok=True)  # by which others would find it


def add(made: Any, **options: Any) -> Any:
    """A further node."""
    return made.add_node(**LOCALHOST, object_store_memory=SMALLEST_STORE, **options)


def kill(made: Any, node: Any) -> None:
    """End a node as a power cut would."""
    processes = processes_of(node)
    made.remove_node(node, allow_graceful=False)
    for process in processes:
        process.wait(timeout=10)
    made.wait_for_nodes()  # the cluster knows that it is gone


def processes_of(node: Any) -> list[Any]:
    """What a node has started."""
    return [info.process for kind in node.all_processes.values() for info in kind]
