"""What there is, as pages: recipes, parts, analyses, runs, studies, data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.errors import ParibusError
from paribus.records import store
from paribus.records.metric import Metric, is_minor, percentages
from paribus.records.store import RunSummary
from paribus.records.wording import level, metric_of, show, with_unit
from paribus.reports.page import Page, Row, Section, Table

if TYPE_CHECKING:
    from paribus.records.options import Factory
    from paribus.records.recipe import Recipe


def overview(names: Mapping[str, Sequence[str]]) -> Page:
    """Everything there is, by kind."""
    rows = [(kind, ", ".join(entries)) for kind, entries in names.items()]
    return _listed(("kind", "names"), rows, "more on one of them: paribus show NAME")


def recipes(names: Sequence[str]) -> Page:
    """Recipes with their sentence."""
    from paribus.records.recipe import Recipe

    return _listed(("recipe", "about"), [(name, Recipe.load(name).about) for name in names])


def parts(kind: str) -> Page:
    """All parts of a kind with their sentence."""
    from paribus.records.options import describe
    from paribus.records.parts import find, names

    return _listed((kind, "about"), [(name, describe(find(kind, name))[0]) for name in names(kind)])


def part(kind: str, name: str) -> Page:
    """One part with its options."""
    from paribus.records.options import describe, schema
    from paribus.records.parts import Part, find

    factory = find(kind, name)
    rows = _options(schema(kind, factory).model_json_schema(), f"{Part(name).field(kind)}.")
    return _part(f"{kind} {name}: {describe(factory)[0]}", rows)


def namesakes(kinds: Sequence[str], name: str) -> Page:
    """The part of this name; where there are several, all of them on one page."""
    pages = {kind: part(kind, name) for kind in kinds}
    if len(pages) == 1:
        return next(iter(pages.values()))
    sections = [
        Section(f"{kind} {name}", (page.question.partition(": ")[2],), tables=table.tables)
        for kind, page in pages.items()
        for table in page.sections
    ]
    return Page(question=f"{name}: {' and '.join(kinds)}", sections=tuple(sections))


def analyses() -> Page:
    """All analyses with what they need."""
    from paribus.analysis import table

    rows = [(name, one.about, one.needs.says) for name, one in table.analyses().items()]
    return _listed(("analysis", "about", "needs"), rows, "on a run: paribus analyse NAME RUN")


def analysis(name: str) -> Page:
    """One analysis with its options."""
    from paribus.analysis.table import find, resolve
    from paribus.records.options import keyword_options

    found = find(name)
    factory: Factory = resolve(found.compute)
    rows = _options(keyword_options(factory).model_json_schema(), "")
    return _part(f"analysis {name}: {found.about} Needs {found.needs.says}.", rows)


def recipe(found: Recipe) -> Page:
    """A recipe with what every choice means."""
    from paribus.records.choices import choices

    rows = tuple((one.field, one.value, one.meaning) for one in choices(found))
    section = Section(tables=(Table(("field", "value", "meaning"), rows, "lll"),))
    return Page("Recipe", found.name, f"{found.name}: {found.about}", sections=(section,))


@store.uncollected()
def runs(root: Path) -> Page:
    """All runs below a folder."""
    rows, found = [], store.runs(root)
    for run in found:
        name = run.path[len(str(root)) + 1 :]
        if run.state == "damaged":
            rows.append((name, run.state, "", run.error))
        else:
            rows.append((name, run.state, f"{run.epoch}/{run.epochs}", _figures(run)))
    if not rows:
        return Page(summary=f"no runs in {root} yet")
    table = Table(("run", "state", "epochs", "validation"), tuple(rows), "llll", data=lambda: _runs_data(found, root))
    return Page(sections=(Section(tables=(table,)),))


def _runs_data(found: Sequence[RunSummary], root: Path) -> list[Row]:
    """All runs with their figures, one column for each."""
    return [
        {
            "run": run.path[len(str(root)) + 1 :],
            "recipe": run.recipe,
            "seed": run.seed,
            "state": run.state,
            "epoch": run.epoch,
            "epochs": run.epochs,
            **{with_unit(name, metric_of(name, run.metrics)): value for name, value in (run.figures or {}).items()},
            "error": run.error,
        }
        for run in found
    ]


def _figures(run: RunSummary) -> str:
    """The figures of a run on one line; how they are read is found out once for all runs that have the same ones."""
    found = run.figures or {}
    return ", ".join([f"{name} {level(metric, found[name])}" for name, metric in _read_as((*found,), (*run.percent,))])


@lru_cache
def _read_as(names: tuple[str, ...], percent: tuple[str, ...]) -> list[tuple[str, Metric]]:
    metrics = percentages(percent)
    return [(name, metric_of(name, metrics)) for name in names if not is_minor(name)]


def studies(root: Path) -> Page:
    """All studies below a folder."""
    from paribus.records.study import StudyDesign

    def planned(folder: Path) -> tuple[int, str]:
        design = StudyDesign.open(folder)
        return len(design.arms()) * len(design.seeds), design.question

    return _designs(root, "study", "studies", planned)


def searches(root: Path) -> Page:
    """All searches below a folder."""
    from paribus.records.search import SearchDesign

    def planned(folder: Path) -> tuple[int, str]:
        design = SearchDesign.open(folder)
        return design.trials, design.question

    return _designs(root, "search", "searches", planned)


def _designs(root: Path, kind: str, many: str, planned: Callable[[Path], tuple[int, str]]) -> Page:
    """All designs of a kind: how many of their runs are over, of how many that are planned, and their question."""
    folders = store.studies(root, kind)
    over = Counter(run.study for run in (store.runs(root) if folders else ()) if run.over)
    rows = []
    for folder in folders:
        try:
            number, question = planned(folder)
        except ParibusError as error:  # one damaged folder must not hide the others
            rows.append((folder.name, "damaged", error.rule))
            continue
        rows.append((folder.name, f"{over[folder.name]}/{number}", question))
    return _listed((kind, "runs over", "question"), rows) if rows else Page(summary=f"no {many} in {root} yet")


def sources() -> Page:
    """The data sets, and where they are found."""
    from paribus.cache import paths
    from paribus.data.origin import origin_of
    from paribus.data.prepare import cache
    from paribus.records.options import describe
    from paribus.records.parts import find, names

    own = paths.own_data()
    rows = []
    for name in names("data"):
        source = find("data", name)
        rows.append((name, origin_of(source).now(own), describe(source)[0]))
    decoded = cache.size()["datasets"] / 1e6
    places = f"PARIBUS_DATA: {own or 'not set'}\ncache: {paths.cache()} ({decoded:.1f} MB decoded)"
    return _listed(("data", "where", "about"), rows, places)


def values(content: Mapping[str, Any]) -> str:
    """What values an option takes, from its schema."""
    if "anyOf" in content:
        return " or ".join(filter(None, map(values, content["anyOf"])))
    if "enum" in content:
        return " | ".join(map(str, content["enum"]))
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = " ".join(f"{sign} {content[key]:g}" for key, sign in bounds.items() if key in content)
    kind = {"array": "list", "null": "null"}.get(content.get("type", ""), content.get("type", ""))
    return f"{kind} {limits}".strip()


def _listed(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], summary: str = "") -> Page:
    return Page(summary=summary, sections=(Section(tables=(Table(heads, tuple(rows), "l" * len(heads)),)),))


def _part(title: str, rows: tuple[tuple[str, ...], ...]) -> Page:
    table = Table(("option", "default", "values", "meaning"), rows, "llll")
    return Page(question=title, sections=(Section(tables=(table,)),))


def _options(schema: Mapping[str, Any], prefix: str) -> tuple[tuple[str, ...], ...]:
    """Option, default, values and meaning, from the schema of a part."""
    return tuple(
        (
            prefix + name,
            show(content["default"]) if "default" in content else "must be given",
            values(content),
            content.get("description", ""),
        )
        for name, content in schema.get("properties", {}).items()
    )
