"""How investors buy, on markets small enough to count."""

import math

import numpy as np
import pytest

from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures, PropertyType
from portfolio_twin.model.features import KM_PER_DEGREE
from tests.benchmarks.realism.figures import measure
from tests.benchmarks.realism.habits import (
    days_between,
    nearest_km,
    price_spread,
    same_category,
    step_km,
    within_a_week,
)
from tests.benchmarks.realism.purchases import Fields, Purchases, by_chance, by_investor
from tests.fakes.logs import Row, log_of


def lot(km: float, kind: PropertyType | None, price: float | None) -> PropertyFeatures:
    """On a line along the equator."""
    return PropertyFeatures(lat=0.0, lon=km / KM_PER_DEGREE, property_type=kind, listing_price=price)


LOTS = {
    "a": lot(0.0, "Condo", 1.0),
    "b": lot(5.0, "Condo", math.e),
    "c": lot(1.0, "Land", math.e),
    "d": lot(7.0, None, 0.0),
}
CATALOGUE = Catalogue.of(list(LOTS), list(LOTS.values()))


def market(*rows: Row) -> Dataset:
    """Times are days."""
    return Dataset(CATALOGUE, log_of(*rows, unit=DAY_SECONDS))


def of_first(*rows: Row) -> Purchases:
    return next(by_investor(market(*rows), Fields(), np.random.default_rng(0)))


def test_purchases_are_the_first_deals_of_each_investor_with_what_is_listed_in_the_order_of_time() -> None:
    rows: list[Row] = [
        (1, "b", "deal", 9), (1, "a", "deal", 2), (1, "a", "deal", 30), (1, "c", "like", 1), (1, "gone", "deal", 1),
        (2, "d", "deal", 5),
    ]  # fmt: skip
    first, second = by_investor(market(*rows), Fields(), np.random.default_rng(0))
    assert first.days.tolist() == [2, 9]
    assert first.km[:, 0] == pytest.approx([0, 5])
    assert second.days.tolist() == [5]
    assert np.isnan([second.category[0], second.log_price[0]]).all()  # no type; a price of 0 is none


def test_what_one_auction_sold_gets_an_order_by_chance() -> None:
    rows: list[Row] = [(1, name, "deal", 3) for name in "abcd"]
    orders = {
        tuple(next(by_investor(market(*rows), Fields(), np.random.default_rng(seed))).km[:, 0].round().tolist())
        for seed in range(20)
    }
    assert len(orders) > 5


def test_the_habits_of_an_investor_are_those_that_can_be_counted() -> None:
    bought = of_first((1, "a", "deal", 0), (1, "b", "deal", 3), (1, "c", "deal", 13), (1, "d", "deal", 23))
    assert step_km(bought) == pytest.approx(5)  # of 5, 4, 6
    assert nearest_km(bought) == pytest.approx(2)  # of 5 (b to a), 1 (c to a), 2 (d to b)
    assert same_category(bought) == pytest.approx(1 / 3)  # two condos and a plot: one pair of three
    assert price_spread(bought) == pytest.approx(math.sqrt(1 / 3))  # of 0, 1, 1; d has no price
    assert days_between(bought) == pytest.approx(23 / 3)
    assert within_a_week(bought) == pytest.approx(1 / 3)


def test_what_cannot_be_known_is_missing_and_not_nought() -> None:
    bought = of_first((1, "a", "deal", 0), (1, "d", "deal", 1))
    assert np.isnan([same_category(bought), price_spread(bought)]).all()


def test_chance_buys_as_much_without_buying_twice_when_others_bought() -> None:
    dataset = market((1, "a", "deal", 0), (1, "b", "deal", 3), (1, "c", "deal", 13), (1, "d", "deal", 23))
    bought = list(by_investor(dataset, Fields(), np.random.default_rng(0)))
    (drawn,) = by_chance(dataset, Fields(), bought, np.random.default_rng(0))
    assert sorted(drawn.km[:, 0].round()) == [0, 1, 5, 7]
    assert set(drawn.days) <= {0, 3, 13, 23}
    assert (np.diff(drawn.days) >= 0).all()


def test_those_who_buy_all_lots_are_as_near_and_as_mixed_as_chance_and_those_who_buy_few_are_not_measured() -> None:
    everything: list[Row] = [(user, name, "deal", 9) for user in range(1, 41) for name in "abcd"]
    few: list[Row] = [(50, "a", "deal", 9), (51, "a", "deal", 9), (51, "b", "deal", 9)]
    figures = measure([market(*everything, *few)], Fields())
    assert (figures["investors"], figures["measured"]) == (42, 40)
    assert figures["buyers"] == {"1": 1 / 42, "2": 1 / 42, "3-5": 40 / 42, "6+": 0}
    assert figures["price_spread"]["relative"] == pytest.approx([1, 1, 1])
    assert figures["same_category"] == {
        "quartiles": pytest.approx([1 / 3] * 3),
        "mean": pytest.approx(1 / 3),
        "chance": pytest.approx(1 / 3),
        "beyond": pytest.approx(0),
    }
    assert figures["step_km"]["relative"][1] == pytest.approx(1, abs=0.2)


def test_those_who_keep_to_one_type_next_door_are_told_from_chance() -> None:
    near = [lot(0.1 * i, "Condo", 1.0 + i) for i in range(3)]
    far = [lot(50.0 + i, "Land", 100.0) for i in range(27)]
    names = [f"p{i}" for i in range(30)]
    rows: list[Row] = [(user, i, "deal", user + i) for user in range(9) for i in range(3)]
    dataset = Dataset(Catalogue.of(names, [*near, *far]), log_of(*rows, unit=DAY_SECONDS))
    figures = measure([dataset, dataset], Fields())
    assert figures["measured"] == 18
    assert figures["nearest_km"]["relative"][2] < 0.1
    assert figures["same_category"]["beyond"] == pytest.approx(1)
    assert figures["same_category"]["chance"] > 0.6
