"""``python -m paribus.testing.chaos``: a few minutes of chaos, and whether anything was lost."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from paribus.testing.chaos.disturbances import CASES
from paribus.testing.chaos.rounds import Report, hunt, table
from paribus.testing.chaos.scenarios import SCENARIOS


def main() -> int:
    """Parse words, hunt, and say what was found; 1 if anything was lost."""
    words = _parser().parse_args()
    if sys.platform == "win32":
        print("chaos needs processes that can be forked and killed: it runs on Linux and macOS")
        return 2
    seed = random.SystemRandom().randrange(10**6) if words.seed is None else words.seed
    root = Path(tempfile.mkdtemp(prefix="paribus-chaos-"))
    began = time.monotonic()
    print(f"seed {seed}, in {root}", flush=True)

    def tell(report: Report) -> None:
        print(report, flush=True)

    try:
        reports = hunt(
            root,
            seed=seed,
            rounds=words.rounds,
            seconds=words.minutes * 60 if words.rounds is None else float("inf"),
            only=words.only,
            jobs=words.jobs,
            keep=words.keep,
            scenarios=words.scenario or list(SCENARIOS),
            tell=tell,
        )
    finally:
        for shop in root.glob("shop-*"):
            shutil.rmtree(shop, ignore_errors=True)
        if not any(root.iterdir()):
            root.rmdir()
    print("", *table(reports), sep="\n")
    print(f"\n{len(reports)} rounds from seed {seed} in {(time.monotonic() - began) / 60:.1f} minutes")
    lost = [report for report in reports if report.loss]
    for report in lost:
        print(f"\n{report}\n  repeat: {report.command}")
        print("".join(f"  | {line}\n" for line in report.said.strip().splitlines()[-12:]), end="")
    return int(bool(lost))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m paribus.testing.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long (default: 3)")
    parser.add_argument("--rounds", type=int, help="how many rounds, however long they take")
    parser.add_argument("--seed", type=int, help="the number of the first round; round N repeats with --seed N")
    parser.add_argument("--only", choices=list(CASES), help="one kind of disturbance")
    parser.add_argument("--scenario", choices=list(SCENARIOS), action="append", help="run only this; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="rounds at the same time (default: 2)")
    parser.add_argument("--keep", action="store_true", help="keep the folder of each round with a loss")
    return parser


if __name__ == "__main__":
    sys.exit(main())
