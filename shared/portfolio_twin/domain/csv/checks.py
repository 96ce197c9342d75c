"""Canonical CSVs that others wrote: every row is checked; a bad one is listed by its line, with reason and remedy.

What concerns the whole file raises UnreadableInput: there is no good row in it then.
"""

import csv
import json
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import ConfigDict, StrictBool, ValidationError, field_validator
from pydantic_core import PydanticKnownError

from portfolio_twin.domain.csv import canonical
from portfolio_twin.domain.csv.canonical import CANONICAL_COLUMNS, INTERACTION_COLUMNS, ROWS_AT_ONCE, CatalogueParts
from portfolio_twin.domain.csv.row_faults import reason_of
from portfolio_twin.domain.interactions import Interaction, InteractionLog
from portfolio_twin.domain.properties import NUMERIC_INPUTS, Catalogue, PropertyFeatures, PropertyId, attribute_name
from portfolio_twin.errors import UnreadableInput

Row = Sequence[str]
OF_ONE_FIELD = "confidence."
NOT_OF_INTERACTIONS = ("because",)  # told with an event through the API
NOT_FOR_FILES = ("tenant_id", "model_version")  # they come from the login and from the pipeline, never from data


class PropertyRow(PropertyFeatures):
    """A row of a file: its cells are text, and those that are not empty are given."""

    model_config = ConfigDict(strict=False)

    property_id: PropertyId
    renovation_needed: StrictBool | None = None

    @field_validator("renovation_needed", mode="before")
    @classmethod
    def _truth(cls, cell: str) -> bool | str:
        truth = canonical.BOOLEANS.get(cell.lower())
        return cell if truth is None else bool(truth)

    @field_validator(*set(NUMERIC_INPUTS) - {"renovation_needed"}, mode="before")
    @classmethod
    def _number(cls, cell: str) -> float:
        """Pydantic itself also reads 1_000, and takes 0-18 for a whole number."""
        if not canonical.is_number(cell):
            raise PydanticKnownError("float_parsing")
        return float(cell)


class BadRow(NamedTuple):
    line: int
    reason: str  # reason — remedy


class CheckedProperties(NamedTuple):
    catalogue: Catalogue  # the good rows
    fields: tuple[str, ...]  # the canonical fields that the file has a column for
    bad: list[BadRow]


class CheckedInteractions(NamedTuple):
    log: InteractionLog  # the good rows
    bad: list[BadRow]


def check_properties(lines: Iterable[str]) -> CheckedProperties:
    """Raises UnreadableInput when the header is wrong or there is no row."""
    reader, header = _open(lines, needed=("property_id",))
    _check_property_header(header)
    parts, good, bad, seen = CatalogueParts(header), list[Row](), list[BadRow](), dict[str, int]()
    for line, row in _rows(reader):
        if reason := _property_fault(header, row, seen):
            bad.append(BadRow(line, reason))
            continue
        seen[row[header.index("property_id")]] = line
        good.append(row)
        if len(good) == ROWS_AT_ONCE:
            parts.add(good)
            good = []
    if good:
        parts.add(good)
    fields = tuple(name for name in header if name in CANONICAL_COLUMNS and name not in ("property_id", "attributes"))
    return CheckedProperties(parts.catalogue(), fields, bad)


def check_interactions(lines: Iterable[str], property_ids: Container[str]) -> CheckedInteractions:
    """`property_ids`: of all properties that there are. Raises UnreadableInput as above."""
    reader, header = _open(lines, needed=INTERACTION_COLUMNS)
    if told := [name for name in header if name in NOT_OF_INTERACTIONS]:
        raise UnreadableInput(f"column {', '.join(told)} cannot be imported — send it to POST /interactions")
    at = [header.index(name) for name in INTERACTION_COLUMNS]
    parts, good, bad = list[InteractionLog](), list[Interaction](), list[BadRow]()
    for line, row in _rows(reader):
        read = _interaction([row[i] for i in at], property_ids) if len(row) == len(header) else _ragged(header, row)
        if isinstance(read, str):
            bad.append(BadRow(line, read))
            continue
        good.append(read)
        if len(good) == ROWS_AT_ONCE:
            parts.append(InteractionLog.of(good))
            good = []
    return CheckedInteractions(InteractionLog.joined([*parts, InteractionLog.of(good)]).in_time_order(), bad)


