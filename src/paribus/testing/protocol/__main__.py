"""``python -m paribus.testing.protocol``: planted faults that a lint finds, and clean runs that it flags."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from paribus.diagnosis.lint.lint import lint
from paribus.testing.protocol.clean import Clean, judge
from paribus.testing.protocol.planted import FAULTS, kept_parts


def main() -> int:
    """Plant, train, look, and say how often the lint was right; 1 if it was wrong once."""
    words = _parser().parse_args()
    logging.disable(logging.WARNING)
    missed = [] if words.clean else _planted()
    flagged = _clean(words.clean, words.seed, words.real) if words.clean else []
    return int(bool(missed or flagged))


def _planted() -> list[str]:
    """The faults that are not found."""
    missed = []
    for name, fault in FAULTS.items():
        with tempfile.TemporaryDirectory(prefix="paribus-planted-") as folder, kept_parts():
            found = lint(fault.plant(Path(folder)))
        beside = ", ".join(other for other in found.names if other != fault.check)
        hit = fault.check in found.names
        missed += [] if hit else [name]
        print(f"{'found ' if hit else 'MISSED'}  {name:<24} {fault.check:<20} {beside}", flush=True)
    print(f"\n{len(FAULTS) - len(missed)} of {len(FAULTS)} planted faults found")
    return missed


def _clean(count: int, seed: int, real: bool) -> list[Clean]:
    """The clean runs that are flagged."""
    runs = judge(count, seed, _tell, real)
    flagged = [run for run in runs if run.flagged]
    low, high = interval(len(flagged), len(runs))
    names = len({run.recipe for run in runs})
    print(f"\n{len(flagged)} of {len(runs)} clean runs flagged, of {names} recipes (95 % [{low:.2%}, {high:.2%}])")
    return flagged


def _tell(one: Clean) -> None:
    said = f"left out: {one.left_out}" if one.left_out else "; ".join(one.flagged) or "clean"
    changes = " ".join(f"{field}={value}" for field, value in one.changes.items())
    print(f"{one.recipe:<28} seed {one.seed}  {said}  [{changes}]", flush=True)


def interval(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share by Clopper & Pearson (1934)."""
    from scipy.stats import binomtest

    found = binomtest(hits, max(1, trials)).proportion_ci(0.95, "exact")
    return float(found.low), float(found.high)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m paribus.testing.protocol", description=__doc__)
    parser.add_argument("--clean", type=int, metavar="RUNS", help="train so many clean runs instead of planted faults")
    parser.add_argument("--seed", type=int, default=0, help="the first seed of clean runs")
    parser.add_argument("--real", action="store_true", help="with recipes of public data, some of which hold copies")
    return parser


if __name__ == "__main__":
    sys.exit(main())
