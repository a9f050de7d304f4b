"""Answers that are under way when the page ends are cut off without a word."""

from __future__ import annotations

import asyncio
import logging
import socket
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from paribus.web import server


class Desk:
    def close(self) -> None:
        """Nothing waits."""


def test_an_answer_that_is_cut_off_by_the_end_is_no_news(caplog):
    async def app(scope, receive, send):
        asked.set()
        await asyncio.sleep(60)

    app.state = type("State", (), {"desk": Desk()})
    asked = asyncio.Event()
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=0)
    found = uvicorn.Server(config)
    server._ending(found, app)

    async def serve() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            running = asyncio.create_task(found.serve([listener]))
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            await asked.wait()
            found.should_exit = True
            await running
            writer.close()
            await writer.wait_closed()

    with caplog.at_level(logging.ERROR), ThreadPoolExecutor(1) as thread:  # here a loop may run already
        thread.submit(lambda: asyncio.run(serve())).result(timeout=20)
    assert caplog.text == ""


def test_what_else_goes_wrong_is_told(caplog):
    logger = logging.getLogger("uvicorn.error")
    try:
        raise ValueError("of somebody's")
    except ValueError:
        logger.exception("Exception in ASGI application")
    assert "of somebody's" in caplog.text
