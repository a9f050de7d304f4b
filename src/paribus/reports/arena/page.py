"""A page about one of the arena's records: pictures, tables, and for a race the paths in motion. Nothing is loaded."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from markupsafe import Markup

from paribus.plots import Chart
from paribus.plots.arena.motion import REST, SECONDS
from paribus.reports.arena.tables import ArenaPage
from paribus.reports.html import environment
from paribus.reports.render import inline


def as_html(page: ArenaPage, charts: tuple[Chart, ...], motion: str = "", steps: int = 0) -> str:
    """The page; ``motion`` is a moving picture of so many ``steps``, which buttons then control."""
    script = environment().get_template("motion.js").render(steps=steps, walk=SECONDS, all=SECONDS + REST)
    pictures = [inline(chart.svg(), chart.title) for chart in charts]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    content = {"pictures": pictures, "motion": Markup(motion), "script": Markup(script), "digest": digest}
    return environment().get_template("arena.html").render(title=page.title, page=page, **content)
