"""``python -m benchmarks [NAME[:PART] ...] [--repeats N]``: measure, and print a Markdown table."""

from __future__ import annotations

import argparse
import importlib
import os

from benchmarks.table import HEAD
from paribus.records.environment import environment

SUBJECTS = (
    *("startup", "single", "study", "many", "memory", "store", "busy", "tune", "fused", "processes"),
    *(
        "augmentation",
        "frameworks",
        "scratch",
        "generators",
        "pixels",
        "plates",
        "sequences",
        "unlabelled",
        "signals",
        "page",
        "page_browser",
        "cluster",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", default=SUBJECTS, metavar="NAME", help=", ".join(SUBJECTS))
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    import torch

    place = environment()
    print(f"{place['processor']}, {place['cores']} cores, torch {torch.__version__}, load {os.getloadavg()[0]:.1f}\n")
    print(HEAD, flush=True)
    for subject in arguments.subjects:
        name, *part = subject.split(":")
        for row in importlib.import_module(f"benchmarks.{name}").rows(arguments.repeats, *part):
            print(row.text(), flush=True)


if __name__ == "__main__":
    main()
