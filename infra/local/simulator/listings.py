"""The properties of a market as they truly are: place, building, worth, rent, and when they are on the market."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from infra.local.simulator.market import DAY_SECONDS, MarketConfig, Values
from portfolio_twin.domain.properties import PROPERTY_TYPES

# type: middling ft², ft² of a bedroom, middling lot ft², log worth against a house of the size, rent against its yield
BUILDINGS = {
    "Single Family": (1_850.0, 560.0, 7_500.0, 0.0, 1.00),
    "Condo": (1_000.0, 520.0, np.nan, -0.08, 0.98),
    "Townhouse": (1_450.0, 540.0, 2_200.0, -0.04, 1.00),
    "Multi-Family": (3_100.0, 600.0, 6_500.0, -0.10, 1.20),
    "Land": (np.nan, np.nan, 19_000.0, 0.0, np.nan),
}
URBAN_PULL = {"Single Family": -0.8, "Condo": 2.2, "Townhouse": 0.6, "Multi-Family": 1.0, "Land": -2.5}
COSTS_OF_RENT = 0.40  # taxes, upkeep, vacancy
MORTGAGE_CONSTANT = 0.078  # yearly payment over the loan
LOAN = 0.75  # of the price

Facts = dict[str, Values]


@dataclass(frozen=True)
class Listings:
    """All n properties; facts are (n,) and NaN where a property has no such thing (land has no bedrooms)."""

    ids: npt.NDArray[np.object_]  # (n,)
    types: npt.NDArray[np.object_]  # (n,)
    hoods: npt.NDArray[np.int64]  # (n,) numbers of the neighbourhoods
    facts: Facts
    listed_at: npt.NDArray[np.int64]  # (n,) seconds
    delisted_at: npt.NDArray[np.int64]  # (n,) seconds; may lie after the end of the log
    appeal: Values  # (n,) how often it is seen, against the others, taste apart

    def __len__(self) -> int:
        return len(self.ids)


def draw_listings(market: MarketConfig, rng: np.random.Generator) -> Listings:
    hoods, types, facts = _draw_places(market, rng)
    _draw_buildings(market, hoods, types, facts, rng)
    _draw_worth(market, hoods, types, facts, rng)
    _draw_income(market, types, facts, rng)
    listed_at, delisted_at = _draw_times(market, facts, rng)
    ids = np.array([f"{market.prefix}-{number:05d}" for number in range(1, market.properties + 1)], dtype=object)
    bargain = -np.nan_to_num(facts["value_gap"])
    appeal = np.exp(0.5 * bargain + 0.08 * facts["grade"] + rng.normal(0, 0.08, market.properties))
    return Listings(ids, types, hoods, facts, listed_at, delisted_at, appeal)


def of_hood(market: MarketConfig, field: str, hoods: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """One field of each property's neighbourhood, (n,)."""
    return np.array([getattr(hood, field) for hood in market.neighbourhoods])[hoods]


def _draw_places(
    market: MarketConfig, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_], Facts]:
    n = market.properties
    hoods = rng.integers(len(market.neighbourhoods), size=n)
    urban, spread = of_hood(market, "urban", hoods), of_hood(market, "spread_km", hoods)
    shares = np.log([market.type_shares[name] for name in PROPERTY_TYPES])
    pull = np.array([URBAN_PULL[name] for name in PROPERTY_TYPES])
    types = np.argmax(shares + pull * (urban - 0.4)[:, None] + rng.gumbel(size=(n, len(PROPERTY_TYPES))), axis=1)
    off_centre = rng.normal(size=(2, n)) * spread
    facts = {
        "east_km": of_hood(market, "east_km", hoods) + off_centre[0],
        "north_km": of_hood(market, "north_km", hoods) + off_centre[1],
        "off_centre": np.hypot(*off_centre) / spread,
        "urban": urban,
        "school_rating": np.clip(np.round(of_hood(market, "school", hoods) + rng.normal(0, 0.7, n)), 1, 10),
    }
    return hoods, np.array(PROPERTY_TYPES, dtype=object)[types], facts


