"""The data sets."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request


def sets(request: Request) -> Any:
    """All of them."""
    desk = request.app.state.desk
    return {"sets": desk.known.once(("sets",), 0, lambda: desk.reading.ask("data:sets"))}


def one(request: Request) -> Any:
    """One, with its classes."""
    desk, name = request.app.state.desk, request.path_params["name"]
    return desk.known.once(("set", name), 0, lambda: desk.asking.ask("data:one", name=name))


ENDPOINTS = {"/data": sets, "/data/{name}": one}
