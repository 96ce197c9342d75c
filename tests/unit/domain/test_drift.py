import numpy as np
import pytest

from portfolio_twin.domain import drift
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from tests.fakes.logs import log_of


def catalogue(first: int, prices: np.ndarray, types: np.ndarray | None = None) -> Catalogue:
    ids = np.array([f"p{i}" for i in range(first, first + len(prices))], dtype=object)
    return Catalogue(ids, {"listing_price": prices} | ({} if types is None else {"property_type": types}))


def log(users: list[int], kinds: list[str]) -> InteractionLog:
    return log_of(*((user, "p", kind, i) for i, (user, kind) in enumerate(zip(users, kinds, strict=True))))


def test_psi_is_the_sum_over_bins_of_the_difference_times_the_log_ratio() -> None:
    q, p = np.array([50.5, 50.5]) / 101, np.array([80.5, 20.5]) / 101
    expected = (p[0] - q[0]) * np.log(p[0] / q[0]) + (p[1] - q[1]) * np.log(p[1] / q[1])
    assert drift.population_stability_index(np.array([50.0, 50.0]), np.array([80.0, 20.0])) == pytest.approx(expected)


def test_an_empty_bin_leaves_psi_finite() -> None:
    assert 0 < drift.population_stability_index(np.array([50.0, 0.0]), np.array([0.0, 50.0])) < 10


@pytest.mark.parametrize(("freedom", "probability", "exact"), [(3, 0.95, 7.815), (9, 0.99, 21.666), (10, 0.95, 18.307)])
def test_chi_square_quantiles_are_those_of_the_printed_tables(freedom: int, probability: float, exact: float) -> None:
    assert drift.chi_square_quantile(freedom, probability) == pytest.approx(exact, rel=0.01)


def test_the_noise_limit_shrinks_with_the_sample_and_with_what_both_samples_share() -> None:
    small, big = (drift.noise_limit(10, n, n, shared=0, tests=1) for n in (100, 10_000))
    assert small == pytest.approx(100 * big)
    assert drift.noise_limit(10, 100, 100, shared=90, tests=1) == pytest.approx(0.1 * small)
    assert drift.noise_limit(10, 100, 100, shared=100, tests=1) == 0


@pytest.mark.parametrize(("n", "m", "shared"), [(200, 200, 0), (2000, 300, 0), (1000, 1100, 950)])
def test_samples_of_one_population_are_called_drift_about_once_in_a_hundred_times(n: int, m: int, shared: int) -> None:
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(200):
        values = rng.lognormal(12, 1, n + m - shared)
        drifts = drift.catalogue_drift(catalogue(0, values[:n]), catalogue(n - shared, values[n - shared :]))
        alarms += drifts["listing_price"].level != "none"
    assert alarms <= 8  # P(more than 8 of 200 at 1 %) is below one in a thousand


def test_a_market_that_became_dearer_has_drifted_and_the_untouched_feature_has_not() -> None:
    rng = np.random.default_rng(1)
    types = rng.choice(np.array(["Condo", "Land"], dtype=object), 4000)
    before = catalogue(0, rng.lognormal(12, 0.5, 2000), types[:2000])
    after = catalogue(2000, rng.lognormal(12.6, 0.5, 2000), types[2000:])
    drifts = drift.catalogue_drift(before, after)
    assert drifts["listing_price"].level == "large"
    assert drifts["property_type"].level == "none"
    assert drift.moved(drifts) == ["listing_price"]


def test_a_field_that_went_missing_or_came_new_has_drifted() -> None:
    known, unknown = np.arange(500.0), np.full(500, np.nan)
    drifts = drift.catalogue_drift(catalogue(0, known), catalogue(500, unknown))
    assert drifts["listing_price"].level == "large"
    bare = Catalogue(catalogue(0, known).ids, {})
    assert drift.catalogue_drift(bare, catalogue(500, known))["listing_price"].level == "large"


def test_the_same_catalogue_again_has_not_drifted() -> None:
    same = catalogue(0, np.arange(300.0), np.array(["Condo", None, "Land"] * 100, dtype=object))
    assert {each.level for each in drift.catalogue_drift(same, same).values()} == {"none"}


def test_a_handful_of_properties_is_too_few_to_judge() -> None:
    handful = catalogue(9, np.arange(4.0))
    assert drift.catalogue_drift(catalogue(0, np.arange(4.0)), handful)["listing_price"].level == "too few"
    assert drift.catalogue_drift(catalogue(0, np.arange(0.0)), handful) == {}


def test_one_busy_investor_counts_as_one_sample_of_the_mix() -> None:
    assert drift.independent_samples(log([1] * 400, ["view"] * 400)) == 1
    assert drift.independent_samples(log(list(range(400)), ["view"] * 400)) == 400
    busy = drift.mix_drift(log(list(range(400)), ["view"] * 400), log([1] * 400, ["deal"] * 400))
    assert busy.level == "too few"


def test_a_mix_that_turned_from_views_to_deals_has_drifted() -> None:
    before = log(list(range(400)), ["view"] * 300 + ["deal"] * 100)
    after = log(list(range(400)), ["view"] * 100 + ["deal"] * 300)
    assert drift.mix_drift(before, after).level == "large"
    assert drift.mix_drift(before, before) == drift.Drift(0.0, pytest.approx(0.033, abs=0.003), "none")  # type: ignore[arg-type]  # approx stands for a float
