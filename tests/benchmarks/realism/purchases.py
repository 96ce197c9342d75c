"""What investors bought, and as many purchases drawn by chance from the same market."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from portfolio_twin.domain.arrays import DAY_SECONDS, Floats, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.properties import UNKNOWN, Catalogue, Column
from portfolio_twin.model.features import KM_PER_DEGREE


@dataclass(frozen=True)
class Fields:
    """The columns of a catalogue that say of what kind a property is and what it costs."""

    category: str = "property_type"
    price: str = "listing_price"


@dataclass(frozen=True)
class Purchases:
    """Of one investor, (k,), in the order of time; NaN where it is not known."""

    km: Floats  # (k, 2) east and north
    category: Floats  # numbers
    log_price: Floats
    days: Floats  # since 1970

    def take(self, rows: Numbers) -> "Purchases":
        return Purchases(self.km[rows], self.category[rows], self.log_price[rows], self.days[rows])

    def __len__(self) -> int:
        return len(self.days)


def by_investor(dataset: Dataset, fields: Fields, rng: np.random.Generator) -> Iterator[Purchases]:
    """The first deal with each property. What is of one moment, such as an auction, gets an order by chance."""
    kept = np.flatnonzero((dataset.log.kinds == KIND_CODE["deal"]) & (dataset.rows != UNKNOWN))
    kept = kept[np.lexsort((rng.random(len(kept)), dataset.log.times[kept]))]
    pairs = np.stack([dataset.log.users[kept], dataset.rows[kept]])
    kept = kept[np.sort(np.unique(pairs, axis=1, return_index=True)[1])]
    bought = _of(dataset.catalogue, fields, dataset.rows[kept], dataset.log.times[kept] / DAY_SECONDS)
    users = dataset.log.users[kept]
    for user in np.unique(users):
        yield bought.take(np.flatnonzero(users == user))


def by_chance(
    dataset: Dataset, fields: Fields, bought: list[Purchases], rng: np.random.Generator
) -> Iterator[Purchases]:
    """For every investor as many properties of the catalogue, at times when anybody bought."""
    n = len(dataset.catalogue)
    anybody = np.concatenate([each.days for each in bought])
    everything = _of(dataset.catalogue, fields, np.arange(n), np.zeros(n))
    for each in bought:
        drawn = everything.take(rng.choice(n, len(each), replace=False))
        yield Purchases(drawn.km, drawn.category, drawn.log_price, np.sort(rng.choice(anybody, len(each))))


def _of(catalogue: Catalogue, fields: Fields, rows: Numbers, days: Floats) -> Purchases:
    columns = catalogue.columns
    lat, lon, price = columns["lat"], columns["lon"], columns[fields.price]
    km = np.stack([lon * np.cos(np.radians(np.nanmedian(lat))), lat], axis=1) * KM_PER_DEGREE
    log_price = np.log(np.where(price > 0, price, np.nan))
    return Purchases(km[rows], _numbered(columns[fields.category])[rows], log_price[rows], days)


def _numbered(categories: Column) -> Floats:
    known = sorted({value for value in categories if value is not None and value == value})  # NaN is not itself
    numbers = {value: float(number) for number, value in enumerate(known)}
    return np.array([numbers.get(value, np.nan) for value in categories])
