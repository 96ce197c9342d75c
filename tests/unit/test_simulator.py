import gzip
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from infra.local.simulator import (
    MARKETS,
    MarketConfig,
    Simulation,
    change_of_taste,
    read_truth,
    simulate,
    write_canonical,
)
from infra.local.simulator.market import Window
from infra.local.simulator.truth import FRESH_BOOST, exposure, view_probabilities
from portfolio_twin.domain.canonical_csv import read_catalogue, read_interactions
from portfolio_twin.domain.import_checks import check_interactions, check_properties
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.numbering import property_numbers
from portfolio_twin.domain.properties import NUMERIC_INPUTS
from portfolio_twin.domain.split import TEST, draw_holdout

DAY = 86_400


@pytest.fixture(scope="module", params=sorted(MARKETS))
def world(request: pytest.FixtureRequest) -> Simulation:
    return simulate(MARKETS[request.param], 3)


@pytest.fixture(scope="module")
def small() -> MarketConfig:
    return replace(MARKETS["mesa"], properties=200, investors=30, interactions=600, changing_taste=0.5)


def correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    known = ~np.isnan(one) & ~np.isnan(other)
    return float(np.corrcoef(one[known], other[known])[0, 1])


def rows_of(world: Simulation) -> npt.NDArray[np.int64]:
    return property_numbers(world.catalogue.ids, world.log.properties)


