"""A Parquet file as rows of text, by DuckDB: some thousand rows in memory at a time, however large the file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from portfolio_twin.domain.csv.sheets import Row, Sheet
from portfolio_twin.errors import UnreadableInput

ROWS_AT_ONCE = 10_000
SETTINGS: dict[str, Any] = {"memory_limit": "512MB", "threads": 1, "autoinstall_known_extensions": False}
MOMENT = "TIMESTAMP WITH TIME ZONE"


def read_parquet(path: Path, report: Callable[[int], object], unpacked_limit_bytes: int) -> Sheet:
    """Rows are numbered from 1. `report` hears the share of the file's bytes that is read. Raises UnreadableInput."""
    connection = duckdb.connect(config=SETTINGS)
    source = [str(path)]
    try:
        columns = connection.execute("describe select * from read_parquet(?)", source).fetchall()
        (total,) = connection.execute("select count(*) from read_parquet(?)", source).fetchall()[0]
        texts = ", ".join(_as_text(name, kind) for name, kind, *_ in columns)
        rows = connection.execute(f"select {texts} from read_parquet(?)", source)  # noqa: S608  # its own columns, quoted
    except duckdb.Error as error:
        raise _unreadable(error) from error
    bytes_per_row = path.stat().st_size / max(total, 1)
    return Sheet(
        [name.strip() for name, *_ in columns],
        _rows(rows, lambda number: report(int(number * bytes_per_row)), unpacked_limit_bytes),
    )


def _as_text(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == MOMENT:
        return f"strftime(make_timestamp(epoch_us({quoted})), '%Y-%m-%dT%H:%M:%SZ')"
    return f"cast({quoted} as varchar)"


def _rows(
    rows: duckdb.DuckDBPyConnection, report: Callable[[int], object], limit_bytes: int
) -> Iterator[tuple[int, Row]]:
    number = size = 0
    try:
        while batch := rows.fetchmany(ROWS_AT_ONCE):
            for row in batch:
                cells = ["" if cell is None else cell for cell in row]
                number, size = number + 1, size + sum(map(len, cells))
                if size > limit_bytes:
                    raise UnreadableInput(f"the file holds more than {limit_bytes:,} characters — split it")
                yield number, cells
            report(number)
    except duckdb.Error as error:
        raise _unreadable(error) from error


def _unreadable(error: duckdb.Error) -> UnreadableInput:
    return UnreadableInput(f"the Parquet file is damaged ({str(error).splitlines()[0]}) — write it again")
