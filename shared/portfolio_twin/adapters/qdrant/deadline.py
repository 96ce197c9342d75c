"""A limit for a whole answer: httpx has one for each read, which a server that drips its bytes never reaches."""

import ssl
import threading
import time
from typing import Any

import httpcore
import httpx

from portfolio_twin.adapters import time_left


class Deadline(threading.local):
    """When the answer that this thread waits for must be complete."""

    at = float("inf")

    def left(self, timeout: float | None) -> float:
        """What a step may take: its own limit or what is left of the whole; raises httpcore.ReadTimeout at the end."""
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
        try:
            self._deadline.at = time.monotonic() + time_left.share(self._seconds)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        return super().handle_request(request)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any) -> "_Stream":
        return _Stream(super().connect_tcp(host, port, self._deadline.left(timeout), *rest, **options), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        # Python limits a handshake as a whole.
        return _Stream(
            self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout)), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