def test_the_same_seed_makes_the_same_files_and_another_seed_does_not(small: MarketConfig, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_canonical(simulate(small, seed), tmp_path / name)
    for file in ("properties.csv.gz", "interactions.csv.gz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
        assert (tmp_path / "one" / file).read_bytes() != (tmp_path / "other" / file).read_bytes()


def test_what_is_written_passes_the_import_and_reads_back_as_it_was(small: MarketConfig, tmp_path: Path) -> None:
    world = simulate(small, 1)
    write_canonical(world, tmp_path)
    properties = gzip.decompress((tmp_path / "properties.csv.gz").read_bytes()).decode().splitlines(keepends=True)
    interactions = gzip.decompress((tmp_path / "interactions.csv.gz").read_bytes()).decode().splitlines(keepends=True)
    assert not check_properties(properties).bad
    assert not check_interactions(interactions, set(world.catalogue.ids)).bad
    catalogue, log, truth = read_catalogue(properties), read_interactions(interactions), read_truth(tmp_path)
    assert [catalogue.row(i) for i in range(200)] == [world.catalogue.row(i) for i in range(200)]
    for name in ("users", "properties", "kinds", "times"):
        assert (getattr(log, name) == getattr(world.log, name)).all()
    at = small.ends - DAY
    assert (truth.choice_probability(7, at) == world.truth.choice_probability(7, at)).all()


def test_a_market_has_the_size_that_was_asked_for(world: Simulation) -> None:
    assert len(world.catalogue) == 1_500
    assert len(world.log) == pytest.approx(10_000, rel=0.1)
    assert set(np.unique(world.log.kinds)) == set(KIND_CODE.values())
    assert set(np.unique(world.log.users)) == set(range(1, 401))
    assert (np.diff(world.log.times) >= 0).all()
    assert world.log.times.max() < world.market.ends


def test_a_size_that_leaves_hardly_anything_on_the_market_still_simulates() -> None:
    tiny = replace(MARKETS["harborview"], properties=4, investors=3, interactions=60, days_on_market=8.0)
    world = simulate(tiny, 1)
    on_market = [world.truth.on_market(int(t))[row] for t, row in zip(world.log.times, rows_of(world), strict=True)]
    assert all(on_market)


def test_prices_rents_and_waiting_hang_together(world: Simulation) -> None:
    columns, facts = world.catalogue.columns, world.listings.facts
    price = columns["listing_price"]
    assert correlation(np.log(price), np.log(columns["square_footage"])) > 0.4
    assert correlation(price / columns["square_footage"], columns["price_per_sqft"]) > 0.999
    assert correlation(np.log(price), np.log(columns["estimated_value"])) > 0.95
    assert correlation(columns["cap_rate"], np.log(price)) < -0.1
    assert correlation(columns["cap_rate"], columns["cash_on_cash_return"]) > 0.7
    assert correlation(columns["bedrooms"], columns["square_footage"]) > 0.6
    assert correlation(columns["condition_score"], columns["year_built"]) > 0.2
    assert correlation(columns["renovation_needed"], columns["condition_score"]) < -0.5
    assert correlation(np.log(world.listings.delisted_at - world.listings.listed_at), facts["overpricing"]) > 0.3


def test_place_explains_price_per_square_foot(world: Simulation) -> None:
    per_sqft = np.log(world.catalogue.columns["price_per_sqft"])
    known = ~np.isnan(per_sqft)
    hoods = world.listings.hoods[known]
    means = np.array([per_sqft[known][hoods == hood].mean() for hood in range(hoods.max() + 1)])
    assert np.var(means[hoods]) / np.var(per_sqft[known]) > 0.3


def test_gaps_are_there_and_not_only_by_chance(world: Simulation) -> None:
    columns = world.catalogue.columns
    land = columns["property_type"] == "Land"
    assert np.isnan(columns["bedrooms"][land]).all()
    assert not np.isnan(columns["bedrooms"][~land]).any()
    house, let = columns["property_type"] == "Single Family", columns["property_type"] == "Multi-Family"
    assert np.isnan(columns["cap_rate"][house]).mean() > 2 * np.isnan(columns["cap_rate"][let]).mean()
    assert all(not np.isnan(columns[name]).all() for name in NUMERIC_INPUTS)


def test_the_two_markets_differ_in_place_price_and_what_they_record() -> None:
    one, other = (simulate(MARKETS[name], 1).catalogue.columns for name in ("harborview", "mesa"))
    assert np.abs(one["lon"].mean() - other["lon"].mean()) > 10
    assert np.median(one["listing_price"]) > 1.3 * np.median(other["listing_price"])
    assert np.nanmedian(one["cap_rate"]) < np.nanmedian(other["cap_rate"])
    assert {"attributes.school_rating", "attributes.hoa_fee"} <= one.keys()
    assert other["attributes.zoning"].dtype == object


def test_nobody_deals_with_what_is_not_on_the_market(world: Simulation) -> None:
    rows = rows_of(world)
    assert (world.log.times >= world.truth.listed_at[rows]).all()
    assert (world.log.times < world.truth.delisted_at[rows]).all()


def test_the_listing_status_tells_what_is_still_on_the_market(world: Simulation) -> None:
    status = world.catalogue.columns["listing_status"]
    open_now = np.isin(status, ["Active", "Pending"])
    assert (open_now == world.truth.on_market(world.market.ends)).all()


def test_most_investors_have_three_distinct_positives(world: Simulation) -> None:
    targets = draw_holdout(world.log, world.catalogue.ids, seed=0).targets(TEST)
    assert 0.65 < len(targets) / world.market.investors < 0.9


def test_the_funnel_narrows_and_every_step_follows_a_view(world: Simulation) -> None:
    counts = Counter(world.log.kinds.tolist())
    assert counts[KIND_CODE["view"]] > counts[KIND_CODE["outreach"]] > counts[KIND_CODE["deal"]] > 0
    first_view: set[tuple[int, str]] = set()
    for user, property_id, kind in zip(world.log.users, world.log.properties, world.log.kinds, strict=True):
        if kind == KIND_CODE["view"]:
            first_view.add((int(user), property_id))
        assert (int(user), property_id) in first_view


def test_likes_fall_on_good_matches_and_dislikes_on_bad_ones(world: Simulation) -> None:
    rows = rows_of(world)
    match = np.array([world.truth.match(int(u), int(t))[row]
                      for u, t, row in zip(world.log.users, world.log.times, rows, strict=True)])  # fmt: skip
    by_kind = {kind: match[world.log.kinds == code].mean() for kind, code in KIND_CODE.items()}
    assert by_kind["dislike"] < 0.5 * by_kind["view"]
    assert by_kind["view"] < by_kind["outreach"] < by_kind["deal"]
    assert by_kind["view"] < by_kind["like"]


def expected_share_of_targets(world: Simulation) -> tuple[float, float]:
    """How often the true target is among the ten best of the truth, and how often the truth says that it should be."""
    targets = draw_holdout(world.log, world.catalogue.ids, seed=0).targets(TEST)
    positive = np.isin(world.log.kinds, [KIND_CODE["deal"], KIND_CODE["like"]])
    rows, hits, promised = rows_of(world), [], []
    for user, target, t in zip(
        targets.users, property_numbers(world.catalogue.ids, targets.properties), targets.times, strict=True
    ):
        chance = world.truth.choice_probability(int(user), int(t))
        chance[rows[positive & (world.log.users == user) & (world.log.times < t)]] = 0
        best = np.argsort(-chance)[:10]
        hits.append(target in best)
        promised.append(chance[best].sum() / chance.sum())
    return float(np.mean(hits)), float(np.mean(promised))


def test_targets_fall_where_the_choice_probability_says(world: Simulation) -> None:
    hits, promised = expected_share_of_targets(world)
    assert hits == pytest.approx(promised, abs=0.08)  # about 320 targets: a standard error is .027
    assert hits > 0.5


def test_a_taste_that_changes_is_recorded_before_and_after(small: MarketConfig) -> None:
    truth = simulate(small, 5).truth
    changing = np.flatnonzero(truth.changes_at < small.ends)
    assert 5 < len(changing) < 25
    for row in changing:
        user, at = int(truth.user_ids[row]), int(truth.changes_at[row])
        assert (truth.utility(user, at - 1) != truth.utility(user, at)).any()
    staying = int(truth.user_ids[np.flatnonzero(truth.changes_at > small.ends)[0]])
    assert (truth.utility(staying, small.begins) == truth.utility(staying, small.ends)).all()


def test_under_a_new_taste_the_next_interactions_follow_it(world: Simulation) -> None:
    before, after = [], []
    for user in range(1, 31):
        new = change_of_taste(world, user, interactions=10, seed=user)
        assert len(new.log) == 10
        assert (new.log.times >= world.market.ends).all()
        assert set(new.log.users) == {user}
        rows = property_numbers(world.catalogue.ids, new.log.properties)
        before.append(new.truth.match(user, world.market.ends - 1)[rows].mean())
        after.append(new.truth.match(user, world.market.ends)[rows].mean())
    assert np.mean(after) > 0.6 > 0.2 > np.mean(before)


def test_an_investor_of_another_simulation_is_named_in_the_error(small: MarketConfig) -> None:
    world = simulate(small, 1)
    with pytest.raises(KeyError, match="no investor 999"):
        world.truth.utility(999, small.ends)
    with pytest.raises(KeyError, match="no investor 999"):
        change_of_taste(world, 999, interactions=10, seed=1)


def test_a_window_is_half_open_at_its_edge_and_shut_for_what_lacks_the_fact() -> None:
    values = np.array([0.0, 1.0, 2.0, np.nan])
    assert Window("cap_rate", 1.0, None, 0.01).match(values) == pytest.approx([0, 1 / 2, 1, 0], abs=1e-9)
    assert Window("cap_rate", None, 1.0, 0.01).match(values) == pytest.approx([1, 1 / 2, 0, 0], abs=1e-9)


def test_exposure_is_highest_for_the_new_and_nil_off_the_market() -> None:
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    listed = np.array([now, now - 1_000 * DAY, now + 1, now - 2 * DAY])
    delisted = np.array([now + DAY, now + DAY, now + DAY, now])
    seen = exposure(listed, delisted, np.array([1.0, 2.0, 1.0, 1.0]), np.array([now]))
    assert seen[0] == pytest.approx([1 + FRESH_BOOST, 2, 0, 0])


def test_views_are_browsing_and_searching_in_the_shares_that_were_set() -> None:
    seen = np.array([[1.0, 1.0, 2.0]])
    views = view_probabilities(seen, np.array([1.0, 0.0, 0.0]), browsing=0.2)
    assert views[0] == pytest.approx([0.2 * 1 / 4 + 0.8, 0.2 * 1 / 4, 0.2 * 2 / 4])
    without_a_match = view_probabilities(seen, np.zeros(3), browsing=0.2)
    assert without_a_match[0] == pytest.approx([1 / 4, 1 / 4, 2 / 4])
