"""Studies and runs in a few lines, as commands print them; everything else is in their reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.errors import DamagedRecord
from paribus.records.metric import ECE, RECALL, Metric, details, is_detail, is_minor
from paribus.records.wording import count, format_figure, metric_of, show, threshold, with_unit
from paribus.reports.classes import weights_of
from paribus.reports.page import Page, Row, Section, Table

if TYPE_CHECKING:
    from paribus.records.result import StudyResult
    from paribus.records.run import RunFolder, RunResult
    from paribus.records.study import StudyDesign


SEVERAL = 4  # names of tensors that are still listed
QUIET_DETAILS = tuple(f"val/{metric.name}" for metric in (RECALL, ECE))  # every classification has them
OF_NETWORKS = ("best_epoch", "stopped_early", "weights_sha256", "parameters", "examples_per_second")
"""What a result says of a network; paribus knows none of somebody's own trainings."""


def study(result: StudyResult, report: Path | None = None) -> Page:
    """What a study found: arms, effects, verdicts, and where the report is."""
    from paribus.reports import ranking, tables, tuning
    from paribus.reports.glossary import SHARES

    sections = [Section(f"{result.metric_name} per arm", tables=(tables.arms(result),))]
    if result.effects:
        notes = tuple(filter(None, (tables.about(result), _delta(result))))
        sections.append(Section("effects", tables=(tables.effects(result),), notes=notes))
    sections += ranking.sections(result)
    sections += tuning.sections(result, picture=False)
    if brought := tables.brought(result):
        sections.append(Section("what else differs between the arms", tables=(brought,)))
    if noise := tables.noise(result):
        sections.append(Section("where the spread comes from", tables=(noise,), notes=(SHARES,)))
    return Page(
        "Study",
        result.design.name,
        result.question,
        summary=f"report: {report}" if report else "",
        warnings=result.warnings,
        sections=tuple(sections),
        data=_about(result),
    )


def _about(result: StudyResult) -> dict[str, Any]:
    """What the numbers of a study are about, for those who read them as data."""
    from paribus.reports.method import method

    return {
        "metric": result.metric_name,
        "unit": "share" if result.metric.percent else result.metric.unit,
        "higher is better": result.metric.higher_is_better,
        "delta": result.delta,
        "claim": result.claim,
        "seeds": result.design.seeds,
        "complete": result.complete,
        "method": method(result),
    }


def design(planned: StudyDesign, folder: Path) -> Page:
    """What a study would do."""
    rows = [
        (arm.name, ", ".join(f"{path}={show(value)}" for path, value in arm.settings.items())) for arm in planned.arms()
    ]
    seeds = len(planned.seeds)
    size = f"{count(len(rows), 'arm')} × {count(seeds, 'seed')} = {count(len(rows) * seeds, 'run')}"
    if planned.tune:
        trials = f"{count(len(rows), 'arm')} × {count(planned.trials, 'trial')} of {', '.join(planned.tune)}"
        size = f"tuning first, {trials}; then {size}"
    arms = Section(tables=(Table(("arm", "settings"), tuple(rows), "ll"),))
    return Page("Study", planned.name, planned.question, summary=f"{size} into {folder}", sections=(arms,))


def run(folder: RunFolder, known: bool = False, whole: bool = False) -> Page:
    """What a run left behind, or where it stands.

    Args:
        folder: of the run.
        known: whether one asked to train it, and it was finished before.
        whole: whether all of its figures are shown, and the weights of classes in its loss.
    """
    content, status, result = folder.read(), folder.status, folder.result
    state = f"{status.state} before; nothing to train" if known else status.state
    origin = folder.origin
    rows = [(origin, content["name"]), ("seed", str(content["seed"])), ("state", state)]
    if result is not None and folder.inputs is None and origin == "recipe":
        rows.append(("data", "not recorded: an earlier version of paribus made this run"))
    if status.error:
        rows.append(("error", status.error))
    with suppress(DamagedRecord):  # reports tell that it is damaged
        rows += [("data", one) for one in folder.info().get("left_out", ())]
    with suppress(DamagedRecord):  # it says where the run took place
        rows += started_from(folder.environment().get("weights") or {})
        rows += taught_by(folder.environment().get("teacher") or {})
    if result is not None:
        rows += _rows(result, folder.figures_of_merit(), whole)
        if whole and (weights := weights_of(folder)):
            rows.append(("class weights", ", ".join(f"{name} {weight:.3g}" for name, weight in weights.items())))
    rows.append(("folder", str(folder.path)))
    table = Table(("", ""), tuple(rows), "ll", data=lambda: _raw(folder))
    return Page("Run", content["name"], sections=(Section(tables=(table,)),))


