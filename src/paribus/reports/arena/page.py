"""A page about one of the arena's records: pictures, tables, and for a race the paths in motion. Nothing is loaded."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from markupsafe import Markup

from paribus.plots import Chart
from paribus.plots.arena.motion import FRAMES, REST, SECONDS
from paribus.reports.arena.tables import Sheet
from paribus.reports.html import environment
from paribus.reports.render import inline


def as_html(sheet: Sheet, charts: tuple[Chart, ...], motion: str = "", steps: int = 0) -> str:
    """The page; ``motion`` is a moving picture of so many ``steps``, which buttons then control."""
    script = SCRIPT.format(steps=steps, walk=SECONDS, all=SECONDS + REST) if motion else ""
    return (
        environment()
        .get_template("arena.html")
        .render(
            sheet=sheet,
            pictures=[inline(chart.svg(), chart.title) for chart in charts],
            motion=Markup(motion),
            script=Markup(script),
            frames=FRAMES,
            digest=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )


# Pause, and a slider; the page allows this script alone, by its hash. Without it the picture still moves.
SCRIPT = """
const svg = document.querySelector("svg.motion"), play = document.getElementById("play");
const time = document.getElementById("time"), told = document.getElementById("told");
const controls = document.getElementById("controls");
controls.hidden = false;
function say(t) {{
  told.textContent = "step " + Math.round({steps} * Math.min(1, t / {walk}) ** 2);
}}
function pause(still) {{
  still ? svg.pauseAnimations() : svg.unpauseAnimations();
  play.textContent = still ? "Play" : "Pause";
}}
play.onclick = () => pause(!svg.animationsPaused());
time.oninput = () => {{ pause(true); svg.setCurrentTime(time.value * {all}); say(time.value * {all}); }};
setInterval(() => {{
  if (svg.animationsPaused()) return;
  const t = svg.getCurrentTime() % {all};
  time.value = t / {all};
  say(t);
}}, 100);
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {{
  pause(true); svg.setCurrentTime({walk}); time.value = {walk} / {all}; say({walk});
}}
"""
