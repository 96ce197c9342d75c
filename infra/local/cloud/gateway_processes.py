"""The gateway in processes of its own: one of Python answers on one core, however many threads it has."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import uvicorn
from threadpoolctl import threadpool_limits

from infra.local.cloud.gateway import listen, server_of, url_of
from infra.local.twin.exits import give_up

PROCESSES_LIMIT = 4
PROCESSES = min(os.cpu_count() or 1, PROCESSES_LIMIT)  # each holds the functions and the models: some 200 MB
READY = b"!"


@contextmanager
def gateway_processes(state: Path, port: int, host: str = "127.0.0.1", count: int = PROCESSES) -> Iterator[str]:
    """Serves until the block ends, port 0 takes a free one; gives the URL once all of them answer."""
    with listen(host, port) as taken:  # by nobody else: among those that share it, another server would go unnoticed
        port = taken.getsockname()[1]
    with ExitStack() as running:
        listening = [running.enter_context(_bound(host, port)) for _ in range(count)]
        told = [running.enter_context(_process(state, each)) for each in listening]
        if not all(each.recv(1) == READY for each in told):
            give_up("the gateway did not start: what is printed above says why")
        yield url_of(listening[0])


def _bound(host: str, port: int) -> socket.socket:
    """One of several: the kernel deals out the connections among those who listen. Until one does, there are none."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.bind((host, port))
    return bound


@contextmanager
def _process(state: Path, listening: socket.socket) -> Iterator[socket.socket]:
    """It says when it is ready, and ends when nobody is left to hear it: however its parent ended."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "infra.local.cloud.gateway_processes", str(state), str(listening.fileno())]
    with theirs:
        process = subprocess.Popen(command, stdin=theirs.fileno(), pass_fds=[listening.fileno()])
    try:
        with ours:
            yield ours
    finally:
        process.wait()


def main() -> None:
    state, listening = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    parent = socket.socket(fileno=sys.stdin.fileno())
    with suppress(KeyboardInterrupt, BrokenPipeError):  # Ctrl-C comes to every process; a parent may be gone by now
        server = server_of(state)
        threadpool_limits(1, "blas")  # as in Lambda
        threading.Thread(target=_end_with, args=(parent, server), daemon=True).start()
        parent.send(READY)
        server.run(sockets=[listening])


def _end_with(parent: socket.socket, server: uvicorn.Server) -> None:
    parent.recv(1)  # nothing ever comes but the end
    server.should_exit = True


if __name__ == "__main__":
    main()
