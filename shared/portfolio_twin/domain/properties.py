"""The property: its 25 inputs, their limits, and a catalogue of them as columns.

16 numeric + 4 listing states + 5 types = 25 inputs. Every field may be missing; missing is not zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    with_config,
)
from typing_extensions import TypedDict

from portfolio_twin.domain.arrays import Mask, Numbers, Texts

PropertyType = Literal["Single Family", "Condo", "Townhouse", "Multi-Family", "Land"]
ListingStatus = Literal["Active", "Pending", "Sold", "Off Market"]
PROPERTY_TYPES: tuple[str, ...] = get_args(PropertyType)
LISTING_STATUSES: tuple[ListingStatus, ...] = get_args(ListingStatus)
OFF_MARKET_STATUSES = ("Sold", "Off Market")  # nobody can buy these; what states no status may be for sale

# PostgreSQL cannot hold NUL in text; pydantic itself refuses lone surrogates.
Text = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00]*$")]
# No control characters, not blank; U+FFFD is what a path's bad bytes become, and would make one id of many.
PropertyId = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f\x{fffd}]*[^\x00-\x20\x7f\x{fffd}]$")
]
AttributeName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
AttributeValue = float | bool | Text | None


def _flag(value: Any) -> Any:
    """0 and 1 are how many systems write no and yes."""
    return bool(value) if isinstance(value, (int, float)) and value in (0, 1) else value


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 1987.0 is what tools write that have no integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Flag = Annotated[
    bool, BeforeValidator(_flag), WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "number", "enum": [0, 1]}]})
]
WHOLE = BeforeValidator(_whole)  # the last of an integer's annotations: a limit after it is missing in the schema

NUMERIC_INPUTS: tuple[str, ...] = (
    "listing_price", "price_per_sqft", "estimated_value", "cap_rate", "cash_on_cash_return",
    "bedrooms", "bathrooms", "square_footage", "lot_size_sqft", "year_built",
    "lat", "lon", "days_on_market", "condition_score", "renovation_needed", "confidence",
)  # fmt: skip
CATEGORIES = {"listing_status": LISTING_STATUSES, "property_type": PROPERTY_TYPES}
CATEGORICAL_INPUTS: tuple[str, ...] = tuple(CATEGORIES)
TEXT_COLUMNS = (*CATEGORICAL_INPUTS, "zipcode", "source_system")  # the last two: filtered on, no inputs
# How far each of these can be trusted, and on whose word, may be known; the confidence of a property is their mean.
PROVENANCE_FIELDS: tuple[str, ...] = tuple(
    name for name in (*NUMERIC_INPUTS, *TEXT_COLUMNS) if name not in ("confidence", "source_system")
)
ProvenanceField = Annotated[str, StringConstraints(pattern=f"^({'|'.join(PROVENANCE_FIELDS)})$")]
FieldConfidence = Annotated[
    dict[ProvenanceField, Annotated[float, Field(ge=0, le=1)]], Field(json_schema_extra={"additionalProperties": False})
]
ATTRIBUTE_PREFIX = "attributes."
SHOWN_ATTRIBUTES = ("address", "photo_url", "listing_url")  # for people: a page shows them, no model learns from them
UNKNOWN = -1  # the row of a property that is not there


def is_input(name: str) -> bool:
    """Whether a column is one that the model learns from."""
    if name.startswith(ATTRIBUTE_PREFIX):
        return attribute_name(name) not in SHOWN_ATTRIBUTES
    return name in NUMERIC_INPUTS or name in CATEGORICAL_INPUTS


def attribute_name(column: str) -> str:
    """The attribute that a column which is not canonical holds."""
    return column.removeprefix(ATTRIBUTE_PREFIX)


class PropertyFeatures(BaseModel):
    """A property's own data. Prices in USD, areas in ft², rates and scores as fractions, location in degrees."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)

    listing_price: float | None = Field(None, ge=0, le=1e11)
    price_per_sqft: float | None = Field(None, ge=0, le=1e7)
    estimated_value: float | None = Field(None, ge=0, le=1e11)
    cap_rate: float | None = Field(None, ge=-1, le=10)
    cash_on_cash_return: float | None = Field(None, ge=-10, le=10)
    bedrooms: float | None = Field(None, ge=0, le=1000)
    bathrooms: float | None = Field(None, ge=0, le=1000)
    square_footage: float | None = Field(None, ge=0, le=1e8)
    lot_size_sqft: float | None = Field(None, ge=0, le=1e11)
    year_built: Annotated[int, Field(ge=1600, le=2100), WHOLE] | None = None
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    zipcode: Text | None = None
    days_on_market: float | None = Field(None, ge=0, le=36_500)
    listing_status: ListingStatus | None = None
    condition_score: float | None = Field(None, ge=0, le=1)
    renovation_needed: Flag | None = Field(None, description="true or false, or 1 or 0")
    property_type: PropertyType | None = None
    source_system: Text | None = None
    confidence: float | None = Field(None, ge=0, le=1)
    attributes: dict[AttributeName, AttributeValue] = Field(
        default_factory=dict,
        max_length=100,
        description="the tenant's own; address, photo_url and listing_url are there to be shown, and never learnt from",
        json_schema_extra={"additionalProperties": False},
    )


