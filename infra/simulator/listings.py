"""The properties of a market as they truly are: location, building, worth, rent, and when they are on the market."""

from dataclasses import dataclass

import numpy as np

from infra.simulator.market import MarketConfig, Values
from infra.simulator.worth import BUILDINGS, Draft, Facts, draw_income, draw_worth, of_hood
from portfolio_twin.domain.arrays import DAY_SECONDS, Numbers, Texts
from portfolio_twin.domain.properties import PROPERTY_TYPES

URBAN_PULL = {"Single Family": -0.8, "Condo": 2.2, "Townhouse": 0.6, "Multi-Family": 1.0, "Land": -2.5}


@dataclass(frozen=True)
class Listings:
    """All n properties; facts are (n,) and NaN where a property has no such thing (land has no bedrooms)."""

    ids: Texts  # (n,)
    types: Texts  # (n,)
    hoods: Numbers  # (n,) numbers of the neighbourhoods
    facts: Facts
    listed_at: Numbers  # (n,) seconds
    delisted_at: Numbers  # (n,) seconds; may lie after the end of the log
    appeal: Values  # (n,) how often it is seen, against the others, taste apart

    def __len__(self) -> int:
        return len(self.ids)


def draw_listings(market: MarketConfig, rng: np.random.Generator) -> Listings:
    draft = _draw_locations(market, rng)
    _draw_buildings(draft)
    draw_worth(draft)
    draw_income(draft)
    listed_at, delisted_at = _draw_times(draft)
    facts = draft.facts
    ids = np.array([f"{market.prefix}-{number:05d}" for number in range(1, market.properties + 1)], dtype=object)
    bargain = -np.nan_to_num(facts["value_gap"])
    appeal = np.exp(0.5 * bargain + 0.08 * facts["grade"] + rng.normal(0, 0.08, market.properties))
    return Listings(
        ids=ids, types=draft.types, hoods=draft.hoods, facts=facts,
        listed_at=listed_at, delisted_at=delisted_at, appeal=appeal,
    )  # fmt: skip


def _draw_locations(market: MarketConfig, rng: np.random.Generator) -> Draft:
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
    return Draft(market, rng, hoods, np.array(PROPERTY_TYPES, dtype=object)[types], facts)


def _draw_buildings(draft: Draft) -> None:
    market, facts, rng, n = draft.market, draft.facts, draft.rng, draft.market.properties
    urban = facts["urban"]
    area, room, lot, _, _ = np.array([BUILDINGS[name] for name in draft.types]).T
    size = area * np.exp(rng.normal(0, 0.30, n) - 0.15 * (urban - 0.4))
    beds = np.clip(np.round(size / room + rng.normal(0, 0.4, n)), 0, 12)
    built = np.clip(np.round(of_hood(market, "built", draft.hoods) + rng.normal(0, 14, n)), 1850, market.until.year)
    age = market.until.year - built
    condition = np.clip(0.80 - 0.0035 * age + rng.normal(0, 0.16, n), 0.05, 0.98)
    condition = np.where(rng.random(n) < 0.18, rng.uniform(0.75, 0.98, n), condition)  # renovated
    has_building = draft.types != "Land"
    facts["grade"] = rng.normal(size=n)  # what no column holds: light, layout, the street
    facts["square_footage"] = np.round(size)
    facts["bedrooms"] = beds
    facts["bathrooms"] = np.clip(np.round(2 * (0.6 + 0.45 * beds + rng.normal(0, 0.35, n))) / 2, 1, None)
    facts["lot_size_sqft"] = np.round(lot * np.exp(rng.normal(0, 0.45, n) - 0.7 * (urban - 0.3)))
    facts["log_lot"] = np.log(facts["lot_size_sqft"])
    facts["age"] = np.where(has_building, age, np.nan)
    facts["year_built"] = np.where(has_building, built, np.nan)
    facts["condition"] = np.where(has_building, condition, np.nan)


def _draw_times(draft: Draft) -> tuple[Numbers, Numbers]:
    """Whoever asks too much waits longer; all were on the market for some of the time that is watched."""
    market, facts, rng, n = draft.market, draft.facts, draft.rng, draft.market.properties
    log_days = np.log(market.days_on_market) + 5 * (facts["overpricing"] - 0.02) - 0.1 * facts["grade"]
    seconds = np.clip(np.exp(log_days + rng.normal(0, 0.45, n)), 5, 500) * DAY_SECONDS
    listed_at = rng.uniform(market.begins - seconds + 3 * DAY_SECONDS, market.ends - 3 * DAY_SECONDS)
    return listed_at.astype(np.int64), (listed_at + seconds).astype(np.int64)
