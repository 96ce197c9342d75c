"""From properties to numbers: a schema learnt from one catalogue, applied alike in training and in serving."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix, Numbers, Texts
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX, Catalogue, Column, is_input

# The market's clock says when a property could be had, not whom it suits: it filters, and activity reads it.
# Latitude and longitude make the location together.
NO_TASTE = {"listing_status", "days_on_market", "lat", "lon"}
LOG_INPUTS = {"listing_price", "price_per_sqft", "estimated_value", "square_footage", "lot_size_sqft"}
CLIP_QUANTILES = (0.005, 0.995)
CATEGORIES_LIMIT = 32  # of one attribute, the most frequent; the rest reads as unknown
CATEGORY_SUPPORT = 5  # properties that must share a category before it gets an input of its own
WAVELENGTHS_KM = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
KM_PER_DEGREE = 111.32
LOCATION_LIMIT = 5.0  # standard deviations; a property in another market must not blow the tower up


@dataclass(frozen=True)
class NumericFeature:
    """(clip(log1p?(x), low, high) − mean) / std; missing is 0, with a flag of its own where training saw any."""

    name: str
    log: bool
    low: float
    high: float
    mean: float
    std: float
    flag: bool


@dataclass(frozen=True)
class CategoricalFeature:
    """One input per category; an unknown or missing one sets none of them."""

    name: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Location:
    """Kilometres east and north of the market's median, z-scored, and their sines and cosines at several scales."""

    lat: float
    lon: float
    east_std_km: float
    north_std_km: float
    flag: bool


class Features(NamedTuple):
    """n properties as the towers see them, and as they are beyond what the towers see."""

    X: Matrix  # (n, w) finite, within the limits of training
    numbers: Floats  # (n, numeric) in standard deviations from the mean, NaN where missing
    km: Floats  # (n, 2) east and north of the market's median, NaN where missing

    def take(self, rows: Numbers) -> "Features":
        """Of some of the properties, by row (m,)."""
        return Features(self.X[rows], self.numbers[rows], self.km[rows])


@dataclass(frozen=True)
class FeatureSchema:
    """Maps a catalogue to (n, width) float32: numbers, their missing flags, categories, location."""

    numeric: tuple[NumericFeature, ...]
    categorical: tuple[CategoricalFeature, ...]
    location: Location | None
    groups: Mapping[str, tuple[int, ...]] = field(init=False, compare=False)  # input name → its columns

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", self._group_columns())

    @property
    def width(self) -> int:
        return sum(len(columns) for columns in self.groups.values())

    @property
    def waves(self) -> tuple[int, ...]:
        """The columns of the location beyond its two coordinates: no part of a plain distance between properties."""
        return self.groups.get("location", ())[2:]

    @classmethod
    def learn(cls, catalogue: Catalogue) -> Self:
        """Keeps what varies in this catalogue; raises ValueError when nothing does."""
        numeric, categorical = [], []
        for name, column in catalogue.columns.items():
            if name in NO_TASTE or not is_input(name):
                continue
            if column.dtype == object:
                categorical += _learn_categories(name, column)
            else:
                numeric += _learn_numeric(name, column)
        schema = cls(tuple(numeric), tuple(categorical), _learn_location(catalogue))
        if schema.width == 0:
            raise ValueError("no field of this catalogue varies: there is nothing to learn from")
        return schema

    def vectorise(self, catalogue: Catalogue) -> Matrix:
        """(n, width) float32, finite whatever is missing or out of range."""
        return self.read(catalogue).X

    def read(self, catalogue: Catalogue) -> Features:
        """What the model needs to know of each property."""
        unclipped, km = self._standardised(catalogue), self._kilometres(catalogue)
        return Features(self._columns(catalogue, unclipped, km), unclipped, km)

    def _columns(self, catalogue: Catalogue, numbers: Floats, km: Floats) -> Matrix:
        n = len(catalogue)
        missing = np.isnan(numbers)
        low, high = self._limits
        numbers = np.minimum(np.maximum(numbers, low), high)
        numbers[missing] = 0.0
        blocks = [numbers, missing[:, self._flagged]]
        for feature in self.categorical:
            rank = {category: i for i, category in enumerate(feature.categories)}
            values = _as_text(catalogue.columns.get(feature.name), n)
            codes = np.array([rank.get(value, -1) for value in values], dtype=np.int64)
            blocks.append(codes[:, None] == np.arange(len(feature.categories)))
        if self.location:
            blocks.append(_location_columns(self.location, km))
        return np.concatenate(blocks, axis=1, dtype=np.float32, casting="unsafe")

    def _standardised(self, catalogue: Catalogue) -> Floats:
        raw = np.full((len(catalogue), len(self.numeric)), np.nan)
        for j, feature in enumerate(self.numeric):
            column = catalogue.columns.get(feature.name)
            if column is not None and column.dtype != object:
                raw[:, j] = column
        log, mean, std = self._scales
        raw[:, log] = np.log1p(np.maximum(raw[:, log], 0))
        with np.errstate(over="ignore"):  # an attribute of 1e308 is infinitely far
            return np.asarray((raw - mean) / std)

    def _kilometres(self, catalogue: Catalogue) -> Floats:
        nowhere = np.full(len(catalogue), np.nan)
        if self.location is None:
            return np.stack([nowhere, nowhere], axis=1)
        lat, lon = (catalogue.columns.get(name, nowhere) for name in ("lat", "lon"))
        return np.stack(_kilometres((self.location.lat, self.location.lon), lat, lon), axis=1)

    @cached_property
    def _scales(self) -> tuple[Column, ...]:
        """(numeric,) each: whether it is read as a logarithm, mean, standard deviation."""
        log, *rest = np.array([(f.log, f.mean, f.std) for f in self.numeric], dtype=np.float64).reshape(-1, 3).T
        return (log.astype(bool), *rest)

    @cached_property
    def _limits(self) -> tuple[Column, ...]:
        """(numeric,) each: the lowest and the highest that the towers see, in standard deviations from the mean."""
        limits = [((f.low - f.mean) / f.std, (f.high - f.mean) / f.std) for f in self.numeric]
        return tuple(np.array(limits, dtype=np.float64).reshape(-1, 2).T)

    @cached_property
    def _flagged(self) -> Numbers:
        return np.flatnonzero([feature.flag for feature in self.numeric])

    def _group_columns(self) -> dict[str, tuple[int, ...]]:
        groups: dict[str, tuple[int, ...]] = {f.name: (i,) for i, f in enumerate(self.numeric)}
        at = len(self.numeric)
        for feature in self.numeric:
            if feature.flag:
                groups[feature.name] += (at,)
                at += 1
        for choice in self.categorical:
            groups[choice.name] = tuple(range(at, at + len(choice.categories)))
            at += len(choice.categories)
        if self.location:
            groups["location"] = tuple(range(at, at + 2 + 4 * len(WAVELENGTHS_KM) + self.location.flag))
        return groups

    def to_json(self) -> dict[str, Any]:
        return {
            "numeric": [asdict(f) for f in self.numeric],
            "categorical": [{"name": f.name, "categories": list(f.categories)} for f in self.categorical],
            "place": asdict(self.location) if self.location else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            tuple(NumericFeature(**f) for f in data["numeric"]),
            tuple(CategoricalFeature(f["name"], tuple(f["categories"])) for f in data["categorical"]),
            Location(**data["place"]) if data["place"] else None,
        )


