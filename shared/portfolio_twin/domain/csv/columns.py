"""What the columns of a file of properties are, and what a person should hear of them.

A column is canonical, or `confidence.FIELD` (how far the source trusts that field of a row), or else an attribute.
"""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from portfolio_twin.domain.csv.canonical import CANONICAL_COLUMNS
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX, PROVENANCE_FIELDS, SHOWN_ATTRIBUTES, attribute_name
from portfolio_twin.errors import UnreadableInput

TRUST_PREFIX = "confidence."

OTHER_NAMES = {
    "price": "listing_price", "list_price": "listing_price", "asking_price": "listing_price",
    "beds": "bedrooms", "baths": "bathrooms",
    "sqft": "square_footage", "sq_ft": "square_footage", "living_area": "square_footage",
    "latitude": "lat", "longitude": "lon", "lng": "lon", "zip": "zipcode", "postal_code": "zipcode",
    "type": "property_type", "status": "listing_status",
}  # fmt: skip
MAIN_INPUTS = ("listing_price", "property_type", "bedrooms", "bathrooms", "square_footage", "lat", "lon")
KNOWN = tuple(name for name in CANONICAL_COLUMNS if name not in ("property_id", "attributes"))
LIKENESS = 0.8  # of 1: bedroom is bedrooms, rooms is not


def attribute_columns(header: Sequence[str]) -> list[str]:
    return [name for name in header if name not in CANONICAL_COLUMNS and not name.startswith(TRUST_PREFIX)]


def trusted_fields(header: Sequence[str]) -> list[str]:
    """Which fields have a column of their confidence; raises UnreadableInput for one about no field of the file."""
    fields = [name.removeprefix(TRUST_PREFIX) for name in header if name.startswith(TRUST_PREFIX)]
    if unknown := [TRUST_PREFIX + name for name in fields if name not in PROVENANCE_FIELDS]:
        raise UnreadableInput(
            f"column {', '.join(unknown)} is the confidence of no field — name one of: {', '.join(PROVENANCE_FIELDS)}"
        )
    if lonely := [name for name in fields if name not in header]:
        raise UnreadableInput(
            f"column {', '.join(TRUST_PREFIX + name for name in lonely)} is here without its field — "
            f"add column {', '.join(lonely)}, or remove it"
        )
    return fields


def column_remarks(header: Sequence[str], filled: Collection[str]) -> list[str]:
    """Sentences, none where all is as expected. `filled`: the canonical fields that some row gives."""
    own = [name for name in attribute_columns(header) if attribute_name(name) not in SHOWN_ATTRIBUTES]
    lacking = [name for name in MAIN_INPUTS if name not in filled]
    remarks = [f"read as attributes: {', '.join(map(_with_guess, own))}"] if own else []
    return remarks + ([f"no row has {', '.join(lacking)}"] if lacking else [])


def _with_guess(column: str) -> str:
    if column.startswith(ATTRIBUTE_PREFIX):  # meant as one
        return column
    plain = column.strip().lower().replace(" ", "_").replace("-", "_")
    guess = OTHER_NAMES.get(plain) or next(iter(get_close_matches(plain, KNOWN, n=1, cutoff=LIKENESS)), None)
    return f"{column} (did you mean {guess}?)" if guess else column
