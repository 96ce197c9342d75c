"""The fields of properties, read back from the features that a bundle holds of them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.model.features import KM_PER_DEGREE, CategoricalFeature, FeatureSchema, NumericFeature

HALF = 0.5  # of a flag or a category, which are 0 or 1


class ReadBack(NamedTuple):
    """r properties as columns; what training clipped stays clipped, and numbers have six digits."""

    numbers: Mapping[str, Floats]  # name → (r,) in the field's own unit, NaN where missing
    categories: Mapping[str, tuple[tuple[str, ...], Floats]]  # name → its k categories and (r, k) of 0 and 1
    lat: Floats  # (r,) degrees, NaN where missing
    lon: Floats  # (r,)


def read_back(schema: FeatureSchema, X: Matrix) -> ReadBack:
    """From features X (r, w)."""
    lat, lon = _location(schema, X)
    return ReadBack(
        {feature.name: _number(feature, schema.groups[feature.name], X) for feature in schema.numeric},
        {feature.name: _category(feature, schema.groups[feature.name], X) for feature in schema.categorical},
        lat,
        lon,
    )


def _number(feature: NumericFeature, columns: tuple[int, ...], X: Matrix) -> Floats:
    value = X[:, columns[0]].astype(np.float64) * feature.std + feature.mean
    value = np.expm1(value) if feature.log else value
    if feature.flag:
        value[X[:, columns[1]] > HALF] = np.nan
    return value


def _category(feature: CategoricalFeature, columns: tuple[int, ...], X: Matrix) -> tuple[tuple[str, ...], Floats]:
    return feature.categories, (X[:, list(columns)] > HALF).astype(np.float64)


def _location(schema: FeatureSchema, X: Matrix) -> tuple[Floats, Floats]:
    location = schema.location
    if location is None:
        return np.full(len(X), np.nan), np.full(len(X), np.nan)
    columns = list(schema.groups["location"])
    east, north = X[:, columns[:2]].T.astype(np.float64)
    lat = location.lat + north * location.north_std_km / KM_PER_DEGREE
    lon = location.lon + east * location.east_std_km / (KM_PER_DEGREE * np.cos(np.radians(location.lat)))
    if location.flag:
        missing = X[:, columns[-1]] > HALF
        lat[missing] = lon[missing] = np.nan
    return lat, lon
