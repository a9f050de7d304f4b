"""Examples that a trained network draws: pictures, curves, or text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from paribus.records.options import keyword_options

WHAT = "samples"  # its name among the questions that a run is asked


def wishes(*, count: Annotated[int, Field(ge=1, le=256)] = 16, seed: Annotated[int, Field(ge=0)] = 0) -> dict[str, int]:
    """What every drawing can be asked for.

    Args:
        count: how many examples are drawn.
        seed: equal seeds draw equal examples.
    """
    return {"count": count, "seed": seed}


def drawing(folder: Any) -> Any | None:
    """The function by which the task of a run draws; nothing for a task that draws nothing."""
    from paribus.records.parts import find
    from paribus.tasks.task import Task

    own = getattr(find("task", folder.recipe.task.use), "sample", None)
    return None if own is Task.sample else own


def schema(folder: Any) -> dict[str, Any]:
    """The JSON Schema of what can be wished for, by name; empty for a task that draws nothing."""
    if (own := drawing(folder)) is None:
        return {}
    models = [keyword_options(function) for function in (wishes, own)]
    return {name: one for model in models for name, one in model.model_json_schema().get("properties", {}).items()}


def draw(path: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """New examples as a page.

    Args:
        path: the folder of the run.
        options: of the drawing, validated here and by the task.

    Raises:
        DataError: if the task draws nothing.
        RecipeError: for an option that it does not have, or a value that it does not take.
    """
    from pydantic import ValidationError

    from paribus.inference.sample import sample
    from paribus.inference.trained import load
    from paribus.records.options import explain
    from paribus.records.run import RunFolder
    from paribus.web.pages import plain

    model = keyword_options(wishes)
    common = {name: value for name, value in options.items() if name in model.model_fields}
    try:
        chosen = dict(model(**common))
    except ValidationError as error:
        raise explain(error, "", model.model_fields) from None
    rest = {name: value for name, value in options.items() if name not in common}
    return plain(_page(sample(load(RunFolder(path)), **chosen, **rest)))


def _page(drawn: Any) -> Any:
    from paribus.plots import forecast
    from paribus.reports.page import Figure, Page, Photo, Section

    sections = []
    if drawn.pictures is not None:
        sections.append(Section(photos=(Photo("samples", drawn.png(), drawn.title),)))
    if drawn.curves:
        chart = forecast.examples(drawn.curves, drawn.title)
        sections.append(Section(figure=Figure("samples", chart, drawn.title)))
    if drawn.text:
        sections.append(Section(code=(drawn.text,)))
    return Page("Samples", drawn.title, sections=tuple(sections))