def _as_text(column: Column | None, n: int) -> list[Any]:
    if column is None:
        return [None] * n
    return list(column if column.dtype == object else column.astype(str))


def _learn_numeric(name: str, column: Floats) -> list[NumericFeature]:
    finite = column[np.isfinite(column)]
    if len(finite) < 2:
        return []
    skewed = name.startswith(ATTRIBUTE_PREFIX) and finite.min() >= 0 and finite.mean() > 2 * np.median(finite)
    log = name in LOG_INPUTS or bool(skewed)
    values = np.log1p(np.maximum(finite, 0)) if log else finite
    low, high = (float(q) for q in np.quantile(values, CLIP_QUANTILES))
    clipped = np.clip(values, low, high)
    std = float(clipped.std())
    if std < 1e-9:
        return []
    mean, flag = float(clipped.mean()), len(finite) < len(column)
    return [NumericFeature(name=name, log=log, low=low, high=high, mean=mean, std=std, flag=flag)]


def _learn_categories(name: str, column: Texts) -> list[CategoricalFeature]:
    values, counts = np.unique([str(value) for value in column if value is not None], return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:CATEGORIES_LIMIT]
    categories = tuple(str(values[i]) for i in frequent if counts[i] >= min(CATEGORY_SUPPORT, len(column)))
    return [CategoricalFeature(name, categories)] if len(values) > 1 and categories else []


def _learn_location(catalogue: Catalogue) -> Location | None:
    lat, lon = catalogue.columns.get("lat"), catalogue.columns.get("lon")
    if lat is None or lon is None:
        return None
    located = np.isfinite(lat) & np.isfinite(lon)
    if located.sum() < 2:
        return None
    centre = float(np.median(lat[located])), float(np.median(lon[located]))
    east, north = (max(float(km.std()), 1e-3) for km in _kilometres(centre, lat[located], lon[located]))
    return Location(*centre, east_std_km=east, north_std_km=north, flag=bool(not located.all()))


def _kilometres(centre: tuple[float, float], lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """East and north of the centre (lat, lon) in degrees. Each (n,)"""
    east = (lon - centre[1]) * KM_PER_DEGREE * np.cos(np.radians(centre[0]))
    return east, (lat - centre[0]) * KM_PER_DEGREE


def _location_columns(location: Location, km: Floats) -> Floats:
    """From km (n, 2) east and north."""
    missing = np.isnan(km[:, 0]) | np.isnan(km[:, 1])
    z = np.clip(km / (location.east_std_km, location.north_std_km), -LOCATION_LIMIT, LOCATION_LIMIT)
    angle = (km[:, :, None] * (2 * np.pi / np.array(WAVELENGTHS_KM))).reshape(len(km), 2 * len(WAVELENGTHS_KM))
    columns = np.concatenate([z, np.sin(angle), np.cos(angle)], axis=1)
    columns[missing] = 0.0
    return np.concatenate([columns, missing[:, None]], axis=1) if location.flag else columns
