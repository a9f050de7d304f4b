"""The stream of what happens."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from paribus.errors import ParibusError
from paribus.web.answers import failure, words

MOST_FOLLOWED = 64


async def events(request: Request) -> Response:
    """Server-sent events: what changed, and the rows of the runs that are followed (``?follow=ID,ID``)."""
    live = request.app.state.desk.live
    if live.full():
        return failure(ParibusError("too many tabs listen", hint="close some"), 503)
    follow = words(request, "follow")[:MOST_FOLLOWED]
    return StreamingResponse(live.listen(follow), media_type="text/event-stream")
