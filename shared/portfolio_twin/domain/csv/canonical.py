"""The canonical CSV form of a tenant's data: written, and read back fast, for it is trusted.

properties.csv: property_id, the names of domain/properties.py, `attributes` (a JSON object) and any further columns,
each of which is an attribute. interactions.csv: user_id,property_id,kind,occurred_at. Others' files: `checks.py`.
"""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from portfolio_twin.domain import properties
from portfolio_twin.domain.arrays import times_as_text, times_from_text
from portfolio_twin.domain.interactions import KIND_CODE, KINDS, InteractionLog
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX, NUMERIC_INPUTS, TEXT_COLUMNS, Catalogue, Column

INTERACTION_COLUMNS = ("user_id", "property_id", "kind", "occurred_at")
CANONICAL_COLUMNS = ("property_id", *NUMERIC_INPUTS, *TEXT_COLUMNS, "attributes")
TRUE, FALSE = ("true", "t", "yes", "1", "1.0"), ("false", "f", "no", "0", "0.0")
BOOLEANS = dict.fromkeys(TRUE, 1.0) | dict.fromkeys(FALSE, 0.0)
ROWS_AT_ONCE = 20_000  # read row-wise, kept column-wise: a million rows of Python strings would take gigabytes

Rows = Sequence[Sequence[str]]


def write_catalogue(catalogue: Catalogue) -> Iterator[Sequence[str]]:
    """The header and one row per property, for a csv writer."""
    nested = {name: column for name, column in catalogue.columns.items() if _looks_numeric(name, column)}
    plain = {name: _texts(column) for name, column in catalogue.columns.items() if name not in nested}
    if nested:
        plain["attributes"] = _objects(nested)
    yield ["property_id", *plain]
    yield from zip(catalogue.ids.tolist(), *plain.values(), strict=True)


def _looks_numeric(name: str, column: Column) -> bool:
    """An attribute of texts like 00417, which would come back as numbers: as JSON they keep their quotes."""
    return name.startswith(ATTRIBUTE_PREFIX) and column.dtype == object and numbers_if_all(column) is not column


def _objects(columns: Mapping[str, Column]) -> list[str]:
    names, rows = [properties.attribute_name(name) for name in columns], zip(*columns.values(), strict=True)
    filled = ([(name, value) for name, value in zip(names, row, strict=True) if value is not None] for row in rows)
    return [json.dumps(dict(pairs)) for pairs in filled]


def _texts(column: Column) -> list[str]:
    if column.dtype == object:
        return ["" if value is None else value for value in column]
    return ["" if math.isnan(value) else repr(value) for value in column.tolist()]  # repr gives every digit back


def read_catalogue(lines: Iterable[str]) -> Catalogue:
    """Columns of a trusted file, in its order; canonical columns that it lacks are all missing."""
    reader = csv.reader(lines)
    parts = CatalogueParts(next(reader))
    while rows := list(islice(reader, ROWS_AT_ONCE)):
        parts.add(rows)
    return parts.catalogue()


class CatalogueParts:
    """A catalogue being read, some thousand rows at a time; what an attribute is shows only at the end."""

    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._columns: dict[str, list[Column]] = {name: [] for name in header if name != "attributes"}
        self._nested: dict[str, list[properties.AttributeValue]] = {}
        self._n = 0

    def add(self, rows: Rows) -> None:
        for name, cells in zip(self._header, zip(*rows, strict=True), strict=True):
            if name == "attributes":
                self._add_nested(cells)
            else:
                self._columns[name].append(_column(name, cells))
        self._n += len(rows)

    def catalogue(self) -> Catalogue:
        read = {name: np.concatenate(parts) for name, parts in self._columns.items() if parts}
        ids = read.pop("property_id", np.array([], dtype=object))
        columns: dict[str, Column] = {name: read.pop(name, np.full(self._n, np.nan)) for name in NUMERIC_INPUTS}
        columns |= {name: read.pop(name, np.full(self._n, None)) for name in TEXT_COLUMNS}
        attributes = {properties.attribute_name(name): numbers_if_all(column) for name, column in read.items()}
        attributes |= {name: properties.attribute_column(values) for name, values in self._nested.items()}
        return Catalogue(ids, columns | {ATTRIBUTE_PREFIX + name: attributes[name] for name in sorted(attributes)})

    def _add_nested(self, cells: Sequence[str]) -> None:
        for i, cell in enumerate(cells, start=self._n):
            for name, value in json.loads(cell).items() if cell and cell != "{}" else ():
                values = self._nested.setdefault(name, [])
                values.extend([None] * (i - len(values)))
                values.append(value)
        for values in self._nested.values():
            values.extend([None] * (self._n + len(cells) - len(values)))


def _column(name: str, cells: Sequence[str]) -> Column:
    if name == "renovation_needed":
        return np.array([BOOLEANS[cell.lower()] if cell else math.nan for cell in cells])
    if name in NUMERIC_INPUTS:
        return np.array([float(cell) if cell else math.nan for cell in cells])
    one_of_each: dict[str, str] = {}  # a zipcode that a thousand rows share is one string
    return np.array([one_of_each.setdefault(cell, cell) if cell else None for cell in cells], dtype=object)


def numbers_if_all(column: Column) -> Column:
    """Float64 where every text of the column is a number. (n,) object → (n,)"""
    if not all(cell is None or is_number(cell) for cell in column):
        return column
    return np.array([math.nan if cell is None else float(cell) for cell in column], dtype=np.float64)


def is_number(text: str) -> bool:
    """A finite number as people write it; Python's own reading also takes 1_000, nan and inf."""
    try:
        return "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False


def write_interactions(log: InteractionLog) -> Iterator[Sequence[Any]]:
    """The header and one row per interaction, for a csv writer."""
    yield INTERACTION_COLUMNS
    kinds = np.array(KINDS, dtype=object)[log.kinds].tolist()
    yield from zip(log.users.tolist(), log.properties.tolist(), kinds, times_as_text(log.times), strict=True)


def read_interactions(lines: Iterable[str]) -> InteractionLog:
    """What stands in a trusted file: columns in the order of INTERACTION_COLUMNS, times in UTC to the second."""
    reader = csv.reader(lines)
    next(reader)
    parts = [InteractionLog.of([])]
    while rows := list(islice(reader, ROWS_AT_ONCE)):
        parts.append(_log(rows))
    return InteractionLog.joined(parts).in_time_order().standing()


def _log(rows: Rows) -> InteractionLog:
    users, ids, kinds, times = zip(*rows, strict=True)
    one_of_each: dict[str, str] = {}
    return InteractionLog(
        np.array([int(user) for user in users], dtype=np.int64),
        np.array([one_of_each.setdefault(name, name) for name in ids], dtype=object),
        np.array([KIND_CODE[kind] for kind in kinds], dtype=np.int8),
        times_from_text(times),
    )
