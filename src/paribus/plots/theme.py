"""One theme for all pictures: few colours, little ink, text that can be read at the width of a page."""

from __future__ import annotations

from typing import Any

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"  # three names of the same widths: one is everywhere
INK, MUTED, FAINT, GRID, PAPER = "#1f2933", "#5b6775", "#9aa5b1", "#e6e9ed", "#ffffff"

# The reference arm is slate; the rest is the palette of Okabe and Ito, which any colour vision
# can tell apart, without its yellow, which is too pale on white.
ARMS = ("#3e4c59", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
ACCENT = ARMS[1]

VERDICTS = {
    "better": "#00765a",
    "worse": "#b34700",
    "interaction": ACCENT,
    "no difference": INK,
    "undecided": MUTED,
    "diverged": "#8f1d5b",
    "failed": "#8f1d5b",
}

# What each of these colours is on dark pages, where charts have no paper of their own.
NIGHT = {
    INK: "#e4e8ec",
    MUTED: "#a3afbb",
    FAINT: "#6b7785",
    GRID: "#303a45",
    PAPER: "#161b21",
    ARMS[0]: "#b4bfca",
    ARMS[1]: "#4aa8e0",
    ARMS[2]: "#f0843a",
    ARMS[3]: "#2fc498",
    VERDICTS["better"]: "#4fd1a8",
    VERDICTS["worse"]: "#f3a067",
    VERDICTS["failed"]: "#ea8fbf",
}

WIDTH = 820  # of a whole picture, in pixels: the width of the text in a report


def config() -> dict[str, Any]:
    """The look, as a Vega-Lite configuration."""
    axis = {
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelColor": MUTED,
        "labelFontSize": 12,
        "labelPadding": 6,
        "titleColor": MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    }
    return {
        "font": FONT,
        "background": PAPER,
        "padding": 8,
        "aria": False,  # one description of the whole picture says more than one of every dot
        "mark": {"aria": False},
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"domain": True, "domainColor": FAINT},
        "legend": {
            "title": None,
            "orient": "top",
            "labelColor": INK,
            "labelFontSize": 12,
            "labelLimit": 700,
            "symbolStrokeWidth": 3,
            "symbolSize": 160,
            "symbolOpacity": 1,
            "columnPadding": 20,
            "offset": 14,
        },
        "title": {
            "anchor": "start",
            "color": INK,
            "fontSize": 13,
            "fontWeight": "bold",
            "subtitleColor": MUTED,
            "subtitleFontSize": 12,
            "frame": "bounds",
            "offset": 12,
        },
        "text": {"color": INK, "fontSize": 12},
        "concat": {"spacing": 36},
    }
