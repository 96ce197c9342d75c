"""The 25 inputs of the plain design: each number divided by a fixed round one, missing is 0."""

import numpy as np

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import CATEGORIES, NUMERIC_INPUTS, Catalogue

SCALES = dict.fromkeys(NUMERIC_INPUTS, 1.0) | {
    "listing_price": 1e6, "price_per_sqft": 1e3, "estimated_value": 1e6, "bedrooms": 10.0, "bathrooms": 10.0,
    "square_footage": 1e4, "lot_size_sqft": 1e5, "year_built": 2e3, "lat": 90.0, "lon": 180.0, "days_on_market": 365.0,
}  # fmt: skip
WIDTH = len(SCALES) + sum(map(len, CATEGORIES.values()))


def vectorise(catalogue: Catalogue) -> Matrix:
    """(n, 25) float32: the numbers, then an input per status and per type."""
    numbers = [catalogue.columns[name] / scale for name, scale in SCALES.items()]
    choices = [catalogue.columns[name] == choice for name, allowed in CATEGORIES.items() for choice in allowed]
    return np.nan_to_num(np.stack([*numbers, *choices], axis=1).astype(np.float32))