def started_from(weights: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a run says of the weights that it started from, if it did; all of their names are in its report."""
    if not weights:
        return
    yield (
        "started from",
        f"{weights['source']}: {count(len(weights['tensors']), 'tensor')}, {weights['numbers']:,} numbers",
    )
    for what in ("new", "left_out"):
        if names := weights[what]:
            more = f", … ({len(names) - SEVERAL} more)" if len(names) > SEVERAL else ""
            yield what.replace("_", " "), f"{', '.join(names[:SEVERAL])}{more}"
    for note in weights["notes"]:
        yield "note", note


def taught_by(teacher: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a student says of its teacher."""
    if teacher:
        yield "teacher", teacher["run"]
    for note in teacher.get("notes", ()):
        yield "note", f"of the teacher: {note}"


def _raw(folder: RunFolder) -> list[Row]:
    """A run as data: what, and its value."""
    content, status, result = folder.read(), folder.status, folder.result
    found = {"recipe": content["name"], "seed": content["seed"], "state": status.state, "folder": str(folder.path)}
    if status.error:
        found["error"] = status.error
    if result is not None:
        metrics = folder.figures_of_merit()
        figures = {with_unit(name, metric_of(name, metrics)): value for name, value in result.metrics.items()}
        found |= {**figures, **beside(result)}
    return [{"what": name, "value": value} for name, value in found.items()]


def beside(result: RunResult) -> dict[str, Any]:
    """What a result says beside its metrics; of somebody's own training without what nobody knows of it."""
    unknown = {"metrics"} if result.weights_sha256 else {"metrics", *OF_NETWORKS}
    return {name: value for name, value in asdict(result).items() if name not in unknown}


def figures(found: Mapping[str, float | None], metrics: Mapping[str, Metric]) -> str:
    """The figures of a run on one line, the minor ones left out."""
    return _line({name: value for name, value in found.items() if not is_minor(name)}, metrics)


def _line(found: Mapping[str, float | None], metrics: Mapping[str, Metric]) -> str:
    return ", ".join(f"{name} {format_figure(name, value, metrics)}" for name, value in found.items())


def _delta(result: StudyResult) -> str:
    """By which δ the verdicts were found."""
    if result.delta is None:
        return (
            f"no δ was given (--delta): without one nothing shows that there is no difference in {result.metric_name}"
        )
    return f"δ, the smallest difference that matters: {threshold(result.metric, result.delta)} of {result.metric_name}"


def _rows(result: RunResult, metrics: Mapping[str, Metric], whole: bool) -> Iterator[tuple[str, str]]:
    yield "figures", figures(result.metrics, metrics)
    quiet = {name: value for name, value in result.metrics.items() if is_minor(name) and not is_detail(name)}
    if whole and quiet:
        yield "also", _line(quiet, metrics)
    for name, shares in details(result.metrics).items():
        if whole or name not in QUIET_DETAILS:
            yield name, ", ".join(f"{one} {format_figure(name, value, metrics)}" for one, value in shares.items())
    own = not result.weights_sha256
    steps = f", {result.steps:,} steps" if result.steps or not own else ""
    yield "trained", f"{count(result.epochs, 'epoch')}{steps} in {result.seconds:.1f} s"
    if not own:
        yield "speed", f"{result.examples_per_second:,.0f} examples/s"
        yield "parameters", f"{result.parameters:,}"
    yield "execution", ", ".join(f"{name} {show(value)}" for name, value in result.execution.items())
    if not own:
        yield "weights", f"sha256 {result.weights_sha256}"
