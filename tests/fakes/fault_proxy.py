"""A TCP proxy that does to its server what networks do: `proxy.fault = "reset"`, and None to heal.

`once` makes it heal by itself, when one connection has been reset; `at` waits for an answer that holds these bytes.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Fault = Literal["latency", "reset", "black hole", "slow drip", "half close"]
LATENCY_SECONDS = 0.3
DRIP_SECONDS = 0.25  # between two bytes
CHUNK = 65_536


class FaultProxy:
    """Forwards to `target`, an address or the path of a socket; the fault that is set rules every byte from then on."""

    def __init__(self, target: tuple[str, int] | str, tls: ssl.SSLContext | None = None) -> None:
        self.target, self.port, self._tls = target, 0, tls
        self.heal()
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Task[None]] = set()

    def heal(self) -> None:
        self.fault: Fault | None = None
        self.once, self.at = False, b""

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        writers = [answer]
        try:
            if self.fault == "reset" and not self.at:
                self._reset(answer)
                return
            if self._tls is not None:  # asked for as PostgreSQL's clients do
                await client.readexactly(8)
                answer.write(b"S")
                await answer.start_tls(self._tls)
            reader, writer = await self._connect()
            writers.append(writer)
            ways = asyncio.create_task(self._pump(client, writer)), asyncio.create_task(self._answer(reader, answer))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # what the fault or the end of the test has cut
        finally:
            for each in writers:
                each.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """The server's bytes on their way back: where the fault strikes."""
        while data := await source.read(CHUNK):
            if self.at not in data:
                sink.write(data)
                continue
            if self.fault == "latency":
                await asyncio.sleep(LATENCY_SECONDS)
            elif self.fault == "reset":
                self._reset(sink)
                return
            elif self.fault == "half close":
                sink.write(data[: len(data) // 2])
                sink.write_eof()
                return
            while self.fault == "black hole":
                await asyncio.sleep(0.01)
            while self.fault == "slow drip" and data:
                sink.write(data[:1])
                await sink.drain()
                data = data[1:]
                await asyncio.sleep(DRIP_SECONDS)
            sink.write(data)
            await sink.drain()

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        """A RST instead of a FIN: nothing more is sent, and the other side knows at once."""
        if self.once:
            self.heal()
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    def run(self, ready: threading.Event) -> None:
        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port, self._stopped = server.sockets[0].getsockname()[1], asyncio.Event()
            ready.set()
            await self._stopped.wait()
            server.close()
            for task in list(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await asyncio.sleep(0)  # transports that were cut say so to the loop

        self._loop.run_until_complete(serve())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)


@contextmanager
def proxied(target: tuple[str, int] | str, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    """A proxy in front of the target, on a free port of this machine, until the block ends."""
    proxy, ready = FaultProxy(target, tls), threading.Event()
    thread = threading.Thread(target=proxy.run, args=(ready,), name="fault proxy", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()
