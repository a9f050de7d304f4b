"""The style sheets that the page shares with the reports."""

from __future__ import annotations

from functools import cache

SHARED = ("page.css", "night.css", "derivation.css")  # templates of the reports


@cache
def sheets() -> dict[str, str]:
    """Name → style rules: those of reports by day, what is other by night, and those of derivations."""
    from paribus.plots import theme
    from paribus.reports.html import piece

    found = {name: str(piece(name)) for name in SHARED}
    found["page.css"] += _palette(theme.ARMS)
    found["night.css"] += _palette([theme.NIGHT.get(colour, colour) for colour in theme.ARMS])
    return found


def _palette(colours: tuple[str, ...] | list[str]) -> str:
    """The colours of arms as variables, for charts that the page draws itself."""
    return f":root {{ {' '.join(f'--arm-{place}: {colour};' for place, colour in enumerate(colours))} }}\n"
