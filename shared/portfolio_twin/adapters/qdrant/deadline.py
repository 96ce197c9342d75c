"""A limit for a whole answer: httpx has one for each read, which a server that drips its bytes never reaches."""

import ssl
import threading
import time
from typing import Any

import httpcore
import httpx


class Deadline(threading.local):
    """When the answer that this thread waits for must be complete."""

    at = float("inf")

    def left(self, timeout: float | None) -> float:
        """What a read may take: its own limit or what is left of the whole; raises httpcore.ReadTimeout at the end."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return left if timeout is None else min(timeout, left)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own, over connections that keep to a deadline; TLS goes on over them as over any other."""

    def __init__(self, seconds: float, limits: httpx.Limits) -> None:
        super().__init__(limits=limits)
        self._seconds, self._deadline = seconds, Deadline()
        self._pool._network_backend = _Backend(self._deadline)  # httpx hands none through

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._deadline.at = time.monotonic() + self._seconds
        return super().handle_request(request)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(self, *address: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*address, **options), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
