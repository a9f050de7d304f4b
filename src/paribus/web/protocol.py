"""HTTP as the server of the page speaks it: whoever does not come to the point in time is hung up on."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0  # from a first word, or from the beginning, to the end of what is asked


class Impatient(H11Protocol):
    """Ends connections on which a request never comes to the end of its head: they would take the place of others."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._due is not None:
            self._due.cancel()
        super().connection_lost(exc)

    def _look_later(self) -> None:
        self._due = self.loop.call_later(HEAD_SECONDS, self._look)

    def _look(self) -> None:
        resting = self.timeout_keep_alive_task is not None  # between two requests, which uvicorn ends by itself
        answered = self.cycle is None or self.cycle.response_complete
        if answered and not resting:
            self.transport.close()
        else:
            self._look_later()
