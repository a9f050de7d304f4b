"""A picture: a Vega-Lite specification as plain data, and the files it can become."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError, nearest
from paribus.files import finite, save
from paribus.plots.engine import Engine, NotDrawn

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name; nothing is ever read from there
ENGINE = Engine()
PAGE = Path(__file__).with_name("chart.html")

_CLIP = re.compile(r'(?<= id=")clip\d+(?=")|(?<=url\(#)clip\d+(?=\))')


@dataclass(frozen=True)
class Chart:
    """A picture that draws itself when asked to, without a browser and without the network.

    Args:
        spec: a complete Vega-Lite 5 specification; figures that are not finite become ``None``.
        title: what the picture shows, in a few words.
    """

    spec: dict[str, Any]
    title: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "spec", finite(_without_zero({"$schema": SCHEMA, **self.spec})))

    def svg(self) -> str:
        """The picture as SVG text.

        Raises:
            NotDrawn: where the drawing engine cannot run; see :mod:`.engine`.
        """
        return _numbered(ENGINE.draw("svg", self.spec).decode())

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as PNG; ``scale`` 2 suits screens of high resolution."""
        return ENGINE.draw("png", self.svg(), scale)

    def pdf(self) -> bytes:
        """The picture as a PDF page of its own size."""
        return ENGINE.draw("pdf", self.svg())

    def html(self) -> str:
        """A page with nothing but this picture: no script, no request."""
        from jinja2 import Template

        page = Template(PAGE.read_text(encoding="utf-8"), autoescape=True)
        return str(page.render(title=self.title, svg=self.svg()))

    def json(self) -> str:
        """The specification, for any tool that reads Vega-Lite."""
        return json.dumps(self.spec, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write the picture in the format that the suffix names: .svg, .png, .pdf, .html or .json.

        Raises:
            ParibusError: if the suffix is none of these, or another file is there that may not be written over.
        """
        path = Path(path)
        make = FORMATS.get(path.suffix.lower())
        if make is None:
            raise ParibusError(
                "a picture is saved by the suffix of its name",
                got=str(path),
                hint=nearest(path.suffix, FORMATS),
            )
        return save(path, make(self), overwrite)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        try:
            return {"image/svg+xml": self.svg(), "text/plain": repr(self)}
        except NotDrawn as error:
            return {"text/plain": f"{self!r}\n{error}"}

    def __repr__(self) -> str:
        return f"Chart({self.title!r})"


def _without_zero(spec: Any) -> Any:
    """The same, with no word on zero where an axis is logarithmic: engines drop it, and warn of it in browsers."""
    if isinstance(spec, dict):
        dropped = {"zero"} if spec.get("type") == "log" else set[str]()
        kept = {name: value for name, value in spec.items() if name not in dropped}
        return {name: value if name == "values" else _without_zero(value) for name, value in kept.items()}
    return [_without_zero(one) for one in spec] if isinstance(spec, list) else spec


def _numbered(svg: str) -> str:
    """The picture with its identifiers counted from 1: the drawing engine counts on from picture to picture."""
    numbers = {name: f"clip{place}" for place, name in enumerate(dict.fromkeys(_CLIP.findall(svg)), 1)}
    return _CLIP.sub(lambda match: numbers[match.group()], svg)


FORMATS: dict[str, Callable[[Chart], str | bytes]] = {
    ".svg": Chart.svg,
    ".png": Chart.png,
    ".pdf": Chart.pdf,
    ".html": Chart.html,
    ".json": Chart.json,
}
