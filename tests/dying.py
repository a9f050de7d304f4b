"""A training of which one process dies, as a script that torchrun starts: ``dying.py FOLDER``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests import ranked

from paribus.errors import ParibusError
from paribus.training.distributed import follow
from paribus.training.run import Run

LAST = 9  # steps before it dies, of twelve: in the middle of the second epoch


def run_in(folder: Path) -> Run:
    """The training."""
    return Run(ranked.recipe_of("dropout", folder), seed=1, runs=folder)


def dying(step: Any) -> Any:
    """A step that kills its process, as the system does when memory runs out."""
    taken = []

    def die(*given: Any) -> None:
        if len(taken) == LAST:
            os.kill(os.getpid(), signal.SIGKILL)
        taken.append(step(*given))

    return die


if __name__ == "__main__":
    if os.environ["RANK"] == "1":
        follow.step = dying(follow.step)
    try:
        run_in(Path(sys.argv[1])).train(
            device="cpu", threads=1, checkpoint_seconds=0.0, listen=lambda progress: None, progress=lambda *_: None
        )
    except ParibusError as error:  # as the command says it
        sys.exit(str(error))
