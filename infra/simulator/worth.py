"""What the properties of a market are worth, what is asked for them, and what they bring in."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infra.simulator.market import MarketConfig, Values
from portfolio_twin.domain.arrays import Numbers, Texts

# By type, middling values: ft², ft² of a bedroom, lot ft², log worth against a house of the size, rent against yield.
BUILDINGS = {
    "Single Family": (1_850.0, 560.0, 7_500.0, 0.0, 1.00),
    "Condo": (1_000.0, 520.0, np.nan, -0.08, 0.98),
    "Townhouse": (1_450.0, 540.0, 2_200.0, -0.04, 1.00),
    "Multi-Family": (3_100.0, 600.0, 6_500.0, -0.10, 1.20),
    "Land": (np.nan, np.nan, 19_000.0, 0.0, np.nan),
}
COSTS_OF_RENT = 0.40  # taxes, upkeep, vacancy
MORTGAGE_CONSTANT = 0.078  # yearly payment over the loan
LOAN = 0.75  # of the price

Facts = dict[str, Values]


def of_hood(market: MarketConfig, field: str, hoods: Numbers) -> npt.NDArray[Any]:
    """One field of each property's neighbourhood, (n,)."""
    return np.array([getattr(hood, field) for hood in market.neighbourhoods])[hoods]


class Draft(NamedTuple):
    """The n properties of a market while they are drawn: each step adds to their facts."""

    market: MarketConfig
    rng: np.random.Generator
    hoods: Numbers  # (n,) numbers of the neighbourhoods
    types: Texts  # (n,)
    facts: Facts


def draw_worth(draft: Draft) -> None:
    market, hoods, facts, rng, n = draft.market, draft.hoods, draft.facts, draft.rng, draft.market.properties
    location = of_hood(market, "level", hoods) - 0.05 * facts["off_centre"] + 0.02 * (facts["school_rating"] - 6)
    premium = np.array([BUILDINGS[name][3] for name in draft.types])
    house = 0.82 * np.log(facts["square_footage"] / 1_800) + 0.5 * (facts["condition"] - 0.6) - 0.002 * facts["age"]
    plot = -1.3 + 0.6 * (facts["log_lot"] - np.log(8_000))
    building = np.where(draft.types == "Land", plot, house + 0.08 * np.nan_to_num(facts["log_lot"] - 8.8))
    noise = 0.06 * facts["grade"] + rng.normal(0, 0.07, n)
    facts["value"] = market.price_per_sqft * 1_800 * np.exp(location + premium + building + noise)
    facts["overpricing"] = rng.normal(0.02, 0.06, n)
    asked = np.round(facts["value"] * np.exp(facts["overpricing"]), -3)
    facts["price"] = np.where(rng.random(n) < 0.5, asked - 100, asked)
    facts["log_price"] = np.log(facts["price"])
    facts["price_per_sqft"] = facts["price"] / facts["square_footage"]
    per_sqft = np.log(facts["price_per_sqft"])
    # Log of its price per ft² against the neighbourhood's: below 0 is cheap for where it is.
    facts["value_gap"] = per_sqft - _typical(per_sqft, hoods, len(market.neighbourhoods))[hoods]


def _typical(values: Values, groups: Numbers, count: int) -> Values:
    """The median of each group's values, (n,), those that are missing left out: (count,)."""
    parts = [values[(groups == group) & ~np.isnan(values)] for group in range(count)]
    return np.array([np.median(part) if len(part) else np.nan for part in parts])


def draw_income(draft: Draft) -> None:
    market, types, facts, rng, n = draft.market, draft.types, draft.facts, draft.rng, draft.market.properties
    by_type = np.array([BUILDINGS[name][4] for name in types])
    # Dear locations yield less: rents rise slower than prices.
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
