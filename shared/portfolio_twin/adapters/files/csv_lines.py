"""The lines of a CSV file that somebody brings: gzip seen by its content, UTF-8 insisted on, progress reported."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from portfolio_twin.errors import UnreadableInput

GZIP_MAGIC = b"\x1f\x8b"
LINES_PER_REPORT = 2_000
LINE_LIMIT_BYTES = 1024**2  # a line longer than this is no row of ours, and must not fill the memory


def lines(path: Path, report: Callable[[int], object], unpacked_limit_bytes: int) -> Iterator[str]:
    """`report` hears how many bytes of the file are read. Raises UnreadableInput, with a remedy."""
    try:
        with path.open("rb") as raw:
            yield from _decoded(_limited(_unpacked(raw), unpacked_limit_bytes), lambda: report(raw.tell()))
            report(raw.tell())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableInput("the gzip file is damaged — copy it again from its source") from error
    except OSError as error:
        raise UnreadableInput(f"the file cannot be read — {error.strerror or error}") from error


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    raw.seek(0)
    return cast("IO[bytes]", gzip.open(raw)) if packed else raw


def _limited(binary: IO[bytes], limit_bytes: int) -> Iterator[bytes]:
    """A small gzip file can hold any amount of text."""
    total = 0
    while line := binary.readline(LINE_LIMIT_BYTES):
        total += len(line)
        if len(line) == LINE_LIMIT_BYTES:
            raise UnreadableInput(f"a line is longer than {LINE_LIMIT_BYTES:,} bytes — give a CSV file")
        if total > limit_bytes:
            raise UnreadableInput(f"the file holds more than {limit_bytes:,} bytes of text — split it")
        yield line


def _decoded(binary: Iterator[bytes], report: Callable[[], object]) -> Iterator[str]:
    for number, line in enumerate(binary, start=1):
        if number % LINES_PER_REPORT == 0:
            report()
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")  # spreadsheets begin with a byte order mark
        except UnicodeDecodeError as error:
            raise UnreadableInput(f"line {number} is not UTF-8 — save the file as UTF-8") from error
