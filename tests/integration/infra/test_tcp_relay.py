"""Containers reach the embedded PostgreSQL through it, so it must pass everything on, both ways."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.stores.tcp_relay import TcpRelay


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while chunk := self.request.recv(65_536):
            self.request.sendall(chunk)


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "echo.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


def test_every_byte_comes_back(echo: Path) -> None:
    sent = bytes(range(256)) * 4_000
    with TcpRelay(echo, "127.0.0.1") as relay, socket.create_connection(("127.0.0.1", relay.port), 10) as client:
        threading.Thread(target=client.sendall, args=(sent,)).start()
        got = bytearray()
        while len(got) < len(sent):
            got += client.recv(65_536)
    assert bytes(got) == sent


def test_when_one_side_hangs_up_the_other_is_told(echo: Path) -> None:
    with TcpRelay(echo, "127.0.0.1") as relay, socket.create_connection(("127.0.0.1", relay.port), 10) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
