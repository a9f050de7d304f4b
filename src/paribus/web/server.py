"""The server of the page: where it listens, what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from paribus.errors import ParibusError

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = "127.0.0.1"
TRIES = 50  # ports that are tried above one that is in use
BACKLOG = 128
GRACE_SECONDS = 1  # for answers that are under way when the page ends


@dataclass(frozen=True)
class Place:
    """Where a page is served.

    Args:
        listener: the socket.
        host: as it was asked for.
        port: that was free.
        wanted: the port that was asked for; 0 for any.
    """

    listener: socket.socket
    host: str
    port: int
    wanted: int

    @property
    def name(self) -> str:
        """Host and port as they stand in addresses."""
        host = socket.gethostname() if _is_wildcard(self.host) else self.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """All that a browser may call it."""
        names = {self.host}
        if is_loopback(self.host) or _is_wildcard(self.host):
            names |= {LOOPBACK, "localhost", "::1"}
        if _is_wildcard(self.host):
            names |= {socket.gethostname(), socket.getfqdn(), *_addresses()} - {self.host}
        ports = {f":{self.port}"} | ({""} if self.port == 80 else set())
        return frozenset(f"[{name}]{port}" if ":" in name else f"{name}{port}" for name in names for port in ports)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, token: bool = True) -> Place:
    """Bind the port, or the next one that is free.

    Args:
        host: the address to bind.
        port: 0 for any.
        token: whether the page asks for one.

    Raises:
        ParibusError: beyond this machine without a token; or where nothing can be bound.
    """
    if not token and not is_loopback(host):
        rule = "without a token the page is for this machine only"
        raise ParibusError(rule, got=host, hint="leave --no-token out, or --host")
    for candidate in range(port, min(port + TRIES, 65536)) if port else (0,):
        try:
            listener = _bound(host, candidate)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES) and port:
                continue
            hint = "leave --host out: then the page is for this machine"
            raise ParibusError(
                f"the page cannot listen there: {error.strerror or error}", got=host, hint=hint
            ) from None
        return Place(listener, host, listener.getsockname()[1], port)
    raise ParibusError("no port is free", got=f"{port} to {port + TRIES - 1}", hint="leave --port out: any will do")


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens already: who is quick waits until the server is there."""
    family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def address(place: Place, token: str | None) -> str:
    """What to open in a browser."""
    return f"http://{place.name}/" + (f"?token={token}" if token else "")


def make_token() -> str:
    """A new one: 256 random bits."""
    return secrets.token_urlsafe(32)


def server(root: Path, place: Place, token: str | None, read_only: bool, framed: bool = False) -> uvicorn.Server:
    """A server that waits to be run on ``[place.listener]``."""
    import uvicorn

    from paribus.web.app import create
    from paribus.web.guard import Rules
    from paribus.web.protocol import Impatient

    app = create(root, Rules(place.hosts, token, place.port, read_only, framed))
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,  # addresses may hold the token
        lifespan="on",
        ws="none",
        http=Impatient,
        loop="asyncio",
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=32_768,
    )
    found = uvicorn.Server(config)
    _ending(found, app)
    return found


def _ending(found: uvicorn.Server, app: Any) -> None:
    """Let the end of the server end the streams, which never end by themselves."""
    handle = found.handle_exit
    logging.getLogger("uvicorn.error").addFilter(_is_news)

    def end(sig: int, frame: FrameType | None) -> None:
        app.state.desk.close()
        handle(sig, frame)

    found.handle_exit = end  # type: ignore[method-assign]


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record tells of more than answers that the end of the server cut off."""
    kind = record.exc_info[0] if record.exc_info else None
    cut = kind is not None and issubclass(kind, asyncio.CancelledError)
    return not cut and not str(record.msg).startswith("Cancel %s running task(s)")


def _is_wildcard(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")


def _addresses() -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()
