"""What is learned: a loss, metrics, predictions. One file a task; adding one touches nothing else."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "classification": "classification:Classification",
}