def _draw_buildings(
    market: MarketConfig,
    hoods: npt.NDArray[np.int64],
    types: npt.NDArray[np.object_],
    facts: Facts,
    rng: np.random.Generator,
) -> None:
    n, urban = market.properties, facts["urban"]
    area, room, lot, _, _ = np.array([BUILDINGS[name] for name in types]).T
    size = area * np.exp(rng.normal(0, 0.30, n) - 0.15 * (urban - 0.4))
    beds = np.clip(np.round(size / room + rng.normal(0, 0.4, n)), 0, 12)
    built = np.clip(np.round(of_hood(market, "built", hoods) + rng.normal(0, 14, n)), 1850, market.until.year)
    age = market.until.year - built
    condition = np.clip(0.80 - 0.0035 * age + rng.normal(0, 0.16, n), 0.05, 0.98)
    condition = np.where(rng.random(n) < 0.18, rng.uniform(0.75, 0.98, n), condition)  # renovated
    has_building = types != "Land"
    facts["grade"] = rng.normal(size=n)  # what no column tells: light, layout, the street
    facts["square_footage"] = np.round(size)
    facts["bedrooms"] = beds
    facts["bathrooms"] = np.clip(np.round(2 * (0.6 + 0.45 * beds + rng.normal(0, 0.35, n))) / 2, 1, None)
    facts["lot_size_sqft"] = np.round(lot * np.exp(rng.normal(0, 0.45, n) - 0.7 * (urban - 0.3)))
    facts["log_lot"] = np.log(facts["lot_size_sqft"])
    facts["age"] = np.where(has_building, age, np.nan)
    facts["year_built"] = np.where(has_building, built, np.nan)
    facts["condition"] = np.where(has_building, condition, np.nan)


def _draw_worth(
    market: MarketConfig,
    hoods: npt.NDArray[np.int64],
    types: npt.NDArray[np.object_],
    facts: Facts,
    rng: np.random.Generator,
) -> None:
    n = market.properties
    place = of_hood(market, "level", hoods) - 0.05 * facts["off_centre"] + 0.02 * (facts["school_rating"] - 6)
    premium = np.array([BUILDINGS[name][3] for name in types])
    house = 0.82 * np.log(facts["square_footage"] / 1_800) + 0.5 * (facts["condition"] - 0.6) - 0.002 * facts["age"]
    plot = -1.3 + 0.6 * (facts["log_lot"] - np.log(8_000))
    building = np.where(types == "Land", plot, house + 0.08 * np.nan_to_num(facts["log_lot"] - 8.8))
    noise = 0.06 * facts["grade"] + rng.normal(0, 0.07, n)
    facts["value"] = market.price_per_sqft * 1_800 * np.exp(place + premium + building + noise)
    facts["overpricing"] = rng.normal(0.02, 0.06, n)
    asked = np.round(facts["value"] * np.exp(facts["overpricing"]), -3)
    facts["price"] = np.where(rng.random(n) < 0.5, asked - 100, asked)
    facts["log_price"] = np.log(facts["price"])
    facts["price_per_sqft"] = facts["price"] / facts["square_footage"]
    per_sqft = np.log(facts["price_per_sqft"])
    typical = np.array([np.nanmedian(per_sqft[hoods == hood]) if (hoods == hood).any() else np.nan
                        for hood in range(len(market.neighbourhoods))])  # fmt: skip
    facts["value_gap"] = per_sqft - typical[hoods]  # log of its price per ft² against the neighbourhood's


def _draw_income(market: MarketConfig, types: npt.NDArray[np.object_], facts: Facts, rng: np.random.Generator) -> None:
    n = market.properties
    by_type = np.array([BUILDINGS[name][4] for name in types])
    # Dear places yield less: rents rise slower than prices.
    dear = np.log(facts["value"] / np.median(facts["value"]))
    rent = facts["value"] * market.rent_yield * by_type * np.exp(-0.28 * dear + rng.normal(0, 0.08, n))
    shared = np.isin(types, ["Condo", "Townhouse"])
    facts["hoa_fee"] = np.where(
        shared, np.round(0.17 * facts["square_footage"] * np.exp(rng.normal(0.4, 0.3, n)), -1), np.nan
    )
    net = rent * (1 - COSTS_OF_RENT) - 12 * 0.5 * np.nan_to_num(facts["hoa_fee"])
    repairs = np.maximum(0.0, 0.5 - facts["condition"]) * 60 * facts["square_footage"]
    paid_in = (1 - LOAN + 0.03) * facts["price"] + repairs
    facts["cap_rate"] = net / facts["price"]
    facts["cash_on_cash"] = (net - LOAN * facts["price"] * MORTGAGE_CONSTANT) / paid_in


def _draw_times(
    market: MarketConfig, facts: Facts, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Whoever asks too much waits longer; all were on the market for some of the time that is watched."""
    n = market.properties
    log_days = np.log(market.days_on_market) + 5 * (facts["overpricing"] - 0.02) - 0.1 * facts["grade"]
    seconds = np.clip(np.exp(log_days + rng.normal(0, 0.45, n)), 5, 500) * DAY_SECONDS
    listed_at = rng.uniform(market.begins - seconds + 3 * DAY_SECONDS, market.ends - 3 * DAY_SECONDS)
    return listed_at.astype(np.int64), (listed_at + seconds).astype(np.int64)
