"""The page as a Starlette application: which address is answered by what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paribus.web.answers import NotThere, endpoint, failure, receiving
from paribus.web.api import compare, data, events, explain, home, places, runs, start, studies, theory
from paribus.web.api.explain import Answers
from paribus.web.api.places import Place
from paribus.web.guard import Guard, Rules
from paribus.web.jobs import Queue
from paribus.web.known import Known
from paribus.web.live import Live
from paribus.web.rows import AllRows
from paribus.web.shell import Shell
from paribus.web.worker import Worker

SUBJECTS: tuple[Any, ...] = (home, runs, studies, compare, start, explain, theory, data, places)
GZIP_FROM = 2000  # bytes
COMPRESSION = 4


@dataclass
class Desk:
    """What all endpoints share.

    Args:
        root: the folder of the run folders.
        read_only: whether nothing may be changed.
    """

    root: Path
    read_only: bool = False
    known: Known = field(init=False)
    queue: Queue = field(init=False)
    answers: Answers = field(default_factory=Answers)
    rows: AllRows = field(default_factory=AllRows)
    opened: dict[str, Place] = field(default_factory=dict)
    reading: Worker = field(default_factory=lambda: Worker("runs and studies"))
    theory: Worker = field(default_factory=lambda: Worker("theory", "warm:theory"))
    asking: Worker = field(default_factory=lambda: Worker("trained networks", "warm:networks"))

    def __post_init__(self) -> None:
        self.known = Known(self.root)
        self.queue = Queue(self.known.root)

    @cached_property
    def live(self) -> Live:
        """What tells tabs of changes."""
        return Live(self.known, self.rows)

    def close(self) -> None:
        """End the processes of the page; trainings are none of them."""
        self.live.close()
        self.answers.close()
        for worker in (self.reading, self.theory, self.asking):
            worker.close()


def create(root: Path, rules: Rules) -> Starlette:
    """The page about a folder.

    Args:
        root: the folder of the run folders.
        rules: who may ask, and for what.
    """
    desk, shell = Desk(root, rules.read_only), Shell()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if not desk.read_only and any(job.state == "waiting" for job in desk.queue.jobs()):
            desk.queue.start()  # whoever took the jobs has ended with the machine
        try:
            yield
        finally:
            desk.close()

    middleware = [
        Middleware(Guard, rules=rules),
        Middleware(GZipMiddleware, minimum_size=GZIP_FROM, compresslevel=COMPRESSION),
    ]
    routes = [
        *_api(),
        Route("/api/{rest:path}", _nothing, methods=["GET", "POST", "DELETE"]),
        Route("/static/{name:path}", shell.static),
        Route("/{rest:path}", shell.page),
    ]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.state.desk = desk
    return app


def _api() -> list[Route]:
    tables: tuple[dict[str, Any], ...] = tuple(subject.ENDPOINTS for subject in SUBJECTS)
    found = [_route(address, ask) for table in tables for address, ask in table.items()]
    return [Route("/api/events", events.events), *found]


def _route(address: str, ask: Any) -> Route:
    """An address as in the tables: its verb, unless it is GET, and its path."""
    verb, _, path = address.rpartition(" ")
    return Route(f"/api{path}", endpoint(ask) if not verb else receiving(ask), methods=[verb or "GET"])


async def _nothing(request: Request) -> Response:
    return failure(NotThere("there is nothing at this address", got=request.url.path), 404)
