"""Canonical CSVs that others wrote: every row is checked; a bad one is listed by its line, with reason and remedy.

What concerns the whole file raises UnreadableInput: there is no good row in it then.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, NamedTuple, NoReturn

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, ValidationError, field_validator
from pydantic_core import PydanticKnownError

from portfolio_twin.domain.csv import canonical
from portfolio_twin.domain.csv.canonical import CANONICAL_COLUMNS, INTERACTION_COLUMNS
from portfolio_twin.domain.csv.columns import TRUST_PREFIX, attribute_columns, column_remarks, trusted_fields
from portfolio_twin.domain.csv.row_faults import reason_of
from portfolio_twin.domain.csv.sheets import Row, Sheet
from portfolio_twin.domain.interactions import Interaction
from portfolio_twin.domain.properties import (
    NUMERIC_INPUTS,
    AttributeValue,
    PropertyFeatures,
    PropertyId,
    attribute_name,
)
from portfolio_twin.errors import UnreadableInput

NOT_OF_INTERACTIONS = ("because",)  # told with an event through the API
KEPT_BAD_ROWS = 10_000  # with their reasons: what a person reads, and what fits in memory
SHOWN_HEADER = 300  # characters
LONGEST_USER_ID = 19  # digits
NO_FIELDS = ("property_id", "attributes")
NOT_FOR_FILES = ("tenant_id", "model_version")  # they come from the login and from the pipeline, never from data


def _number(cell: str) -> float:
    """Pydantic itself also reads 1_000, and takes 0-18 for a whole number."""
    if not canonical.is_number(cell):
        raise PydanticKnownError("float_parsing")
    return float(cell)


Trust = Annotated[float, Field(ge=0, le=1), BeforeValidator(_number)]


class PropertyRow(PropertyFeatures):
    """A row of a file: its cells are text, and those that are not empty are given."""

    model_config = ConfigDict(strict=False)

    property_id: PropertyId
    renovation_needed: StrictBool | None = None
    field_confidence: dict[str, Trust] = Field(default_factory=dict)

    @field_validator("renovation_needed", mode="before")
    @classmethod
    def _truth(cls, cell: str) -> bool | str:
        truth = canonical.BOOLEANS.get(cell.lower())
        return cell if truth is None else bool(truth)

    _numbers = field_validator(*set(NUMERIC_INPUTS) - {"renovation_needed"}, mode="before")(_number)


class BadRow(NamedTuple):
    line: int
    reason: str  # reason — remedy


class BadRows:
    """The rows of a file that were refused: all are counted, the first of them are kept with their reasons."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[BadRow] = []

    def add(self, line: int, reason: str) -> None:
        self.extend([BadRow(line, reason)], 1)

    def extend(self, first: Iterable[BadRow], count: int) -> None:
        """`count` rows, of which these are the first."""
        self.count += count
        self._kept += islice(first, KEPT_BAD_ROWS - len(self._kept))

    @property
    def listed(self) -> list[BadRow]:
        return sorted(self._kept)


class CheckedProperties:
    """A file of properties: `good` gives the sound rows, one after the other; the rest shows when it has ended.

    Raises UnreadableInput when the header is wrong, and at the end when there is no row.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet, self.bad = sheet, BadRows()
        self.numeric: dict[str, bool] = {}  # attributes seen, and whether each value of theirs is a number
        self._filled = set[str]()
        _check_header(sheet.header, needed=("property_id",))
        _check_property_header(sheet.header)
        # The canonical fields that the file has a column for; the columns of attributes, and of fields' confidence.
        self.fields = tuple(name for name in sheet.header if name in CANONICAL_COLUMNS and name not in NO_FIELDS)
        self._own, self._trusted = attribute_columns(sheet.header), trusted_fields(sheet.header)

    @property
    def trusts(self) -> bool:
        """Whether its rows may say how far each field can be trusted."""
        return bool(self._trusted)

    @property
    def remarks(self) -> list[str]:
        """On the columns, once all rows are read."""
        return column_remarks(self._sheet.header, self._filled)

    def good(self) -> Iterator[tuple[int, PropertyRow]]:
        own = {attribute_name(name) for name in self._own}
        self.numeric |= dict.fromkeys(own, True)
        for line, row in _rows(self._sheet):
            try:
                read = PropertyRow.model_validate(self._features(row))
            except RowRefused as refused:
                self.bad.add(line, str(refused))
            except ValidationError as error:
                self.bad.add(line, reason_of(error))
            else:
                self._filled |= read.model_fields_set
                for name, value in read.attributes.items():
                    self.numeric[name] = self.numeric.get(name, True) and _is_numeric(value, in_column=name in own)
                yield line, read

    def _features(self, row: Row) -> dict[str, Any]:
        if len(row) != len(self._sheet.header):
            _refuse_ragged(self._sheet.header, row)
        cells = dict(zip(self._sheet.header, row, strict=True))
        attributes = {attribute_name(name): cell for name in self._own if (cell := cells[name])}
        if nested := cells.pop("attributes", ""):
            attributes = _nested(nested, attributes)
        trust = {name: cell for name in self._trusted if (cell := cells[TRUST_PREFIX + name])}
        if lonely := [name for name in trust if not cells[name]]:
            raise RowRefused(f"{TRUST_PREFIX}{lonely[0]}: the row states no {lonely[0]} — fill in both, or neither")
        given = {name: cells[name] for name in self.fields if cells[name]}
        return {"property_id": cells["property_id"], "attributes": attributes, "field_confidence": trust} | given


class CheckedInteractions:
    """A file of interactions, as CheckedProperties; whether their properties are stored is not asked here."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet, self.bad = sheet, BadRows()
        _check_header(sheet.header, needed=INTERACTION_COLUMNS)
        if told := [name for name in sheet.header if name in NOT_OF_INTERACTIONS]:
            raise UnreadableInput(f"column {', '.join(told)} cannot be imported — send it to POST /interactions")

    def good(self) -> Iterator[tuple[int, Interaction]]:
        header = self._sheet.header
        at = [header.index(name) for name in INTERACTION_COLUMNS]
        for line, row in _rows(self._sheet):
            try:
                read = _interaction([row[i] for i in at]) if len(row) == len(header) else _refuse_ragged(header, row)
            except RowRefused as refused:
                self.bad.add(line, str(refused))
            except ValidationError as error:
                self.bad.add(line, reason_of(error))
            else:
                yield line, read


