"""From a table of figures to the result of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from paribus.errors import EvidenceError, nearest
from paribus.records.claims import Claim
from paribus.records.result import StudyResult
from paribus.records.wording import count, show
from paribus.studies.conclusions import of_values
from paribus.studies.foreign import plan
from paribus.studies.numbers import figures
from paribus.studies.numbers.arrange import SEEDS, Long, Runs, levels, named, some, wide
from paribus.studies.numbers.table import EMPTY, Table

FEWEST_COMMON = 2  # seeds that two arms share; one pair alone has no spread
BEST = (
    "The figure of a run is the best of its epochs, chosen by this figure itself: levels are too good, and so is a "
    "difference where one arm has more epochs to choose from."
)


@dataclass(frozen=True)
class Options:
    """What somebody says of a table; see :func:`paribus.numbers.evidence`."""

    arms: tuple[str, ...] = ()
    seed: str | None = None
    metric: str | None = None
    by_epoch: str | None = None
    lower_is_better: bool | None = None
    percent: bool = False
    delta: float | str | None = None
    reference: str | None = None
    claim: Claim | None = None
    overlap: float | None = None
    unpaired: bool = False
    confidence: float = 0.95
    command: str = ""

    @property
    def epoch(self) -> str | None:
        """The column that counts the rows of a run."""
        return self.by_epoch.removeprefix("best:").removeprefix("last:") if self.by_epoch else None

    @property
    def best(self) -> bool:
        """Whether the figure of a run is that of its best epoch, and not of its last one."""
        return bool(self.by_epoch and self.by_epoch.startswith("best:"))


def conclude(table: Table, options: Options) -> StudyResult:
    """The evidence in a table.

    Raises:
        EvidenceError: for what the table does not say, and what it says twice.
        StudyError: for a δ or a claim that do not fit.
    """
    options, said = _seed_by_name(table, options)
    runs = _arranged(table, options)
    name = options.metric or ""
    figure, taken = figures.figure(name, options.lower_is_better, runs.finite, options.percent)
    found = {f"{named(arm)} seed {seed}": value for arm, of in _by_arm(runs) for seed, value in of.items()}
    figures.check_scale(name, figure, found, options.percent)
    if figures.in_per_cent(figure, runs.finite, options.percent):
        runs = _as_shares(runs)
    runs = _referred(runs, options.reference)
    paired, why = _pairing(runs, options)
    design = plan(
        "numbers",
        figure,
        runs.factors,
        sorted({seed for of_arm in runs.values for seed in of_arm}),
        name=table.name,
        delta=options.delta,
        **_layout(runs),
        overlap=options.overlap,
        paired=paired,
        claim=options.claim,
        confidence=options.confidence,
        command=options.command,
    )
    of_arm = {tuple(arm.items()): place for place, arm in enumerate(runs.arms)}
    places = {arm.name: of_arm[tuple(arm.settings.items())] for arm in design.arms()}
    values = {arm: runs.values[place] for arm, place in places.items()}
    curves = {arm: {name: runs.curves[place]} for arm, place in places.items()} if runs.curves else {}
    result = of_values(design, values, curves)
    if runs.epochs:
        result = replace(result, arms=tuple(replace(arm, epochs=runs.epochs) for arm in result.arms))
    warnings = (taken, *said, *table.said, *runs.said, *([BEST] if options.best else ()), *why, *_layout_said(runs))
    return replace(result, warnings=(*warnings, *result.warnings), data={**table.about, **_read_as(options)})


def _seed_by_name(table: Table, options: Options) -> tuple[Options, list[str]]:
    """The column of seeds, where it is called so and nobody named another."""
    found = next((name for name in table.columns if name.lower() in SEEDS), None)
    if options.seed is not None or found is None or found in options.arms:
        return options, []
    said = [] if found == "seed" else [f"The column {found} is taken for the seed."]
    return replace(options, seed=found), said


def _arranged(table: Table, options: Options) -> Runs:
    """The runs of a table, long or wide."""
    if options.metric is None:
        hint = f"name it with --metric (Python: metric=…); columns: {some([*table.columns])}"
        raise EvidenceError("it has to be said which figure is compared", got=table.name, hint=hint)
    others = [name for name in table.columns if name not in (options.seed, options.epoch)]
    if not options.arms and options.metric not in table.columns:
        _refuse_long(table, options, others)
        return wide(table, options.seed, options.unpaired)
    if not options.arms and others != [options.metric]:
        raise EvidenceError(
            "it has to be said which column makes the arms",
            got=f"columns {some(others)}",
            hint="name it with --arm (Python: arm=…); for a column of figures for each arm, drop the other columns",
        )
    for column in (*options.arms, *filter(None, (options.seed, options.metric, options.epoch))):
        _ = table[column]
    if len({len(column) for column in table.columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in table.columns.items())
        raise EvidenceError("columns have as many values as there are rows", got=lengths, hint="fill them with None")
    higher = figures.figure(options.metric, options.lower_is_better, np.array([]), False)[0].higher_is_better
    pairs = None if options.unpaired and not options.epoch else options.seed
    return Long(table, options.arms, pairs, options.metric, options.epoch, options.best, higher).runs()


def _refuse_long(table: Table, options: Options, others: Sequence[str]) -> None:
    """Refuse a table whose columns are no arms: the figure that was named is none of them."""
    texts = [name for name in others if any(map(_is_text, table.columns[name][:1]))]
    if options.epoch or texts or not others:
        why = f", and {texts[0]} holds no figures that would make it an arm" if texts else ""
        hint = nearest(str(options.metric), table.columns)
        raise EvidenceError(f"there is no such column{why}", got=options.metric, hint=hint)


def _is_text(cell: Any) -> bool:
    """Whether a cell is neither a number nor nothing."""
    level = levels([cell])[0]
    return isinstance(level, str) and level.lower() not in ("(empty)", "nan", "inf", "-inf", *EMPTY)


def _as_shares(runs: Runs) -> Runs:
    """Figures in per cent as shares."""
    values = [{seed: value / 100 for seed, value in of_arm.items()} for of_arm in runs.values]
    curves = [[[y if y is None else y / 100 for y in line] for line in of_arm] for of_arm in runs.curves]
    return replace(runs, values=values, curves=curves)


def _by_arm(runs: Runs) -> Iterator[tuple[Mapping[str, Any], Mapping[int, float]]]:
    return zip(runs.arms, runs.values, strict=True)


def _referred(runs: Runs, reference: str | None) -> Runs:
    """The runs with the arm first that the others are compared with."""
    if reference is None:
        return runs
    wished = dict(pair.split("=", 1) for pair in reference.split(", ") if "=" in pair)
    wanted = {name.strip(): levels([level])[0] for name, level in wished.items()}
    fits = [
        place
        for place, arm in enumerate(runs.arms)
        if reference == named(arm)
        or (len(arm) == 1 and reference == show(*arm.values()))
        or (wanted and wanted.items() <= arm.items())
    ]
    if len(fits) != 1:
        rule = "more than one arm is called so" if fits else "there is no such arm"
        raise EvidenceError(rule, got=reference, hint=nearest(reference, map(named, runs.arms)))
    order = [fits[0], *(place for place in range(len(runs.arms)) if place != fits[0])]
    first = runs.arms[fits[0]]
    factors = {
        name: (first[name], *(one for one in found if one != first[name])) for name, found in runs.factors.items()
    }
    return replace(
        runs,
        factors=factors,
        arms=[runs.arms[place] for place in order],
        values=[runs.values[place] for place in order],
        curves=[runs.curves[place] for place in order] if runs.curves else (),
    )


def _pairing(runs: Runs, options: Options) -> tuple[bool, list[str]]:
    """Whether arms are compared seed by seed, and what is to be said of it."""
    if options.unpaired:
        return False, []
    if not runs.paired:
        said = "No column says the seed, so nothing pairs runs: means of arms are compared (Welch 1947)."
        return False, [said] if len(runs.arms) > 1 and options.arms else []
    shared = [{*runs.values[0]} & {*values} for values in runs.values[1:]]
    if shared and min(map(len, shared)) < FEWEST_COMMON:
        least = min(zip(map(len, shared), map(named, runs.arms[1:]), strict=True))
        seeds = count(least[0], "seed") if least[0] else "no seed"
        said = f"{named(runs.arms[0])} and {least[1]} have {seeds} in common"
        return False, [f"{said}, so nothing pairs runs: means of arms are compared (Welch 1947)."]
    return True, list(_unshared(runs))


def _unshared(runs: Runs) -> Iterator[str]:
    """Which seeds are not in every arm, and so not in every comparison."""
    every = {seed for of_arm in runs.values for seed in of_arm}
    lacking = {named(arm): sorted(every - {*values}) for arm, values in _by_arm(runs)}
    lacks = [f"{arm} lacks {some([str(seed) for seed in seeds])}" for arm, seeds in lacking.items() if seeds]
    if lacks:
        yield f"Arms have different seeds ({some(lacks, '; ')}): a comparison rests on those that its arms share."


def _layout(runs: Runs) -> dict[str, Any]:
    """How the arms are put together: all combinations of all levels, or those that are there."""
    if _is_full(runs):
        return {"layout": "factorial"}
    return {"layout": "listed", "listed": runs.arms}


def _is_full(runs: Runs) -> bool:
    return len(runs.arms) == len(list(product(*runs.factors.values())))


def _layout_said(runs: Runs) -> Sequence[str]:
    if _is_full(runs):
        return ()
    missing = [
        named(dict(zip(runs.factors, levels, strict=True)))
        for levels in product(*runs.factors.values())
        if dict(zip(runs.factors, levels, strict=True)) not in runs.arms
    ]
    one = f"Not all combinations are there ({some(missing, '; ')} missing)"
    return (f"{one}: each arm is compared with {named(runs.arms[0])}, and no effects of single columns are given.",)


def _read_as(options: Options) -> dict[str, str]:
    """Which column was taken for what."""
    rule = f"{'best' if options.best else 'last'} {options.epoch}" if options.epoch else ""
    known = {
        "arms": ", ".join(options.arms) or "one column each",
        "seed": options.seed or "none",
        "figure": f"{options.metric} ({rule} of each run)" if rule else str(options.metric),
    }
    return {f"read as {name}": text for name, text in known.items()}
