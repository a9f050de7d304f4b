"""``python -m paribus.web.framed RUNS PORT READ_ONLY``: serve a page that may stand in the frame of a notebook."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from paribus.web import server


def main() -> None:
    """Serve a page that may stand in a frame, until standard input ends: then whoever opened it is gone."""
    root, port, read_only = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1"
    place, token = server.listen("localhost", port), server.make_token()
    print(server.address(place, token), flush=True)
    threading.Thread(target=_end_with_input, daemon=True).start()
    with suppress(KeyboardInterrupt):
        server.server(root, place, token, read_only, framed=True).run([place.listener])


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
