"""A reason in words."""

from typing import Any

import pytest

from portfolio_twin.services.answers.give_reasons import in_words


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"lat": 42.65, "lon": -73.75, "zipcode": "12203"}, "the location (12203) raises the match"),
        ({"lat": 42.65, "lon": -73.75}, "the location (42.650, -73.750) raises the match"),
        ({"zipcode": "12203"}, "that its coordinates are not known raises the match"),
    ],
)
def test_the_location_is_named_where_its_coordinates_are_known(fields: dict[str, Any], told: str) -> None:
    assert in_words("location", 1.0, fields) == told
