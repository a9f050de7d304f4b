"""What needs the parts of a recipe to be said of a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.web.tasks.names import called


def about(path: str) -> dict[str, Any]:
    """All that the records of a run say; of a damaged one what can be read, and what the matter is."""
    from paribus.records.run import RunFolder

    folder, problems = RunFolder(path), []
    found: dict[str, Any] = {
        "title": folder.path.name,
        "why": "",
        "problem": "",
        "origin": "recipe",
        "figures": [],
        "choices": [],
        "data": [],
        "environment": [],
        "result": [],
        "findings": None,
        "metrics": [],
        "explain": [],
        "recipe_yaml": "",
        "command": "",
        "resumable": False,
    }
    for part in (_title, _recipe, _figures, _data, _environment, _result, _metrics, _findings, _analyses, _resumable):
        try:
            found |= part(folder)
        except ParibusError as error:
            problems.append(error.rule)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"a file of this run is damaged: {error!r}")
    return {**found, "problem": "; ".join(dict.fromkeys(problems))}


def _title(folder: Any) -> dict[str, Any]:
    content = folder.read()
    return {
        "title": called(folder),
        "recipe_name": content["name"],
        "why": content.get("why", ""),
        "origin": folder.origin,
    }


def _recipe(folder: Any) -> dict[str, Any]:
    """Every setting with its meaning, the recipe as a file, and the command that trains the same."""
    from paribus.records import yaml

    content = folder.read()
    found: dict[str, Any] = {"recipe_yaml": yaml.dump({"name": content["name"], **content["recipe"]})}
    if folder.origin != "recipe":
        settings = content["recipe"].get("fields", content["recipe"])
        return {**found, "choices": [_choice(str(name), str(value)) for name, value in settings.items()]}
    with suppress(ParibusError):
        found["command"] = command(folder)
    from paribus.records.choices import choices

    found["choices"] = [_choice(one.field, one.value, one.meaning) for one in choices(folder.recipe)]
    return found


def _choice(field: str, value: str, meaning: str = "") -> dict[str, Any]:
    return {"field": field, "value": value, "meaning": meaning, "varied": False}


def command(folder: Any) -> str:
    """The command that trains the same run: the shipped recipe, and what is other than in it."""
    import shlex

    from paribus.records.recipe import Recipe, shipped

    recipe = folder.recipe
    words = ["paribus", "run", recipe.name]
    if recipe.name in shipped():
        words += changes(Recipe.load(recipe.name), recipe)
    if folder.seed:
        words += ["--seed", str(folder.seed)]
    return shlex.join(words)


def changes(before: Any, after: Any) -> list[str]:
    """The fields in which two recipes differ, as the command line takes them."""
    from paribus.records.wording import show

    old, new = _flat(before.resolved()), _flat(after.resolved())
    return [f"{name}={show(value)}" for name, value in new.items() if old.get(name, ...) != value]


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _figures(folder: Any) -> dict[str, Any]:
    from paribus.records.metric import is_detail, is_minor
    from paribus.records.wording import format_figure, spoken

    result = folder.result
    if result is None:
        return {}
    metrics = folder.figures_of_merit()
    said = [
        {
            "name": name,
            "title": spoken(name),
            "text": format_figure(name, value, metrics),
            "value": value,
            "minor": is_minor(name),
        }
        for name, value in result.metrics.items()
        if not is_detail(name)
    ]
    return {"figures": said}


def _data(folder: Any) -> dict[str, Any]:
    return {"data": rows(folder.info())}


def _environment(folder: Any) -> dict[str, Any]:
    return {"environment": rows(folder.environment())}


def _result(folder: Any) -> dict[str, Any]:
    from paribus.reports.brief import beside

    return {"result": rows(beside(folder.result))} if folder.result else {}


def rows(content: Mapping[str, Any]) -> list[list[str]]:
    """A mapping as two columns."""
    from paribus.reports.settings import as_table

    return [list(row) for row in as_table(content).rows]


def _metrics(folder: Any) -> dict[str, Any]:
    from paribus.web.figures import AXES, described

    names = [name for name in folder.history.columns if name not in AXES]
    return {"metrics": list(described(names, folder.figures_of_merit()))}


def _findings(folder: Any) -> dict[str, Any]:
    """What the doctor says, as a page."""
    from paribus.diagnosis.doctor import diagnose
    from paribus.reports.diagnosis import diagnosis_page
    from paribus.web.pages import plain

    if folder.origin != "recipe" or not folder.history:
        return {}
    found = diagnose(folder)
    page = plain(diagnosis_page(found))
    return {"findings": page, "healthy": not found.findings}


def _analyses(folder: Any) -> dict[str, Any]:
    from paribus.web.tasks.explain import offered

    return {"explain": offered(folder)} if folder.origin == "recipe" and folder.result else {}


def _resumable(folder: Any) -> dict[str, Any]:
    return {"resumable": folder.origin == "recipe"}


def forecast(path: str) -> dict[str, Any]:
    """Curves of single examples as a chart."""
    from paribus import files
    from paribus.plots import forecast as plots
    from paribus.reports.page import Figure
    from paribus.web.pages import chart

    drawn = plots.examples(files.read_json(Path(path)), "Some validation examples")
    return chart(Figure("examples", drawn, "Curves of single examples: past, truth and answer."))
