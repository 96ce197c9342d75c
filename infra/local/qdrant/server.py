"""Qdrant on one machine: a thin HTTP face over Qdrant's own engine, for exactly the REST calls the product makes.

`python -m infra.local.qdrant.server --state FOLDER --port 6333`. Search is exact: an HNSW graph pays from some 160 000
points on, and a server that holds as many builds its own.
"""

import argparse
import logging
import socket
import threading
import time
from pathlib import Path

import uvicorn

from infra.local.qdrant.app import create_app
from infra.local.qdrant.collection import Unreadable
from infra.local.qdrant.shards import Shards, StateInUse

START_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 60  # longer than a client keeps a connection, so that it is never closed under a request
POLL_SECONDS = 0.01


class QdrantFace:
    """The server in a thread of this process."""

    def __init__(self, state: Path, port: int = 0, host: str = "127.0.0.1") -> None:
        self._socket = _listen(host, port)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        try:
            self._server = _server(Shards(state))
        except BaseException:
            self._socket.close()
            raise
        run = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=run, name="qdrant", daemon=True)

    def start(self) -> None:
        """Returns when the first request can come."""
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the local Qdrant did not start at {self.url}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Saves everything; to call it twice does no harm."""
        self._server.should_exit = True
        self._thread.join()


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.create_server((host, port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio leaves it off for a socket handed to it
    return listening


def _server(shards: Shards) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(shards), log_level=logging.WARNING, access_log=False, timeout_keep_alive=KEEP_ALIVE_SECONDS
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.qdrant.server", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of the collections, made when missing")
    parser.add_argument("--port", type=int, default=6333)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets containers in")
    options = parser.parse_args()
    try:
        listening = _listen(options.host, options.port)
        shards = Shards(options.state)
    except (StateInUse, Unreadable, OSError) as error:
        parser.exit(2, f"the local Qdrant cannot start: {error}\n")
    print(
        f"Qdrant's engine at http://{options.host}:{listening.getsockname()[1]}, state in {options.state}", flush=True
    )
    _server(shards).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
