"""``paribus ui``: the local page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import RUNS


def ui(
    runs: Annotated[
        Path, typer.Argument(metavar="[RUNS]", help="Folder of the run folders.", envvar="PARIBUS_RUNS")
    ] = RUNS,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; the next free one if it is in use, any by default.")
    ] = 0,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    host: Annotated[
        str, typer.Option(help="The address to listen on; beyond this machine anybody with the token may look.")
    ] = "127.0.0.1",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show everything, and let nothing be started, stopped or changed.")
    ] = False,
    token: Annotated[
        bool, typer.Option("--token/--no-token", help="Whether the page asks for the token in the printed address.")
    ] = True,
) -> None:
    """Open a page on this machine: watch trainings, read studies, compare, explain, and start new ones.

    Examples:

    - `paribus ui`

    - `paribus ui my_runs --port 8000 --no-open`

    - `paribus ui --read-only`
    """
    from paribus.streams import say
    from paribus.web import server

    place = server.listen(host, port, token)
    secret = server.make_token() if token else None
    address = server.address(place, secret)
    if place.wanted and place.port != place.wanted:
        say(f"port {place.wanted} is in use; the page is on {place.port}")
    if not server.is_loopback(host):
        say("others can reach this page, and what is sent is not encrypted: keep the address to yourself")
    print(address, flush=True)
    if open_:
        _open(address)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a page ends
        server.server(runs, place, secret, read_only).run([place.listener])


def _open(address: str) -> None:
    """Open a browser, beside the server that it will ask; where there is none, the address is printed all the same."""
    import threading
    import webbrowser

    from paribus.streams import say

    def show() -> None:
        if not webbrowser.open(address):
            say("no browser could be opened: copy the address into one")

    place = threading.Timer(0.3, show)
    place.daemon = True
    place.start()
