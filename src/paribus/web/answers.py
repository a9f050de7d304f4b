"""Answers of the page as JSON: plain data, or one clear error."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from paribus.errors import (
    DamagedRecord,
    EvidenceError,
    MissingData,
    ParibusError,
    RecipeError,
    RunLocked,
    StudyError,
    TheoryError,
    message_of,
)
from paribus.files import dumps

STATUS: dict[type[ParibusError], int] = {  # the first that fits
    MissingData: 404,
    RunLocked: 409,
    DamagedRecord: 409,
    RecipeError: 422,
    StudyError: 422,
    EvidenceError: 422,
    TheoryError: 422,
    ParibusError: 400,
}


class NotThere(ParibusError):
    """Nothing below the folder of the page has this id."""


class TooLong(ParibusError):
    """Work that was given up because it took too long."""


def answer(content: Any, status: int = 200) -> Response:
    """Plain data as JSON; what is not finite becomes ``null``."""
    return Response(dumps(content), status, media_type="application/json")


def failure(error: Exception, status: int | None = None) -> Response:
    """An error as ``{"error": {"message", "got", "hint"}}``."""
    if isinstance(error, ParibusError):
        content = {"message": error.rule, "got": error.got, "hint": error.hint}
    else:
        content = {"message": message_of(error), "got": "", "hint": "this is a mistake of paribus: please report it"}
    return answer({"error": content}, status or _status(error))


def _status(error: Exception) -> int:
    if isinstance(error, NotThere):
        return 404
    if isinstance(error, TooLong):
        return 503
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def endpoint(ask: Callable[[Request], Any]) -> Callable[[Request], Response]:
    """A function from a request to plain data, as an endpoint; it runs in a thread, and may wait."""

    @wraps(ask)
    def respond(request: Request) -> Response:
        try:
            found = ask(request)
        except Exception as error:  # one page must not end the server
            return failure(error)
        return found if isinstance(found, Response) else answer(found)

    return respond


def receiving(ask: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    """The same for one that is sent something: ``request.state.body``."""
    respond = endpoint(ask)

    @wraps(ask)
    async def receive(request: Request) -> Response:
        request.state.body = await request.body()
        return await run_in_threadpool(respond, request)

    return receive


def body(request: Request) -> dict[str, Any]:
    """What was sent, as named values.

    Raises:
        ParibusError: for anything else.
    """
    raw = request.state.body
    try:
        found = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ParibusError("what is sent is a JSON object", got=raw[:80].decode("utf-8", "replace"))
    return found


def number(request: Request, name: str, default: int, most: int) -> int:
    """A whole number of the query between 0 and ``most``.

    Raises:
        ParibusError: for anything else.
    """
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise ParibusError(f"{name} is a whole number", got=text)
    return min(int(text), most)


def real(request: Request, name: str) -> float | None:
    """A number of the query, if it is there.

    Raises:
        ParibusError: for anything else than a number.
    """
    text = request.query_params.get(name)
    try:
        return float(text) if text else None
    except ValueError:
        raise ParibusError(f"{name} is a number", got=text) from None


def words(request: Request, name: str) -> list[str]:
    """The words of the query that commas part."""
    return [word for word in request.query_params.get(name, "").split(",") if word]
