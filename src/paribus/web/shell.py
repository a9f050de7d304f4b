"""The one HTML page and the files that it is made of: scripts, styles, pictures, from a list of what is there."""

from __future__ import annotations

import mimetypes
import re
import threading
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from paribus import __version__
from paribus.web.answers import NotThere, failure

HERE = Path(__file__).parent
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
VEGA = "vega.js"  # made by the drawing engine, and kept
# the engine brings Vega 6 with a Vega-Lite that says 5: they work together, and the console need not hear of it
WARNING = re.compile(rb"\|\|console\.warn\(`The compiled spec uses[^`]*`\)")


class Shell:
    """The page and its files."""

    def __init__(self) -> None:
        self._making = threading.Lock()

    @cached_property
    def files(self) -> dict[str, Path]:
        """Name → file, of all that lie in ``static``."""
        static = HERE / "static"
        return {str(path.relative_to(static)): path for path in static.rglob("*") if path.is_file()}

    @cached_property
    def sheets(self) -> dict[str, str]:
        """Name → text, of the style sheets that page and reports share."""
        from paribus.web.styles import sheets

        return sheets()

    def page(self, request: Request) -> Response:
        """The page, whatever its address: what it shows is found by its script."""
        text = (HERE / "templates" / "page.html").read_text(encoding="utf-8")
        return Response(text.replace("{{ version }}", __version__), media_type="text/html")

    def static(self, request: Request) -> Response:
        """A file of the page; asked again, it is not sent again while it is the same."""
        name = request.path_params["name"]
        if name == VEGA:
            return _cached(request, self.vega, "text/javascript")
        if name in self.sheets:
            return _cached(request, self.sheets[name].encode(), "text/css")
        if name not in self.files:
            return failure(NotThere("the page has no such file", got=name), 404)
        path = self.files[name]
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return _cached(request, path.read_bytes(), kind)

    @property
    def vega(self) -> bytes:
        """Vega, Vega-Lite and Vega-Embed as one script: those of the drawing engine, so that pages need no other."""
        with self._making:
            return WARNING.sub(b"", self._vega)

    @cached_property
    def _vega(self) -> bytes:
        from importlib.metadata import version

        from paribus.cache import paths
        from paribus.files import write_bytes
        from paribus.plots.engine import LANGUAGE

        kept = paths.cache() / "page" / f"vega-{version('vl-convert-python')}-{LANGUAGE}.js"
        try:
            return kept.read_bytes()
        except OSError:
            made = _bundle(LANGUAGE)
        try:
            write_bytes(kept, made)
        except Exception:  # it is made again next time
            return made
        return made


def _bundle(language: str) -> bytes:
    """Made in a process of its own: the engine takes much memory, and keeps it."""
    import subprocess
    import sys

    code = f"import sys, vl_convert; sys.stdout.write(vl_convert.javascript_bundle(vl_version={language!r}))"
    made = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, timeout=120, check=True)
    return made.stdout


def _cached(request: Request, content: bytes, kind: str) -> Response:
    mark = f'"{sha256(content).hexdigest()[:20]}"'
    headers: dict[str, Any] = {"etag": mark, "cache-control": "no-cache"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)
