"""What a trained network does: the analyses of the table, and predictions on a file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus.errors import DataError, ParibusError, RecipeError
from paribus.web.tasks.names import called

PATHS = ("path", "file-path", "directory-path")  # formats of options that name files


def offered(folder: Any) -> list[dict[str, Any]]:
    """The analyses that apply to a run, with their options; none that opens files which a browser would name."""
    from paribus.analysis.kept import kept
    from paribus.analysis.table import analyses

    ready = {analysis.name for analysis, _ in kept(folder)}
    found = []
    for name, analysis in analyses().items():
        with suppress(ParibusError):
            if analysis.of == "run" and analysis.needs.met(folder) and not _needs_files(analysis):
                about = {"what": name, "title": name.replace("-", " "), "about": analysis.about}
                found.append({**about, "ready": name in ready, "options": options_of(analysis)})
    return [*_samples(folder), *found]


def _samples(folder: Any) -> list[dict[str, Any]]:
    """Drawing examples, as one more question, where the task draws some."""
    from paribus.web.tasks import samples

    options = [_option(name, one) for name, one in samples.schema(folder).items()]
    about = {"what": samples.WHAT, "title": samples.WHAT, "about": "New examples that the network draws."}
    return [{**about, "ready": True, "options": options}] if options else []


def about(path: str) -> dict[str, Any]:
    """What can be asked of a run, and what it can predict for."""
    from paribus.records.run import RunFolder

    folder = RunFolder(path)
    if folder.result is None:
        return {"title": called(folder), "analyses": [], "predict": None, "why": "only a finished run can be explained"}
    return {"title": called(folder), "analyses": offered(folder), "predict": _accepts(folder), "why": ""}


def ask(path: str, what: str, options: Mapping[str, str]) -> dict[str, Any]:
    """The answer of an analysis as a page; kept in the run's folder, so that it is computed once."""
    from paribus.analysis.kept import analyse
    from paribus.analysis.table import find, resolve
    from paribus.records.run import RunFolder
    from paribus.records.yaml import parse_value
    from paribus.web.pages import plain
    from paribus.web.tasks import samples

    settings = {name: parse_value(value) for name, value in options.items()}
    if what == samples.WHAT:
        return samples.draw(path, settings)
    analysis = find(what)
    files = _file_options(analysis)
    if strange := next((name for name in options if name in files), None):
        raise RecipeError("a page opens no files by their path", got=strange, hint="ask by: paribus analyse")
    refuse_test(settings)
    record = analyse(RunFolder(path), analysis.name, **settings)
    return plain(resolve(analysis.page)(record))


def refuse_test(settings: Mapping[str, Any]) -> None:
    """Refuse to open the held-out test by the way.

    Raises:
        RecipeError: if these options would.
    """
    if str(settings.get("split", "")) == "test":
        rule = "who looks at test examples opens the held-out test, and says why"
        raise RecipeError(rule, got="split=test", hint="open it by: paribus test, or paribus analyse")


def predict(path: str, file: str, name: str) -> dict[str, Any]:
    """What a run says of one file, as a page."""
    from base64 import b64encode
    from dataclasses import replace

    from paribus.inference.predict import predict as ask
    from paribus.inference.predict import save
    from paribus.reports.outcomes import predictions_page
    from paribus.reports.page import Photo, Section
    from paribus.web.pages import plain

    found = ask(path, [file])
    for one in found:
        if one.problem:
            raise DataError(one.problem.replace(file, name), got=name)
    page = predictions_page([replace(one, file=name) for one in found])
    photos: tuple[Photo, ...] = ()
    with suppress(ParibusError):
        written = save(found, Path(file).parent / "out", overwrite=True)
        pictures = [picture for picture in written if picture.suffix == ".png"]
        photos = tuple(Photo(f"predicted-{place}", one.read_bytes(), name) for place, one in enumerate(pictures))
    if photos:
        page = replace(page, sections=(*page.sections, Section("Predicted", photos=photos)))
    shown = plain(page)
    if Path(file).suffix.lower() in SHOWN and not photos:
        address = f"data:{SHOWN[Path(file).suffix.lower()]};base64,{b64encode(Path(file).read_bytes()).decode()}"
        shown["sections"][0]["photos"] = [{"name": "given", "url": address, "caption": name}]
    return shown


def _option(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """An option as a field; one that is left empty shows nothing, and not how Python writes nothing."""
    from paribus.web.tasks.forms import field

    usual = schema.get("default")
    return {**field(name, name, schema, usual), **({"default": ""} if usual in (None, [], ()) else {})}


SHOWN = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


def options_of(analysis: Any) -> list[dict[str, Any]]:
    """The options of an analysis as fields of a form, but for those that name files."""
    from paribus.analysis.table import resolve
    from paribus.records.options import keyword_options

    schema = keyword_options(resolve(analysis.compute)).model_json_schema()
    found = [_option(name, one) for name, one in schema.get("properties", {}).items()]
    files = _file_options(analysis)
    return [one for one in found if one["path"] not in files]


def _file_options(analysis: Any) -> set[str]:
    from paribus.analysis.table import resolve
    from paribus.records.options import keyword_options

    properties = keyword_options(resolve(analysis.compute)).model_json_schema().get("properties", {})
    return {name for name, one in properties.items() if _names_file(one)}


def _names_file(content: Mapping[str, Any]) -> bool:
    inner = [content, *content.get("anyOf", ()), content.get("items", {})]
    return any(one.get("format") in PATHS for one in inner) or any(map(_names_file, content.get("anyOf", ())))


def _needs_files(analysis: Any) -> bool:
    from paribus.analysis.table import resolve
    from paribus.records.options import keyword_options

    schema = keyword_options(resolve(analysis.compute)).model_json_schema()
    return any(name in _file_options(analysis) for name in schema.get("required", ()))


def _accepts(folder: Any) -> dict[str, str] | None:
    """What files a run predicts for, where its task predicts for files."""
    from paribus.records.parts import find
    from paribus.tasks.task import Task

    task: Any = find("task", folder.recipe.task.use)
    if getattr(task, "predict_files", None) is getattr(Task, "predict_files", None):
        return None
    shape = folder.info().get("input_shape", [])
    if task.reads or len(shape) != 3:
        return {"accepts": ".csv,.txt", "about": task.reads or "CSV files with the columns of the training file"}
    height, width = shape[1:]
    return {"accepts": "image/*", "about": f"pictures; those of training were brought to {height} × {width} pixels"}
