from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.model.new_listings import NewListings
from portfolio_twin.model.ranking import IN_USE
from portfolio_twin.model.twin import Twin
from tests.fakes.twins import plain_layer, small_catalogue, small_twin

CATALOGUE = small_catalogue()
BUSY = 9


def twin_with(**counts: int) -> Twin:
    """A market in which one interaction each keeps every property in use, and `p9` sees more."""
    twin = small_twin(CATALOGUE)
    layer = plain_layer(len(CATALOGUE), twin.schema.width)
    activity = np.full_like(layer.activity, np.log1p(1))
    for name, count in counts.items():
        activity[twin.property_rows[name]] = np.log1p(count)
    return replace(twin, ranking=replace(layer, activity=activity))


def test_a_copy_of_a_busy_property_is_expected_to_be_busy_and_what_is_like_nothing_stands_at_the_floor() -> None:
    twin = twin_with(p9=40)
    assert twin.ranking
    listings = NewListings.of(twin.ranking, twin.offer)
    X = twin.schema.vectorise(CATALOGUE)
    copy, unlike = listings.activity_of(np.stack([X[BUSY], X[BUSY] + 100]))
    assert np.log1p(20) < copy[IN_USE] <= np.log1p(40)
    assert unlike == pytest.approx(twin.ranking.floor)


def test_a_copy_keeps_the_company_of_its_original_and_what_is_like_nothing_has_none() -> None:
    twin = twin_with()
    X = twin.schema.vectorise(CATALOGUE)
    asked = np.array([BUSY, UNKNOWN, UNKNOWN])
    assert twin.stand_ins(asked, np.stack([X[BUSY], X[BUSY + 1], X[BUSY] + 100])).tolist() == [BUSY, BUSY + 1, UNKNOWN]
    assert asked.tolist() == [BUSY, UNKNOWN, UNKNOWN]


def test_what_is_counted_is_the_activity_but_a_new_listing_has_at_least_what_those_like_it_have() -> None:
    twin = twin_with(p9=40)
    days = np.full(len(CATALOGUE), 200.0)
    days[BUSY] = 3
    catalogue = replace(CATALOGUE, columns={**CATALOGUE.columns, "days_on_market": days})
    counts = np.zeros((len(CATALOGUE), 4))
    counts[5] = 7
    activity = twin.activity(catalogue, twin.schema.vectorise(catalogue), counts)
    assert activity is not None
    assert activity[5] == pytest.approx(np.log1p(7))
    assert activity[6] == pytest.approx(0)  # long on the market, and nobody came
    assert activity[BUSY, IN_USE] > np.log1p(20)
    later = replace(catalogue, ids=np.array([f"q{i}" for i in range(len(CATALOGUE))], dtype=object))
    unknown = twin.activity(later, twin.schema.vectorise(later), counts)
    assert unknown is not None
    assert (unknown[:, IN_USE] > 0).all()  # none of them was there when the model learnt


def test_where_nothing_is_in_use_a_new_listing_stands_at_the_floor() -> None:
    twin = small_twin(CATALOGUE)
    layer = plain_layer(len(CATALOGUE), twin.schema.width)
    listings = NewListings.of(layer, twin.offer)
    assert listings.activity_of(twin.schema.vectorise(CATALOGUE)[:2]) == pytest.approx(np.tile(layer.floor, (2, 1)))


def test_without_a_layer_there_is_no_activity_to_tell() -> None:
    twin = small_twin(CATALOGUE)
    assert twin.activity(CATALOGUE, twin.schema.vectorise(CATALOGUE), np.zeros((60, 4))) is None
