"""Outcomes of trained runs as pages: predictions and held-out tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from paribus.records.metric import Metric, details, is_detail, is_minor
from paribus.records.run import RunFolder
from paribus.records.wording import NONE, clean, format_figure, metric_of, moment, with_unit
from paribus.reports.page import Page, Row, Section, Table

if TYPE_CHECKING:
    from paribus.records.opened import HeldOut
    from paribus.studies.folds import OutOfFold
    from paribus.tasks.prediction import Prediction


POOLED = (
    "Each example is predicted by the network of the fold in which it validates; a line is one round over all "
    "examples. AUROC ranks the probabilities of several networks together, and may lie lower than that of each. What "
    "is better, and how sure that is, says the study: paribus report."
)
CAUTION = "choose on validation figures; the test is for the arm already chosen"


def name_of(folder: RunFolder) -> str:
    """The name of a run among others: study, arm and seed."""
    return "/".join(folder.path.parts[-3:])


def held_out_page(tests: Sequence[tuple[RunFolder, HeldOut]]) -> Page:
    """Figures on the held-out test; of several runs also the mean per arm."""
    left_out = is_detail if len(tests) == 1 else is_minor  # a line for each of several runs
    names = [name for name in tests[0][1].metrics if not left_out(name)] if tests else []
    metrics = tests[0][0].figures_of_merit() if tests else {}
    align = "l" + "r" * (len(names) + 1)
    rows = [
        (name_of(folder), *(format_figure(name, held.metrics[name], metrics) for name in names), f"{held.examples:,}")
        for folder, held in tests
    ]
    whole = Table(("run", *names, "examples"), tuple(rows), align, data=lambda: _held_out_data(tests))
    when = Section(notes=tuple(dict.fromkeys(map(opened_when, (held for _, held in tests)))))
    if len(tests) == 1:
        return Page("Test", sections=(Section(tables=(whole, *_details(tests[0][1], metrics))), when))
    means = Section(
        "mean per arm", tables=(Table(("arm", *names, "runs"), tuple(_means(tests, names, metrics)), align),)
    )
    several = len({folder.path.parent for folder, _ in tests}) > 1
    return Page("Test", warnings=(CAUTION,) if several else (), sections=(Section(tables=(whole,)), means, when))


def _held_out_data(tests: Sequence[tuple[RunFolder, HeldOut]]) -> list[Row]:
    """Held-out figures as they were computed, with when and why the test was opened."""
    metrics = tests[0][0].figures_of_merit() if tests else {}
    return [
        {
            "run": name_of(folder),
            **{with_unit(name, metric_of(name, metrics)): value for name, value in held.metrics.items()},
            "examples": held.examples,
            "opened": moment(held.opened),
            "because": held.because,
        }
        for folder, held in tests
    ]


def opened_when(held: HeldOut) -> str:
    """When and why a test was opened: ``opened 2026-11-21 17:50 UTC, because the paper asks for it``."""
    why = f"because {clean(held.because)}" if held.because.strip() else "no reason was given (--because)"
    return f"opened {moment(held.opened)}, {why}"


def opened_table(tests: Mapping[str, Mapping[int, HeldOut]], metrics: Mapping[str, Metric]) -> Table | None:
    """The tests of a study that were opened, with when and why; ``None`` while all are closed."""
    opened = [(arm, seed, held) for arm, of_arm in tests.items() for seed, held in of_arm.items()]
    if not opened:
        return None
    names = list(dict.fromkeys(name for *_, held in opened for name in held.metrics if not is_detail(name)))
    rows = (
        (
            clean(arm),
            str(seed),
            *(format_figure(name, held.metrics.get(name), metrics) for name in names),
            f"{held.examples:,}",
            moment(held.opened),
            clean(held.because) or NONE,
        )
        for arm, seed, held in opened
    )
    heads = ("arm", "seed", *names, "examples", "opened", "because")
    return Table(heads, tuple(rows), "lr" + "r" * (len(names) + 1) + "ll")


def folds_page(found: Sequence[OutOfFold], metrics: Mapping[str, Metric]) -> Page:
    """Out-of-fold figures of every arm and round."""
    names = [name for name in found[0].metrics if not is_detail(name)]
    rows = [
        (clean(one.arm), *(format_figure(name, one.metrics.get(name), metrics) for name in names), f"{one.examples:,}")
        for one in found
    ]
    whole = Table(
        ("arm", *names, "examples"), tuple(rows), "l" + "r" * (len(names) + 1), data=lambda: _folds_data(found, metrics)
    )
    return Page("Folds", sections=(Section(tables=(whole,), notes=(POOLED,)),))


def _folds_data(found: Sequence[OutOfFold], metrics: Mapping[str, Metric]) -> list[Row]:
    return [
        {
            "arm": one.arm,
            "round": one.repetition,
            "folds": one.folds,
            **{with_unit(name, metric_of(name, metrics)): value for name, value in one.metrics.items()},
            "examples": one.examples,
        }
        for one in found
    ]


def predictions_page(predictions: Sequence[Prediction]) -> Page:
    """Predictions with their three largest figures each, agreement and problems if there are any, predicted tables."""
    together = any(one.agreement is not None for one in predictions)
    broken = any(one.problem for one in predictions)
    rows = []
    for one in predictions:
        figures = sorted((one.figures or {}).items(), key=lambda entry: -entry[1])[:3]
        largest = "  ".join(f"{name} {share:.1%}" if share <= 1 else f"{name} {share:.4g}" for name, share in figures)
        agreed = "" if one.agreement is None else f"{one.agreement:.0%}"
        beside = [*([agreed] if together else []), *([one.problem] if broken else [])]
        rows.append((one.file, one.label or one.text, largest, *beside))
    heads = ("file", "prediction", "figures", *(["agreement"] if together else []), *(["problem"] if broken else []))
    whole = Table(heads, tuple(rows), "l" * len(heads))
    tables = (Section(one.file, tables=(_columns(one.table),)) for one in predictions if one.table)
    return Page("Predictions", sections=(Section(tables=(whole,)), *tables))


def _details(held: HeldOut, metrics: Mapping[str, Metric]) -> Iterator[Table]:
    """The figures of single classes."""
    for name, shares in details(held.metrics).items():
        rows = tuple((one, format_figure(name, value, metrics)) for one, value in shares.items())
        yield Table(("", name), rows, "lr")


def _means(
    tests: Sequence[tuple[RunFolder, HeldOut]], names: Sequence[str], metrics: Mapping[str, Metric]
) -> Iterator[tuple[str, ...]]:
    arms: defaultdict[str, list[HeldOut]] = defaultdict(list)
    for folder, held in tests:
        arms[folder.path.parent.name].append(held)
    for arm, runs in arms.items():
        figures = (format_figure(name, _mean(held.metrics[name] for held in runs), metrics) for name in names)
        yield arm, *figures, str(len(runs))


def _columns(columns: Mapping[str, Sequence[float | str]]) -> Table:
    cells = [[entry if isinstance(entry, str) else f"{entry:.6g}" for entry in values] for values in columns.values()]
    return Table(tuple(columns), tuple(zip(*cells, strict=True)), "l" + "r" * (len(columns) - 1))


def _mean(values: Iterable[float | None]) -> float | None:
    """Their mean; none where a value is missing, for a mean of the others would hide it."""
    found = list(values)
    known = [value for value in found if value is not None]
    return fmean(known) if len(known) == len(found) else None
