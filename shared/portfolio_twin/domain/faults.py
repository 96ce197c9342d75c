"""What is wrong with the data, row by row, and the data without it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Mask
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import CLOCK_SKEW, InteractionLog
from portfolio_twin.domain.properties import CATEGORIES, UNKNOWN, Catalogue, Column, PropertyFeatures, is_input

MIXER = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ / the golden ratio (Knuth, TAOCP 3, §6.4)


class Fault(NamedTuple):
    """One kind of fault: how many rows have it, of how many."""

    rows: int
    of: int

    @property
    def share(self) -> float:
        return self.rows / self.of if self.of else 0.0


def null_shares(catalogue: Catalogue) -> dict[str, float]:
    """Share of the properties that lack each field."""
    return {name: float(_missing(column).mean()) for name, column in catalogue.columns.items() if len(column)}


def find_faults(dataset: Dataset, now: int) -> dict[str, Fault]:
    """Every kind of fault with its count; `now` in seconds since 1970."""
    masks = property_faults(dataset.catalogue) | interaction_faults(dataset.catalogue, dataset.log, now)
    return {name: Fault(int(mask.sum()), len(mask)) for name, mask in masks.items()}


def property_faults(catalogue: Catalogue) -> dict[str, Mask]:
    """Each mask (n,)."""
    inputs = [column for name, column in catalogue.columns.items() if is_input(name)]
    filled = np.sum([~_missing(column) for column in inputs], axis=0) if inputs else np.zeros(len(catalogue))
    impossible = [_impossible(name, column) for name, column in catalogue.columns.items()]
    empty = np.asarray(filled) == 0
    return {
        "properties_without_inputs": empty,
        "properties_out_of_range": np.any([*impossible, np.zeros(len(catalogue), dtype=bool)], axis=0),
        "properties_duplicated": _repeated(list(catalogue.columns.values()), len(catalogue)) & ~empty,
    }


def interaction_faults(catalogue: Catalogue, log: InteractionLog, now: int) -> dict[str, Mask]:
    """Each mask (m,)."""
    return {
        "interactions_with_unknown_property": catalogue.rows_of(log.properties) == UNKNOWN,
        "interactions_in_the_future": log.times > now + CLOCK_SKEW.total_seconds(),
        "interactions_duplicated": _repeated([log.users, log.properties, log.kinds, log.times], len(log)),
    }


def clean(dataset: Dataset, now: int) -> Dataset:
    """The data without its faults: impossible values become missing, faulty interactions go.

    Duplicated and empty properties stay: each is an id that somebody may ask for.
    """
    catalogue, log = dataset.catalogue, dataset.log
    columns = {name: _blank(column, _impossible(name, column)) for name, column in catalogue.columns.items()}
    faulty = np.any(list(interaction_faults(catalogue, log, now).values()), axis=0)
    return Dataset(Catalogue(catalogue.ids, columns), log.take(~faulty))


def limits_of(name: str) -> tuple[float, float]:
    """The closed range that a numeric field must lie in: the one that the API checks."""
    limits: dict[str, float] = {}
    for mark in PropertyFeatures.model_fields[name].metadata if name in PropertyFeatures.model_fields else ():
        limits |= {end: getattr(mark, end) for end in ("ge", "le") if hasattr(mark, end)}
    largest = float(np.finfo(np.float64).max)  # an attribute may be any finite number
    return limits.get("ge", -largest), limits.get("le", largest)


def _impossible(name: str, column: Column) -> Mask:
    if column.dtype == object:
        allowed = CATEGORIES.get(name)
        return ~_missing(column) & ~np.isin(column, allowed) if allowed else np.zeros(len(column), dtype=bool)
    low, high = limits_of(name)
    return ~_missing(column) & ((column < low) | (column > high))


def _blank(column: Column, where: Mask) -> Column:
    if not where.any():
        return column
    blanked = column.copy()
    blanked[where] = None if column.dtype == object else np.nan
    return blanked


def _missing(column: Column) -> Mask:
    if column.dtype == object:
        return np.fromiter((value is None or value != value for value in column), dtype=bool, count=len(column))
    return np.isnan(column)


def _repeated(columns: list[npt.NDArray[Any]], n: int) -> Mask:
    """(n,) true for a row that an earlier row equals in every column."""
    keys = np.zeros(n, dtype=np.uint64)
    for column in columns:
        keys = (keys ^ (keys >> np.uint64(29))) * MIXER + _codes(column)
    first = np.unique(keys, return_index=True)[1]
    return ~np.isin(np.arange(n), first)


def _codes(column: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """(n,) equal where the values are equal."""
    if column.dtype == object:
        return np.fromiter((hash(value) for value in column), dtype=np.int64, count=len(column)).view(np.uint64)
    if column.dtype.kind == "i":
        return column.astype(np.int64).view(np.uint64)
    numbers = np.where(np.isnan(column), np.nan, column + 0.0)  # one NaN, one zero
    return numbers.astype(np.float64).view(np.uint64)
