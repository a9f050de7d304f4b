"""Pictures of reports as files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import made

from paribus.errors import ParibusError
from paribus.reports.page import Page, Photo, Section
from paribus.reports.pictures import forecasts, save_picture
from paribus.reports.run import run_page
from paribus.reports.study import study_page
from paribus.tasks.prediction import Prediction

STARTS = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF", ".html": b"<!doctype html>", ".json": b"{"}


@pytest.mark.parametrize("suffix", STARTS)
def test_the_first_picture_is_written_in_every_format(suffix, tmp_path: Path):
    path = save_picture(run_page(made.run_folder(tmp_path / "run")), tmp_path / f"curves{suffix}")
    assert path.read_bytes().startswith(STARTS[suffix])


def test_a_picture_is_chosen_by_its_name(tmp_path: Path):
    page = study_page(made.two_arms())
    assert "Seeds across arms" in save_picture(page, tmp_path / "a.json", "paired").read_text(encoding="utf-8")
    with pytest.raises(ParibusError, match="no such picture") as caught:
        save_picture(page, tmp_path / "b.svg", "pared")
    assert "paired" in caught.value.hint


def test_pixels_are_written_as_they_are(tmp_path: Path):
    page = Page(sections=(Section(photos=(Photo("preview-final", b"\x89PNG", "at the end"),)),))
    assert save_picture(page, tmp_path / "a.png").read_bytes() == b"\x89PNG"
    with pytest.raises(ParibusError, match=r"saved as \.png"):
        save_picture(page, tmp_path / "a.svg")


def test_a_forecast_is_drawn_without_its_times():
    table = {"time": ["1", "2"], "load": [3.0, 4.0]}
    chart = forecasts(Prediction("x.csv", "the next 2 steps", table=table))  # type: ignore[arg-type]
    assert chart is not None
    assert [row["value"] for row in chart.spec["concat"][0]["layer"][0]["data"]["values"]] == [3.0, 4.0]
    assert forecasts(Prediction("cat.png", "cat")) is None
