"""A table as somebody brings it: a header, and rows of text with the line that each of them is on."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from portfolio_twin.errors import UnreadableInput

Row = Sequence[str]


class Sheet(NamedTuple):
    """Where a table has no lines, as in Parquet, the number of the row stands for its line."""

    header: list[str]
    rows: Iterator[tuple[int, Row]]


def read_csv(lines: Iterable[str]) -> Sheet:
    """Of a CSV file's lines; its rows raise UnreadableInput where they are none."""
    reader = csv.reader(lines, strict=True)  # strict: a quote that is never closed is an error, not one long cell
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UnreadableInput(f"the header is no CSV ({error}) — give a CSV, gzip or Parquet file") from error
    return Sheet(header, _rows(reader))


def _rows(reader: Any) -> Iterator[tuple[int, Row]]:
    """Line number and cells of every row that is not blank."""
    while True:
        starts_at = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UnreadableInput(f"line {starts_at} is no CSV ({error}) — check its quotes") from error
        if row is None:
            return
        if row:
            yield reader.line_num, row
