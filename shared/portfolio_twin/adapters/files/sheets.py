"""A file on this machine's disk as a sheet, whatever its name says: CSV, gzipped CSV or Parquet, by its content."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portfolio_twin.adapters.files.csv_lines import lines
from portfolio_twin.domain.csv.sheets import Sheet, read_csv
from portfolio_twin.errors import UnreadableInput

PARQUET_MAGIC = b"PAR1"
UNPACKED_LIMIT_BYTES = 16 * 1024**3  # more text than this, out of whatever little file, is refused


@dataclass(frozen=True)
class Reading:
    """How a file is read: who hears how many of its bytes are through, and how much text may come out of it."""

    heard: Callable[[int], object] = lambda _: None
    unpacked_limit_bytes: int = UNPACKED_LIMIT_BYTES


def open_sheet(path: Path, reading: Reading) -> Sheet:
    """Its rows are read as they are asked for; raises UnreadableInput, then too, with a remedy."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError as error:
        raise UnreadableInput(f"the file cannot be read — {error.strerror or error}") from error
    if not is_parquet:
        return read_csv(lines(path, reading.heard, reading.unpacked_limit_bytes))
    from portfolio_twin.adapters.files.parquet import read_parquet  # DuckDB, which only an import of Parquet needs

    return read_parquet(path, reading.heard, reading.unpacked_limit_bytes)