class RowRefused(ValueError):
    """With the reason and the remedy."""


def is_there_already(property_id: str, line: int) -> str:
    """The reason against a property's second row."""
    return f"property_id: {property_id!r} is on line {line} already — keep one row per property"


def is_unknown(property_id: str) -> str:
    """The reason against an interaction with a property that is nowhere."""
    return f"property_id: {property_id!r} is no known property — import it first, or correct the id"


def _check_header(header: Sequence[str], needed: Sequence[str]) -> None:
    if not header:
        raise UnreadableInput(f"the file is empty — its first line names the columns: {', '.join(needed)}, …")
    if missing := [name for name in needed if name not in header]:
        raise UnreadableInput(
            f"column {', '.join(missing)} is missing — add it to the header, which is now: {_shortened(header)}"
        )
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise UnreadableInput(f"column {', '.join(twice)} is there twice — keep one of them")


def _shortened(header: Sequence[str]) -> str:
    """A file that is no CSV at all has its content for a header."""
    text = ", ".join(header)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= SHOWN_HEADER else f"{text[:SHOWN_HEADER]}…"


def _check_property_header(header: Sequence[str]) -> None:
    if all(name in header for name in INTERACTION_COLUMNS):
        raise UnreadableInput(
            f"{', '.join(INTERACTION_COLUMNS)} are the columns of interactions — give this file as the interactions, "
            "and as the properties one with a row per property"
        )
    if ours := [name for name in header if name in NOT_FOR_FILES]:
        raise UnreadableInput(f"column {', '.join(ours)} cannot be imported — remove it")
    if header == ["property_id"]:
        raise UnreadableInput(f"there is nothing but ids — add some of: {', '.join(CANONICAL_COLUMNS)}")
    extra = {attribute_name(name): None for name in attribute_columns(header)}
    try:
        PropertyFeatures.model_validate({"attributes": extra})
    except ValidationError as error:
        raise UnreadableInput(f"the header's further columns, which are attributes: {reason_of(error)}") from error


def _rows(sheet: Sheet) -> Iterator[tuple[int, Row]]:
    """At least one."""
    empty = True
    for numbered in sheet.rows:
        empty = False
        yield numbered
    if empty:
        raise UnreadableInput("there is no row below the header — give a file with data")


def _refuse_ragged(header: Row, row: Row) -> NoReturn:
    raise RowRefused(f"{len(row)} cells under {len(header)} columns — put cells that hold a comma in double quotes")


def _nested(cell: str, own: dict[str, str]) -> Any:
    """The JSON object of a cell, over the row's own attributes; whatever else it holds is for the row's rules."""
    try:
        nested = json.loads(cell)
    except (ValueError, RecursionError) as error:  # a number of 5 000 digits is a ValueError
        why = error.msg if isinstance(error, json.JSONDecodeError) else "too deep, or a number too long"
        raise RowRefused(f'attributes: no JSON ({why}) — write it as {{"name": value}}') from error
    return own | nested if isinstance(nested, dict) else nested


def _is_numeric(value: AttributeValue, *, in_column: bool) -> bool:
    """A column's cells are texts, and may be numbers; texts of a JSON object are meant as texts."""
    if isinstance(value, str):
        return in_column and canonical.is_number(value)
    return True


def _interaction(cells: Row) -> Interaction:
    values: dict[str, Any] = dict(zip(INTERACTION_COLUMNS, cells, strict=True))
    if len(cells[0]) <= LONGEST_USER_ID and cells[0].isascii() and cells[0].isdigit():
        values["user_id"] = int(cells[0])
    return Interaction.model_validate(values)
