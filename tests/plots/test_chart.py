"""A chart becomes every file it promises."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from paribus.errors import ParibusError
from paribus.plots import Chart
from paribus.plots.grammar import finish, layer, number


@pytest.fixture
def chart() -> Chart:
    rows = [{"x": 1, "y": 2.0}, {"x": 2, "y": math.nan}]
    return finish(layer({"type": "point"}, rows, x=number("x"), y=number("y")), "Made </title><script>up</script>")


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".svg", b"<svg"), (".png", b"\x89PNG"), (".pdf", b"%PDF"), (".html", b"<!doctype html>"), (".json", b"{")],
)
def test_saves_by_suffix(chart: Chart, tmp_path: Path, suffix: str, start: bytes) -> None:
    path = chart.save(tmp_path / f"chart{suffix}")
    assert path.read_bytes().startswith(start)


def test_unknown_suffix_names_the_known_ones(chart: Chart, tmp_path: Path) -> None:
    with pytest.raises(ParibusError, match=r"\.svg"):
        chart.save(tmp_path / "chart.gif")
    assert not list(tmp_path.iterdir())


def test_numbers_that_are_none_become_null(chart: Chart) -> None:
    spec = json.loads(chart.json(), parse_constant=pytest.fail)
    assert spec["data"]["values"][1]["y"] is None


def test_a_logarithmic_axis_says_nothing_of_zero() -> None:
    x, y = number("x"), number("y")
    x["scale"]["type"] = "log"
    chart = Chart(
        {"layer": [layer({"type": "point"}, [{"x": 1, "y": 2, "type": "log", "zero": 3}], x=x, y=y)]}, "points"
    )
    (drawn,) = chart.spec["layer"]
    assert drawn["encoding"]["x"]["scale"] == {"type": "log"}
    assert drawn["encoding"]["y"]["scale"] == {"zero": False}
    assert drawn["data"]["values"] == [{"x": 1, "y": 2, "type": "log", "zero": 3}]


def test_html_holds_no_script_and_asks_for_nothing(chart: Chart) -> None:
    page = chart.html()
    assert "<script" not in page
    assert "src=" not in page
    assert "default-src 'none'" in page


def test_png_grows_with_its_scale(chart: Chart) -> None:
    small, large = chart.png(1)[16:24], chart.png(3)[16:24]
    width, height = (int.from_bytes(small[i : i + 4], "big") for i in (0, 4))
    assert [int.from_bytes(large[i : i + 4], "big") for i in (0, 4)] == [3 * width, 3 * height]


def test_notebooks_get_svg(chart: Chart) -> None:
    bundle = chart._repr_mimebundle_(include=None, exclude=None)
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"].startswith("Chart(")
