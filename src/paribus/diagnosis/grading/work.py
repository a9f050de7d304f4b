"""Training what is not trained yet, for so many minutes, by so many workers. Run folders are all that is kept."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from paribus.diagnosis.grading.cases import Case, Pair
from paribus.progress import Announce
from paribus.records.run import RunFolder
from paribus.studies.executors import make
from paribus.studies.executors.job import Event, Job
from paribus.training.execution import Settings

OVER = ("finished", "diverged", "failed")


def settled(folder: RunFolder) -> bool:
    """Whether a training came to an end, be it that it was refused."""
    return folder.exists and folder.status.state in OVER


def in_turn(pairs: Sequence[Pair], sound: Sequence[Case]) -> list[Case]:
    """All trainings, each once: planted ones behind their twins, sound ones in between."""
    planted = [case for pair in pairs for case in (pair.twin, pair.planted)]
    share = max(1, len(planted) // max(1, len(sound)))
    mixed: list[Case] = []
    for place, case in enumerate(planted):
        mixed += sound[place // share : place // share + 1] if place % share == 0 else []
        mixed.append(case)
    return list({(case.recipe.identity, case.seed): case for case in (*mixed, *sound)}.values())


def train(cases: Iterable[Case], runs: Path, *, jobs: int, seconds: float, progress: Announce) -> int:
    """Train what is not settled yet; gives how many trainings came to an end.

    Args:
        cases: all that are wanted.
        runs: the folder of all runs.
        jobs: at the same time.
        seconds: after which no further one is begun.
        progress: told how many of those that were left are done.

    Raises:
        Interrupted: when asked to stop; what runs has saved its state.
    """
    left = [case for case in cases if not settled(case.folder(runs))]
    until, done = time.monotonic() + seconds, 0

    def due() -> Iterator[Job]:
        for case in left:
            if time.monotonic() > until:
                return
            yield Job(case.host, case.seed, case.recipe, case.folder(runs).path, Settings("cpu", 1))

    def listen(event: Event) -> None:
        nonlocal done
        done += event.kind in ("finished", "diverged", "failed")
        progress("training", done, len(left))

    make("inprocess" if jobs == 1 else "pool", jobs, "cpu").run(due(), listen)
    return done
