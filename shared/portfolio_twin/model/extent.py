"""How far the training properties reach, and how familiar any other property is beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.model.features import Features, FeatureSchema

RANGE_QUANTILES = (0.001, 0.999)  # of one number: a typing error in the training data is no part of its range
THIN_QUANTILE = 0.05  # of what is known: one training property in twenty lacks more than is usual
CENTRES_LIMIT = 128
LEAST_REACH_KM = 1.0  # nearer than this is next door, however dense the market
UNBOUNDED = 1e6  # standard deviations: a range without an end, in figures that JSON can hold
FARTHEST = 40.0  # standard deviations, where exp(−x²/2) is 0 already


@dataclass(frozen=True)
class Extent:
    """The range of each of the k numbers, how usual it is that an input is known, and circles around every location."""

    schema: FeatureSchema
    low: Floats  # (k,) in standard deviations from the mean
    high: Floats  # (k,)
    known: Floats  # (inputs,) share of the training properties that have it, for each group of the schema
    usual: float  # `known_share` of a training property, or more
    centres: Floats  # (c, 2) km east and north; none where no location is known
    reach_km: float  # the radius of each circle

    @classmethod
    def learn(cls, schema: FeatureSchema, features: Features) -> Self:
        """From the training properties."""
        X, located = features.X, ~np.isnan(features.km[:, 0] + features.km[:, 1])
        numbers = np.clip(features.numbers, -UNBOUNDED, UNBOUNDED)
        ends = [np.quantile(column[~np.isnan(column)], RANGE_QUANTILES) for column in numbers.T]
        low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
        known = [*(~np.isnan(numbers)).mean(axis=0)]
        known += [X[:, list(schema.groups[feature.name])].sum(axis=1).mean() for feature in schema.categorical]
        known += [located.mean()] if schema.location else []
        centres, reach_km = cover(features.km[located])
        extent = cls(
            schema, low, high, known=np.array(known, np.float64), usual=1.0, centres=centres, reach_km=reach_km
        )  # fmt: skip
        usual = float(np.quantile(extent.known_share(features), THIN_QUANTILE))
        return replace(extent, usual=max(usual, 1 / len(known)))

    def familiarity(self, features: Features) -> Floats:
        """How much each property looks like those of training: (n,) 0 … 1.

        What is known of it, as a share of what usually is; times exp(−x²/2) for each number that lies x standard
        deviations beyond its range, and for a location that lies x radii outside the nearest circle.
        """
        beyond = np.fmax(np.fmax(self.low - features.numbers, features.numbers - self.high), 0.0)  # 0 where missing
        beyond = np.minimum(beyond, FARTHEST)
        outside = self._outside(features.km)
        share = np.minimum(self.known_share(features) / self.usual, 1.0)
        return np.asarray(share * np.exp(-0.5 * ((beyond * beyond).sum(axis=1) + outside * outside)))

    def known_share(self, features: Features) -> Floats:
        """(n,) of all inputs, each by how usual it is; a category that training did not see is as good as missing."""
        of_numbers, of_columns, of_location = self._weights
        missing = (
            np.isnan(features.numbers) @ of_numbers + np.isnan(features.km[:, 0] + features.km[:, 1]) * of_location
        )
        return np.asarray(of_numbers.sum() + of_location - missing + features.X @ of_columns)

    @cached_property
    def _weights(self) -> tuple[Floats, Floats, float]:
        """Of each number (k,), of each column of the features (w,), and of the location: 1 for all inputs together."""
        weights = dict(zip(self.schema.groups, (self.known / self.known.sum()).tolist(), strict=True))
        columns = np.zeros(self.schema.width)
        for feature in self.schema.categorical:
            columns[list(self.schema.groups[feature.name])] = weights[feature.name]
        numbers = np.array([weights[feature.name] for feature in self.schema.numeric], dtype=np.float64)
        return numbers, columns, weights.get("location", 0.0)

    def _outside(self, km: Floats) -> Floats:
        """(n,) how many radii outside the nearest circle, 0 within one and where the location is missing. km (n, 2)."""
        if len(self.centres) == 0:
            return np.zeros(len(km))
        squares = (km * km).sum(axis=1)[:, None] - 2 * km @ self.centres.T + self._centre_squares
        distance = np.sqrt(np.maximum(squares.min(axis=1), 0.0))
        return np.asarray(np.fmax(distance / self.reach_km - 1, 0.0))

    @cached_property
    def _centre_squares(self) -> Floats:
        return np.asarray((self.centres * self.centres).sum(axis=1))

    def to_json(self) -> dict[str, Any]:
        arrays = {name: getattr(self, name).tolist() for name in ("low", "high", "known", "centres")}
        return {**arrays, "usual": self.usual, "reach_km": self.reach_km}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], schema: FeatureSchema) -> Self:
        """Raises ValueError where a number is not finite or one is missing for an input of the schema."""
        k, inputs = len(schema.numeric), len(schema.groups)
        arrays = {
            name: np.array(data[name], dtype=np.float64).reshape(shape)
            for name, shape in {"low": k, "high": k, "known": inputs, "centres": (-1, 2)}.items()
        }
        usual, reach_km = float(data["usual"]), float(data["reach_km"])
        finite = all(np.isfinite(values).all() for values in [*arrays.values(), np.array([usual, reach_km])])
        if not finite or min(usual, reach_km, arrays["known"].sum()) <= 0:
            raise ValueError("the extent of the training data is not finite, or holds nothing")
        return cls(schema, **arrays, usual=usual, reach_km=reach_km)


def cover(points: Floats) -> tuple[Floats, float]:
    """Centres among the points (m, 2), at most √m, and the radius within which every point has one of them.

    Farthest first: Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985).
    """
    if len(points) == 0:
        return points, LEAST_REACH_KM
    chosen = [int(np.argmin(np.hypot(*points.T)))]
    gaps = np.hypot(*(points - points[chosen[0]]).T)  # (m,) to the nearest centre so far
    while len(chosen) < min(int(len(points) ** 0.5), CENTRES_LIMIT):
        chosen.append(int(np.argmax(gaps)))
        gaps = np.minimum(gaps, np.hypot(*(points - points[chosen[-1]]).T))
    return points[chosen], max(float(gaps.max()), LEAST_REACH_KM)