def _open(lines: Iterable[str], needed: Sequence[str]) -> tuple[Any, list[str]]:
    reader = csv.reader(lines, strict=True)  # strict: a quote that is never closed is an error, not one long cell
    header = [name.strip() for name in next(reader, [])]
    if not header:
        raise UnreadableInput(f"the file is empty — its first line names the columns: {', '.join(needed)}, …")
    if missing := [name for name in needed if name not in header]:
        raise UnreadableInput(
            f"column {', '.join(missing)} is missing — add it to the header, which is now: {', '.join(header)}"
        )
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise UnreadableInput(f"column {', '.join(twice)} is there twice — keep one of them")
    return reader, header


def _check_property_header(header: Sequence[str]) -> None:
    if ours := [name for name in header if name in NOT_FOR_FILES]:
        raise UnreadableInput(f"column {', '.join(ours)} cannot be imported — remove it")
    if trust := [name for name in header if name.startswith(OF_ONE_FIELD)]:
        raise UnreadableInput(f"column {', '.join(trust)} cannot be imported — send it as field_confidence to the API")
    if header == ["property_id"]:
        raise UnreadableInput(f"there is nothing but ids — add some of: {', '.join(CANONICAL_COLUMNS)}")
    extra = {attribute_name(name): None for name in header if name not in CANONICAL_COLUMNS}
    try:
        PropertyFeatures.model_validate({"attributes": extra})
    except ValidationError as error:
        raise UnreadableInput(f"the header's further columns, which are attributes: {reason_of(error)}") from error


def _rows(reader: Any) -> Iterator[tuple[int, Row]]:
    """Line number and cells of every row that is not blank; at least one."""
    empty = True
    while True:
        starts_at = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UnreadableInput(f"line {starts_at} is no CSV ({error}) — check its quotes") from error
        if row is None:
            break
        if row:
            empty = False
            yield reader.line_num, row
    if empty:
        raise UnreadableInput("there is no row below the header — give a file with data")


def _ragged(header: Row, row: Row) -> str:
    return f"{len(row)} cells under {len(header)} columns — put cells that hold a comma in double quotes"


def _property_fault(header: Row, row: Row, seen: dict[str, int]) -> str | None:
    if len(row) != len(header):
        return _ragged(header, row)
    cells = dict(zip(header, row, strict=True))
    property_id = cells.pop("property_id")
    if property_id in seen:
        return f"property_id: {property_id!r} is on line {seen[property_id]} already — keep one row per property"
    try:
        PropertyRow.model_validate({"property_id": property_id} | _features(cells))
    except json.JSONDecodeError as error:
        return f'attributes: no JSON ({error.msg}) — write it as {{"name": value}}'
    except ValidationError as error:
        return reason_of(error)
    return None


def _features(cells: dict[str, str]) -> dict[str, Any]:
    nested = json.loads(cells.pop("attributes", "") or "{}")
    own = {attribute_name(name): cell for name, cell in cells.items() if cell and name not in CANONICAL_COLUMNS}
    canonical = {name: cell for name, cell in cells.items() if cell and name in CANONICAL_COLUMNS}
    return canonical | {"attributes": own | nested if isinstance(nested, dict) else nested}


def _interaction(cells: Row, property_ids: Container[str]) -> Interaction | str:
    values: dict[str, Any] = dict(zip(INTERACTION_COLUMNS, cells, strict=True))
    if values["property_id"] not in property_ids:
        return f"property_id: {values['property_id']!r} is no known property — import it first, or correct the id"
    if cells[0].isascii() and cells[0].isdigit():
        values["user_id"] = int(cells[0])
    try:
        return Interaction.model_validate(values)
    except ValidationError as error:
        return reason_of(error)
