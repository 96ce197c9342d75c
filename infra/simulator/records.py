"""What a tenant's records show of the properties: rounded, estimated, and with gaps that are not all by chance."""

import numpy as np

from infra.simulator.listings import Listings
from infra.simulator.market import MarketConfig, Values
from infra.simulator.worth import of_hood
from portfolio_twin.domain.arrays import DAY_SECONDS, Numbers, Texts
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX, Catalogue, Column

KM_PER_DEGREE = 111.32
# source: share of the records, how far its fields are trusted, how often one of them is missing
SOURCES = {"MLS": (0.60, 0.92, 0.01), "Assessor": (0.20, 0.84, 0.05), "Broker": (0.20, 0.72, 0.08)}
MAY_BE_MISSING = (
    "estimated_value", "cap_rate", "cash_on_cash_return", "bathrooms", "lot_size_sqft", "year_built",
    "days_on_market", "condition_score", "renovation_needed", "zipcode",
)  # fmt: skip


def record(market: MarketConfig, listings: Listings, rng: np.random.Generator) -> Catalogue:
    columns = _numbers(market, listings, rng)
    columns["zipcode"] = of_hood(market, "zipcode", listings.hoods).astype(object)
    columns["property_type"] = listings.types.copy()
    columns["listing_status"] = _status(market, listings, rng)
    sources = rng.choice(len(SOURCES), size=len(listings), p=[share for share, _, _ in SOURCES.values()])
    columns["source_system"] = np.array(list(SOURCES), dtype=object)[sources]
    _lose_fields(columns, sources, rng)
    trust = np.array([trust for _, trust, _ in SOURCES.values()])[sources]
    columns["confidence"] = np.round(np.clip(trust + rng.normal(0, 0.03, len(listings)), 0, 1), 3)
    for name in market.attributes:
        columns[ATTRIBUTE_PREFIX + name] = _zoning(listings, rng) if name == "zoning" else listings.facts[name].copy()
    return Catalogue(listings.ids, columns)


def _numbers(market: MarketConfig, listings: Listings, rng: np.random.Generator) -> dict[str, Column]:
    facts, n = listings.facts, len(listings)
    seen_until = np.minimum(listings.delisted_at, market.ends)
    return {
        "listing_price": facts["price"].copy(),
        "price_per_sqft": np.round(facts["price_per_sqft"], 2),
        "estimated_value": np.round(facts["value"] * np.exp(rng.normal(0, 0.04, n)), -3),
        "cap_rate": np.round(facts["cap_rate"], 4),
        "cash_on_cash_return": np.round(facts["cash_on_cash"], 4),
        "bedrooms": facts["bedrooms"].copy(),
        "bathrooms": facts["bathrooms"].copy(),
        "square_footage": facts["square_footage"].copy(),
        "lot_size_sqft": facts["lot_size_sqft"].copy(),
        "year_built": facts["year_built"].copy(),
        "lat": np.round(market.lat + facts["north_km"] / KM_PER_DEGREE, 6),
        "lon": np.round(market.lon + facts["east_km"] / (KM_PER_DEGREE * np.cos(np.radians(market.lat))), 6),
        "days_on_market": ((seen_until - listings.listed_at) // DAY_SECONDS).astype(np.float64),
        "condition_score": np.round(facts["condition"], 2),
        "renovation_needed": _renovation(facts["condition"], rng),
    }


def _renovation(condition: Values, rng: np.random.Generator) -> Values:
    needed = (rng.normal(condition, 0.06) < 0.42).astype(np.float64)
    return np.where(np.isnan(condition), np.nan, needed)


def _status(market: MarketConfig, listings: Listings, rng: np.random.Generator) -> Texts:
    """Listed still: active, some pending. Ended: sold, or withdrawn, which is what asking too much leads to."""
    n = len(listings)
    ended = listings.delisted_at <= market.ends
    sold = rng.random(n) < 1 / (1 + np.exp(-1.2 + 10 * listings.facts["overpricing"]))
    pending = rng.random(n) < 0.10
    return np.where(ended, np.where(sold, "Sold", "Off Market"), np.where(pending, "Pending", "Active")).astype(object)


def _lose_fields(columns: dict[str, Column], sources: Numbers, rng: np.random.Generator) -> None:
    """By chance, more so in a poor source; and by cause: nobody rates the rent of a house that nobody lets."""
    n = len(sources)
    lost = np.array([loss for _, _, loss in SOURCES.values()])[sources]
    house = columns["property_type"] == "Single Family"
    withdrawn = columns["listing_status"] == "Off Market"
    old = np.nan_to_num(columns["year_built"], nan=9e9) < 1930
    cause = {"cap_rate": 0.15 * house, "cash_on_cash_return": 0.15 * house, "year_built": 0.10 * old,
             "condition_score": 0.20 * withdrawn, "estimated_value": 0.15 * withdrawn}  # fmt: skip
    for name in MAY_BE_MISSING:
        gone = rng.random(n) < lost + cause.get(name, 0.0)
        columns[name][gone] = None if columns[name].dtype == object else np.nan


def _zoning(listings: Listings, rng: np.random.Generator) -> Texts:
    usual = {"Single Family": "R-1", "Condo": "R-4", "Townhouse": "R-3", "Multi-Family": "R-4", "Land": "AG"}
    zones = np.array([usual[name] for name in listings.types], dtype=object)
    chance = rng.random(len(zones))
    zones[chance < 0.12 + 0.25 * listings.facts["urban"]] = "C-2"
    zones[chance > 0.97] = None
    return zones
