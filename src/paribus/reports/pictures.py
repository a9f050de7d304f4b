"""The pictures of a report as files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.errors import ParibusError, nearest
from paribus.files import save
from paribus.plots import forecast
from paribus.reports.page import Page, Photo

if TYPE_CHECKING:
    from paribus.plots import Chart
    from paribus.tasks.prediction import Prediction


def save_picture(page: Page, path: Path, name: str | None = None, overwrite: bool = False) -> Path:
    """Write one picture of a page: a drawn one as .svg, .png, .pdf, .html or .json, one made of pixels as .png.

    Args:
        page: the report.
        path: the file, whose suffix is the format.
        name: of the picture; the first of the page by default.
        overwrite: whether another file may be written over.

    Raises:
        ParibusError: if the page has no such picture, or not in this format.
    """
    found: dict[str, Chart | Photo] = {one.name: one.chart for one in page.figures}
    found |= {photo.name: photo for photo in page.photos}
    wanted = next(iter(found), "") if name is None else name
    if wanted not in found:
        raise ParibusError("there is no such picture in this report", got=wanted or "none", hint=nearest(wanted, found))
    picture = found[wanted]
    if not isinstance(picture, Photo):
        return picture.save(path, overwrite)
    if path.suffix.lower() != ".png":
        raise ParibusError("a picture made of pixels is saved as .png", got=str(path))
    return save(path, picture.png, overwrite)


def forecasts(prediction: Prediction) -> Chart | None:
    """A predicted table as curves over the steps ahead; nothing where there is none."""
    if prediction.table is None:
        return None
    curves = {
        name: [value for value in values if not isinstance(value, str)]
        for name, values in prediction.table.items()
        if not any(isinstance(value, str) for value in values)
    }
    return forecast.examples([curves], f"Forecast for {prediction.file}", heads=[prediction.label])


def save_forecasts(predictions: Sequence[Prediction], written: Sequence[Path], overwrite: bool = False) -> list[Path]:
    """Draw each predicted table into a PNG beside the CSV file that holds it."""
    charts = filter(None, map(forecasts, predictions))
    tables = (path for path in written if path.suffix == ".csv")
    return [chart.save(path.with_suffix(".png"), overwrite) for chart, path in zip(charts, tables, strict=True)]
