"""Evidence from numbers in Python: figures that were measured elsewhere, compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paribus.exchange.stores import is_store
from paribus.records.claims import Claim
from paribus.records.result import StudyResult
from paribus.studies.numbers.conclude import Options, conclude
from paribus.studies.numbers.frames import table_of
from paribus.studies.numbers.stores import table_of_store


def evidence(
    results: Any,
    *,
    arm: str | Sequence[str] = (),
    seed: str | None = None,
    metric: str | None = None,
    by_epoch: str | None = None,
    lower_is_better: bool | None = None,
    percent: bool = False,
    delta: float | str | None = None,
    reference: str | None = None,
    claim: Claim | None = None,
    overlap: float | None = None,
    unpaired: bool = False,
    confidence: float = 0.95,
    name: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    command: str = "",
) -> StudyResult:
    """What figures that were measured elsewhere show: the same record, table, report and pictures as of a study.

    >>> found = {"sgd": [0.91, 0.90, 0.92, 0.91], "adam": [0.93, 0.93, 0.94, 0.92]}
    >>> evidence(found, metric="accuracy").effects[0].verdict.word
    'better'

    Args:
        results: a CSV, TSV, JSON, JSON lines or Parquet file; a frame of pandas or polars; a list of records; a mapping
            of arms, each with a list of figures or with a figure for each seed. Long tables have a row for each run
            and name the columns in ``arm``, ``seed`` and ``metric``; wide ones have a column for each arm. An empty
            cell or ``None`` is a run without a figure; NaN and infinity are those of a run that diverged. Or the folder
            or database of another tool (MLflow, Weights & Biases, TensorBoard, Optuna), whose parameters are columns.
        arm: the column that makes the arms, or several: where all combinations of their values are there, main effects
            and interactions are told apart.
        seed: the column of the seed, which pairs runs; by default the one called ``seed``. Without one, means of arms
            are compared (Welch 1947).
        metric: the column of the figure; of a wide table, what its figures are called.
        by_epoch: the column that counts the rows of a run, whose figure is that of the last one; ``best:epoch`` takes
            the best one.
        lower_is_better: the good direction, where the name does not say it.
        percent: whether the figures are per cent, 0 to 100; well-known shares are recognised.
        delta: the smallest difference that matters: ``"1pt"`` or ``0.01`` for a percentage point of a share, else a
            number in the unit of the figure.
        reference: the arm that others are compared with; by default the first one.
        claim: what verdicts are about: ``"these"`` data, or data ``"like-these"``, which takes ``overlap``.
        overlap: validation examples for each one that trains, where every seed draws its own split of one data set.
        unpaired: whether runs of the same seed share nothing.
        confidence: of the intervals; the rate of false alarms is 1 − confidence.
        name: what the comparison is called; a file is called by its own name.
        out: a folder for ``report.html``, ``report.md`` and pictures.
        overwrite: whether files in it may be written over.
        command: how the same is asked for again, for the report.

    Raises:
        EvidenceError: naming the row, the arm or the column that cannot be read as asked.
        DataError: for files that cannot be read.
    """
    arms = (arm,) if isinstance(arm, str) else tuple(arm)
    options = Options(
        arms=arms,
        seed=seed,
        metric=metric,
        by_epoch=by_epoch,
        lower_is_better=lower_is_better,
        percent=percent,
        delta=delta,
        reference=reference,
        claim=claim,
        overlap=overlap,
        unpaired=unpaired,
        confidence=confidence,
        command=command,
    )
    if is_store(results):
        table, options = table_of_store(Path(results), options, name)
    else:
        table = table_of(results, name)
    result = conclude(table, options)
    if out is not None:
        from paribus.reports.files import write

        write(result, Path(out), overwrite)
    return result
