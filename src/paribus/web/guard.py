"""Who may ask, and for what: everything is checked here before any page is looked for.

The page is for the person who started it. So a request must name this machine as its host, bring the token that was
printed (as a cookie), and, where it changes something, come from the page itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paribus.errors import ParibusError
from paribus.web.answers import failure

SAFE = ("GET", "HEAD")
VERBS = (*SAFE, "POST", "DELETE")
MOST_BYTES = 1 << 20  # of what is sent to the server
MOST_UPLOAD = 64 << 20  # of a file that predictions are asked for
MOST_PATH = 2048
UPLOAD = "/predict"  # ends the path of an upload
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
FRAMED = "'self' http://localhost:* http://127.0.0.1:*"  # notebooks on this machine
LOCKED = "This page opens with the address that `paribus ui` printed, token included. Copy it from there."


class Refused(ParibusError):
    """A request that the guard does not let through."""


@dataclass(frozen=True)
class Rules:
    """What the guard goes by.

    Args:
        hosts: all that the header Host may be, ports included.
        token: that was printed; nothing where none is asked for.
        port: on which the server listens.
        read_only: whether nothing may be changed.
        framed: whether a notebook on this machine may show the page in a frame.
    """

    hosts: frozenset[str]
    token: str | None
    port: int = 0
    read_only: bool = False
    framed: bool = False

    @property
    def cookie(self) -> str:
        """The name of the cookie: browsers share cookies between ports, so each has its own."""
        return f"paribus-{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says to the browser."""
        said = {
            "content-security-policy": POLICY.format(ancestors=FRAMED if self.framed else "'none'"),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }
        return said if self.framed else {**said, "x-frame-options": "DENY"}


class Guard:
    """Stands before all pages.

    Args:
        app: what answers those who may ask.
        rules: what it goes by.
    """

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app, self.rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        dressed = _Dressed(send, self.rules.headers)
        if (refused := self._refusal(scope)) is not None:
            await refused(scope, receive, dressed)
            return
        limited = _Limited(receive, MOST_UPLOAD if scope["path"].endswith(UPLOAD) else MOST_BYTES)
        try:
            await self.app(scope, limited, dressed)
        except ClientDisconnect:  # whoever asked has hung up while something was being sent
            return
        except _TooMuch:
            if not dressed.begun:
                await _too_much(limited.most)(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = _headers(scope)
        if headers.get("host", [""]) not in ([host] for host in self.rules.hosts):
            return PlainTextResponse("This server does not go by that name.\n", 421)
        if scope["method"] not in VERBS:
            return _refused(405, "this verb is not understood here", scope["method"])
        if not _is_clean(scope):
            return _refused(404, "there is nothing at this address")
        if (answer := self._without_token(scope, headers)) is not None:
            return answer
        if (size := _size(headers)) is None or size > self._most(scope):
            return _too_much(self._most(scope))
        return self._foreign(scope, headers)

    def _most(self, scope: Scope) -> int:
        return MOST_UPLOAD if scope["path"].endswith(UPLOAD) else MOST_BYTES

    def _without_token(self, scope: Scope, headers: Mapping[str, list[str]]) -> Response | None:
        """Where the token was brought in the address it becomes a cookie; where it was not brought at all, go away."""
        if self.rules.token is None:
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if given and scope["method"] in SAFE:
            if not _same(given[0], self.rules.token):
                return PlainTextResponse(f"This token is not that of this page. {LOCKED}\n", 401)
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            answer = _onward(quote(scope["path"]) + (f"?{rest}" if rest else ""), headers)
            answer.set_cookie(self.rules.cookie, self.rules.token, path="/", httponly=True, samesite="strict")
            answer.headers["cache-control"] = "no-store"
            return answer
        if any(_same(value, self.rules.token) for value in _cookies(headers, self.rules.cookie)):
            return None
        if scope["path"].startswith("/api/"):
            return _refused(401, "this page was opened without its token", hint=LOCKED)
        return PlainTextResponse(f"{LOCKED}\n", 401)

    def _foreign(self, scope: Scope, headers: Mapping[str, list[str]]) -> Response | None:
        """Refuse what another page asks in the name of this one, and every change where none is allowed."""
        site = headers.get("sec-fetch-site", ["same-origin"])
        is_page = headers.get("sec-fetch-mode", [""]) == ["navigate"] and not scope["path"].startswith("/api/")
        if scope["method"] in SAFE:
            if site in (["same-origin"], ["none"]) or is_page:
                return None
            return _refused(403, "this was asked by another page", ", ".join(site))
        origin = headers.get("origin", [])
        if origin != [f"http://{headers['host'][0]}"] or site != ["same-origin"]:
            return _refused(403, "changes are asked for by the page itself only", ", ".join(origin) or "no origin")
        if self.rules.read_only:
            hint = "start it without --read-only, on a folder that may change"
            return _refused(403, "this page is read-only", hint=hint)
        return None


class _TooMuch(Exception):
    """More was sent than is taken."""


class _Limited:
    """What a request brings, up to a limit."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive, self.most, self.taken = receive, most, 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.taken += len(message.get("body", b""))
        if self.taken > self.most:
            raise _TooMuch
        return message


class _Dressed:
    """Answers with the headers that all of them have."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self.send, self.begun = send, False
        self.headers = {name.encode(): value.encode() for name, value in headers.items()}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            usual = {b"cache-control": b"no-store", **self.headers}
            message = {**message, "headers": [*given, *(one for one in usual.items() if one[0] not in names)]}
        await self.send(message)


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _is_clean(scope: Scope) -> bool:
    """Whether a path is one that this page could have made."""
    path = scope["path"]
    strange = any(mark in path for mark in ("\0", "\\", "//", "\n", "\r"))
    return len(path) <= MOST_PATH and not strange and ".." not in path.split("/") and path.startswith("/")


def _onward(address: str, headers: Mapping[str, list[str]]) -> Response:
    """To the page itself; from another site over a page of our own, since browsers withhold a new cookie else."""
    if headers.get("sec-fetch-site") != ["cross-site"]:
        return RedirectResponse(address, 303)
    return HTMLResponse(f'<!doctype html><title>paribus</title><meta http-equiv="refresh" content="0;url={address}">')


def _size(headers: Mapping[str, list[str]]) -> int | None:
    text = headers.get("content-length", ["0"])[0]
    return int(text) if text.isascii() and text.isdigit() else None


def _cookies(headers: Mapping[str, list[str]], name: str) -> Iterable[str]:
    """All values of a cookie, read as browsers write them: other servers of this machine set strange ones beside it."""
    for text in headers.get("cookie", []):
        for pair in text.split(";"):
            given, _, value = pair.partition("=")
            if given.strip() == name:
                yield value.strip()


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())


def _refused(status: int, rule: str, got: str = "", hint: str = "") -> Response:
    return failure(Refused(rule, got=got, hint=hint), status)


def _too_much(most: int) -> Response:
    return _refused(413, f"at most {most >> 20} MB are taken", hint="for more, ask the command line")
