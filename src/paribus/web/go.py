"""``python -m paribus.web.go run|study|search FOLDER [--seeds N]``: go on with what was begun, as its command would.

A study with more seeds notes that one looked before they were added, as it does on the command line.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.streams import say


def main() -> None:
    """Read the words, and go on; an error is one message."""
    parser = argparse.ArgumentParser(prog="python -m paribus.web.go", description=__doc__)
    parser.add_argument("kind", choices=["run", "study", "search"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int)
    asked = parser.parse_args()
    try:
        {"run": _run, "study": _study, "search": _search}[asked.kind](asked)
    except ParibusError as error:
        say(f"error: {error}")
        sys.exit(error.exit_code)


def _run(asked: Any) -> None:
    from paribus.run import Run

    Run.open(asked.folder).train()


def _study(asked: Any) -> None:
    from paribus.study import Study

    study = Study.open(asked.folder)
    if asked.seeds:
        study.design = study.design.model_copy(update={"seeds": more(study.design.seeds, asked.seeds)})
    study.run()
    study.report()


def more(seeds: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Seeds and so many more: the smallest that are not there yet."""
    free = (seed for seed in range(len(seeds) + count + max(seeds) + 1) if seed not in seeds)
    return (*seeds, *(seed for seed, _ in zip(free, range(count), strict=False)))


def _search(asked: Any) -> None:
    from paribus.search import Tune

    search = Tune.open(asked.folder)
    search.run()
    search.report()


if __name__ == "__main__":
    main()
