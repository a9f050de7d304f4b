"""``pb.compare``: two runs, or the arms of a study, example by example."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from paribus.analysis.comparison import MOST, PROBE, Comparison
from paribus.analysis.comparison import compare as compare_networks
from paribus.errors import StudyError
from paribus.inference.trained import load
from paribus.records.store import MARKERS, find
from paribus.studies.flips import StudyFlips, flips_of
from paribus.studies.held_out import test_run


def compare(
    first: Any,
    second: Any = None,
    *,
    arm: str | None = None,
    split: Literal["val", "test"] = "val",
    because: str = "",
    most: int = MOST,
    probe: int = PROBE,
    shown: int = 12,
    runs: str | Path = "runs",
) -> Comparison | StudyFlips:
    """Who flips: two runs on the same examples, or the arms of a study beyond what its seeds do.

    >>> pb.compare("runs/a", "runs/b").changed  # doctest: +SKIP
    >>> pb.compare(study).arms[0].excess  # doctest: +SKIP

    Args:
        first: what :func:`load` takes: a path, a part of a run's name, ``last``, a Run; or, without a second, a Study.
        second: likewise, the other run.
        arm: of a study with several, the one that is compared with the reference.
        split: examples of two runs; ``test`` opens the test of both, and that is written down.
        because: why the test is opened.
        most: examples of two runs that are asked, the first ones.
        probe: of these, those whose features are compared layer by layer.
        shown: examples that are kept.
        runs: the folder below which names are looked for.

    Raises:
        DataError: if two runs know other classes, learned from other data, or have no example in common.
        StudyError: for a study whose runs do not validate on the same examples.
        RunError: if there is no such run, or it has not finished.
    """
    if second is None:
        return flips_of(_study(first, Path(runs)), arm, shown)
    if arm is not None:
        raise StudyError("two runs have no arms", got=arm, hint="leave the arm out, or name their study alone")
    one, other = load(first, runs=runs), load(second, runs=runs)
    for trained in (one, other) if split == "test" else ():
        test_run(trained.folder, because)
    return compare_networks(one, other, split, most, probe, shown)


def _study(given: Any, runs: Path) -> Path:
    """The folder of a study."""
    folder = getattr(given, "folder", given)
    if not isinstance(folder, (str, Path)):
        hint = "give a second run; or a Study, its folder or a part of its name"
        raise StudyError("one run has nothing to be compared with", got=type(given).__name__, hint=hint)
    if Path(folder).is_dir() and (Path(folder) / MARKERS["study"]).exists():
        return Path(folder)
    found = find(str(folder), runs, "study", "run")
    if not (found / MARKERS["study"]).exists():
        hint = "name a second run: paribus compare RUN RUN"
        raise StudyError("one run has nothing to be compared with", got=str(found), hint=hint)
    return found
