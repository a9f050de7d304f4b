"""A single run as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from paribus import plots
from paribus.analysis.kept import kept
from paribus.analysis.table import resolve
from paribus.errors import ParibusError
from paribus.records import wording, yaml
from paribus.records.choices import choices
from paribus.records.history import History
from paribus.records.metric import Metric, is_detail
from paribus.records.own import ORIGINS
from paribus.records.run import RunFolder, RunResult, Status
from paribus.reports import brief, classes, previews
from paribus.reports.analyses import sections_of
from paribus.reports.page import Answer, Figure, Page, Section, Table
from paribus.reports.settings import as_table

WIDE = 20  # columns of a table of epochs, beyond which single classes are left out


def run_page(folder: RunFolder) -> Page:
    """Everything that the report of a run says; nothing of the recipe is imported for it."""
    content, status, result = folder.read(), folder.status, folder.result
    return Page(
        kind="Run",
        title=f"{wording.clean(content['name'])}, seed {content['seed']}",
        question=f"How did {wording.clean(content['name'])} train with seed {content['seed']}?",
        answers=tuple(_answers(result, folder.figures_of_merit())),
        summary=_summary(status, result),
        why=str(content.get("why", "")),
        warnings=tuple(_warnings(status)),
        sections=tuple(_sections(folder)),
    )


def _answers(result: RunResult | None, metrics: Mapping[str, Metric]) -> Iterator[Answer]:
    if result:
        for name, value in result.metrics.items():
            if not is_detail(name):
                yield Answer(wording.spoken(name), wording.format_figure(name, value, metrics))


def _summary(status: Status, result: RunResult | None) -> str:
    if result is None:
        return f"State: {status.state}, epoch {status.epoch} of {status.epochs}."
    if not result.weights_sha256:
        return (
            f"{wording.count(result.epochs, 'epoch')} recorded." if result.epochs else "It recorded no single epochs."
        )
    ended = ", stopped early" if result.stopped_early else ""
    return f"{wording.count(result.epochs, 'epoch')}{ended}; the weights of epoch {result.best_epoch} were kept."


def _warnings(status: Status) -> Iterator[str]:
    if status.state not in ("finished", "running", "new"):
        yield f"This run is {status.state}: {wording.clean(status.error) or 'no reason was recorded'}."
    elif status.state != "finished":
        yield "This run has not come to its end. These figures can still change."
    if status.state == "finished":
        yield "One run shows nothing about differences: another seed gives other figures."


def _sections(folder: RunFolder) -> Iterator[Section]:
    content, result, environment = folder.read(), folder.result, folder.environment()
    if folder.origin == "recipe" or folder.history:
        curves = Figure("curves", plots.run_curves(folder), "The figures of this run over the epochs.")
        yield Section("Learning curves", figure=curves, tables=(_last_rows(folder),))
    yield from previews.section(folder)
    yield from analyses(folder)
    if (found := classes.table(folder)) is not None:
        yield Section("Classes in training", tuple(filter(None, (classes.sampled(folder),))), tables=(found,))
    yield from _in_words(folder)
    if result:
        yield Section("Result", tables=(as_table(brief.beside(result)),))
    if (folder.path / "info.json").exists():
        yield Section("Data", tables=(as_table(folder.info()),))
    if environment:
        yield Section("Environment", tables=(as_table(environment),))
    recipe = yaml.dump({"name": content["name"], **content["recipe"]})
    if origin := ORIGINS.get(content.get("origin", "")):
        yield Section("Settings", (f"This run has no recipe: {origin}, with these settings.",), code=(recipe,))
    else:
        yield Section("Recipe file", ("Every setting, with its defaults filled in.",), code=(recipe,))


def _in_words(folder: RunFolder) -> Iterator[Section]:
    """Every setting of the recipe and what it means, as far as its parts are known here."""
    with suppress(ParibusError):
        rows = tuple(tuple(map(wording.clean, (one.field, one.value, one.meaning))) for one in choices(folder.recipe))
        yield Section("Recipe in words", tables=(Table(("field", "value", "meaning"), rows, "lll"),))


def analyses(folder: RunFolder) -> Iterator[Section]:
    """The analyses of a run that were kept in its folder."""
    for analysis, record in kept(folder):
        yield from sections_of(analysis.name, resolve(analysis.page)(record))


def history_page(history: History) -> Page:
    """All epochs of a run in figures."""
    return Page("History", question="What was recorded?", sections=(Section(tables=(_rows(history),)),))


def _last_rows(folder: RunFolder, most: int = 10) -> Table:
    """The last epochs in figures."""
    return _rows(folder.history[-most:])


def _rows(history: History) -> Table:
    names = [name for name in history.columns if len(history.columns) <= WIDE or not is_detail(name)]
    cells = tuple(tuple(wording.text(row.get(name)) for name in names) for row in history)
    return Table(tuple(wording.clean(name) for name in names), cells, "r" * len(names))
