"""What a simulated market is made of: neighbourhoods, what things cost there, and the strategies of its investors."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from infra.simulator.habits import Habits
from portfolio_twin.domain.arrays import DAY_SECONDS

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Neighbourhood:
    """One zipcode: a round cloud of properties about a point."""

    zipcode: str
    east_km: float  # of downtown
    north_km: float
    spread_km: float
    level: float  # log of its prices against the market's
    built: int  # the middle year of construction
    urban: float  # 0 at the edge of the metropolis … 1 downtown: decides types and lots
    school: float  # rating 1 … 10


@dataclass(frozen=True)
class Window:
    """A soft range on one fact of a property: an edge of a buy box. An end that is None is open."""

    fact: str
    low: float | None
    high: float | None
    softness: float  # how far outside the match has fallen to about a quarter

    def match(self, values: Values) -> Values:
        """How well values, (n,), fit: 0 … 1. A property without the fact does not fit."""
        inside = np.ones(len(values))
        if self.low is not None:
            inside /= 1 + np.exp(np.clip((self.low - values) / self.softness, -50, 50))
        if self.high is not None:
            inside /= 1 + np.exp(np.clip((values - self.high) / self.softness, -50, 50))
        return np.nan_to_num(inside, nan=0.0)


@dataclass(frozen=True)
class Strategy:
    """A school of investing. Each of its investors has a buy box of their own around these edges."""

    name: str
    share: float  # of the investors
    types: tuple[str, ...]
    budget: float  # the middle of their prices, as a share of the market's median price
    windows: tuple[Window, ...]
    areas: tuple[str, ...]  # the zipcodes where it pays: an investor looks about one or two of them
    radius_km: float


@dataclass(frozen=True)
class MarketConfig:
    """A metropolitan market, its size, and the time over which it is watched."""

    name: str
    prefix: str  # of the property ids
    lat: float
    lon: float
    price_per_sqft: float  # USD, of a middling single family house
    rent_yield: float  # gross rent over value, a year
    neighbourhoods: tuple[Neighbourhood, ...]
    type_shares: dict[str, float]
    strategies: tuple[Strategy, ...]
    attributes: tuple[str, ...]  # which facts beyond the 25 inputs this tenant records
    habits: Habits  # of its investors
    properties: int = 1_500
    investors: int = 400
    interactions: int = 10_000  # about that many
    days: int = 300
    until: datetime = datetime(2026, 9, 30, tzinfo=UTC)
    days_on_market: float = 110.0  # the median listing's
    changing_taste: float = 0.10  # share of the investors whose taste changes on the way
    two_strategies: float = 0.15  # share of the investors who follow two at once
    browsing: float = 0.08  # share of the views that have nothing to do with taste

    @property
    def ends(self) -> int:
        """When the log ends, seconds since 1970."""
        return int(self.until.timestamp())

    @property
    def begins(self) -> int:
        return self.ends - self.days * DAY_SECONDS
