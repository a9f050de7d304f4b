"""``python -m paribus.diagnosis.grading``: train planted faults and sound twins, ask the doctor, write the table."""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from paribus import files
from paribus.diagnosis.grading import cases, grades, limits, parts, work
from paribus.diagnosis.grading.harm import SEEDS
from paribus.diagnosis.grading.hosts import SETS
from paribus.diagnosis.grading.table import Grading, confidence, markdown
from paribus.diagnosis.grading.treatments import tried
from paribus.errors import Interrupted, ParibusError
from paribus.progress import Lines
from paribus.streams import errors_alone

SOUND = 3  # seeds of each kind of sound training: more than 300 trainings in all


def main(words: Sequence[str] | None = None) -> int:
    """Parse words, train what is left, grade what is there."""
    given = _parser().parse_args(words)
    parts.plug_in()
    try:
        with errors_alone("paribus"):  # what the checks of recipes say of planted faults is no news
            print(limits.write(Path(given.rates)) if given.rates else _graded(given))
    except ParibusError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _graded(given: argparse.Namespace) -> str:
    severities = [cases.SEVERITIES.index(name) for name in given.severity or cases.SEVERITIES]
    pairs = [] if given.sound_only else cases.pairs(given.set, given.seeds, severities, given.only, given.thin)
    sound = cases.sound(given.set, given.sound, given.only, given.thin_sound or given.thin)
    runs, until = Path(given.runs) / given.set, time.monotonic() + 60 * given.minutes
    if given.minutes > 0:
        _train(work.in_turn(pairs, sound), runs, given.jobs, 60 * given.minutes)
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    found = Grading(given.set, grades.planted(pairs, runs), grades.sound(sound, runs), machine)
    if given.treatments:
        seconds = max(0.0, until - time.monotonic())
        limits = {"most": given.treatments, "jobs": given.jobs, "seconds": seconds}
        done = tried(pairs, found.harmful, runs, **limits, progress=Lines())
        found = replace(found, tried=done)
    table = markdown(found)
    if given.markdown:
        files.write_bytes(Path(given.markdown), table.encode())
    if given.confidence:
        files.write_json(Path(given.confidence), confidence(found))
    return table


def _train(left: list[cases.Case], runs: Path, jobs: int, seconds: float) -> None:
    try:
        work.train(left, runs, jobs=jobs, seconds=seconds, progress=Lines())
    except Interrupted:
        print("interrupted: what is trained is graded", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m paribus.diagnosis.grading", description=__doc__)
    parser.add_argument("--set", choices=tuple(SETS), default="grading", help="which side")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"pairs for each fault in a host (default: {SEEDS})")
    parser.add_argument("--severity", choices=cases.SEVERITIES, action="append", help="only this one; may be repeated")
    parser.add_argument("--sound", type=int, default=SOUND, help=f"seeds of each sound kind (default: {SOUND})")
    parser.add_argument("--sound-only", action="store_true", help="plant nothing")
    parser.add_argument("--thin", type=int, default=1, metavar="N", help="one in N cells (default: all)")
    parser.add_argument("--thin-sound", type=int, metavar="N", help="one in N sound kinds (default: as --thin says)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="FAULT/HOST", help="a fault, a host, or one in the other; repeat"
    )
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time (default: 1)")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training; 0 only grades (default: 60)")
    parser.add_argument("--runs", default="runs/grading", help="folder of all trainings (default: runs/grading)")
    parser.add_argument(
        "--treatments", type=int, default=0, metavar="N",
        help="also study treatments of N harmful faults that were detected, drawn at random, and random changes",
    )  # fmt: skip
    parser.add_argument("--confidence", metavar="FILE", help="write how often each cause was right, for the doctor")
    parser.add_argument(
        "--rates", metavar="FILE", help="write into the doctor's table which learning rates sound recipes take; no more"
    )
    parser.add_argument("--markdown", metavar="FILE", help="write the table there, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
