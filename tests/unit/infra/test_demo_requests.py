"""What the demo prints of an answer."""

import pytest

from infra.local.twin.demo_requests import share


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [
        (0.0, 3, "0.000"), (0.0004, 3, "< 0.001"), (0.4321, 3, "0.432"), (0.9996, 3, "> 0.999"), (1.0, 3, "1.000"),
        (0.996, 2, "> 0.99"), (0.994, 2, "0.99"), (-0.3, 3, "-0.300"),
    ],
)  # fmt: skip
def test_a_share_is_told_as_0_or_1_only_where_it_is(value: float, digits: int, told: str) -> None:
    assert share(value, digits) == told