FIELDS = frozenset(PropertyFeatures.model_fields)
# The same rules for thousands at once: plain rows of what is given are made in half the time of models.
_RULES: Any = {
    name: Annotated[each.annotation, "", *each.metadata] for name, each in PropertyFeatures.model_fields.items()
}
_PropertyRow = TypedDict("_PropertyRow", _RULES, total=False)  # type: ignore[misc]  # mypy wants the fields written out
PROPERTY_ROWS: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(
    list[with_config(PropertyFeatures.model_config)(_PropertyRow)]  # type: ignore[misc]  # a type that is computed
)
Column = npt.NDArray[Any]


@dataclass(frozen=True)
class Catalogue:
    """Properties as columns: the form in which the model reads them.

    `columns` maps a field to (n,) values: float64 with NaN for missing, or object (str | None).
    A tenant's own attributes are columns too, named `attributes.<name>`.
    """

    ids: Texts  # (n,)
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, ids: Sequence[str], properties: Sequence[PropertyFeatures]) -> Self:
        """The catalogue of validated properties, one row each, in order."""
        return cls.from_rows(ids, [p.__dict__ for p in properties])

    @classmethod
    def from_rows(cls, ids: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Self:
        """As `of`, from plain mappings of already checked values (an index payload, a database row)."""
        given = chain.from_iterable([map(row.get, NUMERIC_INPUTS) for row in rows])
        numbers = np.fromiter(given, dtype=np.float64)  # None becomes NaN
        numbers = numbers.reshape(len(rows), len(NUMERIC_INPUTS))
        columns: dict[str, Column] = dict(zip(NUMERIC_INPUTS, numbers.T, strict=True))
        for name in TEXT_COLUMNS:
            columns[name] = np.array([row.get(name) for row in rows], dtype=object)
        attributes = [row.get("attributes") or {} for row in rows]
        for name in sorted(set().union(*attributes)):
            columns[ATTRIBUTE_PREFIX + name] = attribute_column([a.get(name) for a in attributes])
        return cls(np.array(ids, dtype=object), columns)

    def row(self, i: int) -> dict[str, Any]:
        """One property as a mapping, attributes nested, missing fields left out."""
        fields: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, column in self.columns.items():
            value = column[i]
            if value is None or value != value:
                continue
            plain = value.item() if isinstance(value, np.generic) else value
            if name.startswith(ATTRIBUTE_PREFIX):
                attributes[attribute_name(name)] = plain
            else:
                fields[name] = plain
        if "renovation_needed" in fields:
            fields["renovation_needed"] = bool(fields["renovation_needed"])
        if "year_built" in fields:
            fields["year_built"] = int(fields["year_built"])
        return fields | ({"attributes": attributes} if attributes else {})

    def take(self, rows: Numbers | Mask) -> Self:
        """The catalogue of the chosen rows, in their order."""
        return type(self)(self.ids[rows], {name: column[rows] for name, column in self.columns.items()})

    def rows_of(self, ids: Iterable[str]) -> Numbers:
        """(m,) the row of each property, UNKNOWN where the catalogue does not have it."""
        return find_rows(ids, self._row_of)

    @cached_property
    def _row_of(self) -> Mapping[str, int]:
        return {property_id: row for row, property_id in enumerate(self.ids)}


def find_rows(ids: Iterable[str], row_of: Mapping[str, int]) -> Numbers:
    """(m,) the row of each property, UNKNOWN where there is none."""
    return np.fromiter((row_of.get(property_id, UNKNOWN) for property_id in ids), dtype=np.int64)


def attribute_column(values: Sequence[AttributeValue]) -> Column:
    """Float64 where every value that is there is a number, else object with the values as text. (n,)"""
    if all(issubclass(kind, (bool, int, float, type(None))) for kind in {*map(type, values)}):
        return np.array(values, dtype=np.float64)
    return np.array([None if value is None else str(value) for value in values], dtype=object)
