"""The 25 inputs of the plain design: each number divided by a fixed round one, missing is 0.

The document gives 1M for prices, 500 for the price per square foot, 10 for counts, 10K and 50K for the areas of the
house and of the lot, and 100 for years. The year built counts from 1900: divided as it stands it would be about 20
where all other inputs lie about 0 to 1, and an age would be another input every January. Where the document gives
nothing, latitude and longitude are shares of their range and days on the market are years; fractions stay as they are.
"""

import numpy as np

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import CATEGORIES, NUMERIC_INPUTS, Catalogue

SCALES = dict.fromkeys(NUMERIC_INPUTS, 1.0) | {
    "listing_price": 1e6, "price_per_sqft": 500.0, "estimated_value": 1e6, "bedrooms": 10.0, "bathrooms": 10.0,
    "square_footage": 1e4, "lot_size_sqft": 5e4, "year_built": 100.0, "lat": 90.0, "lon": 180.0,
    "days_on_market": 365.0,
}  # fmt: skip
ORIGINS = {"year_built": 1900.0}
WIDTH = len(SCALES) + sum(map(len, CATEGORIES.values()))


def vectorise(catalogue: Catalogue) -> Matrix:
    """(n, 25) float32: the numbers, then an input per status and per type."""
    numbers = [(catalogue.columns[name] - ORIGINS.get(name, 0.0)) / scale for name, scale in SCALES.items()]
    choices = [catalogue.columns[name] == choice for name, allowed in CATEGORIES.items() for choice in allowed]
    return np.nan_to_num(np.stack([*numbers, *choices], axis=1).astype(np.float32))
