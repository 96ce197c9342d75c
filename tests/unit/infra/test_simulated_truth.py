from datetime import UTC, datetime

import numpy as np
import pytest

from infra.simulator import MarketConfig, Simulation, change_of_taste, simulate
from infra.simulator.habits import LIKE_BALTIMORES
from infra.simulator.market import Window
from infra.simulator.truth import FRESH_BOOST, exposure, view_probabilities
from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, KINDS
from portfolio_twin.domain.split import TEST, draw_holdout


def test_likes_fall_on_good_matches_and_dislikes_on_bad_ones(world: Simulation) -> None:
    rows = Dataset(world.catalogue, world.log).rows
    match = np.array([world.truth.match(int(u), int(t))[row]
                      for u, t, row in zip(world.log.users, world.log.times, rows, strict=True)])  # fmt: skip
    by_kind = {kind: match[world.log.kinds == KIND_CODE[kind]].mean() for kind in KINDS}
    assert by_kind["dislike"] < (0.6 if world.market.habits is LIKE_BALTIMORES else 0.5) * by_kind["view"]
    assert by_kind["view"] < by_kind["outreach"] < by_kind["deal"]
    assert by_kind["view"] < by_kind["like"]


def expected_share_of_targets(world: Simulation) -> tuple[float, float]:
    """How often the true target is among the ten best of the truth, and how often the truth says that it should be."""
    targets = draw_holdout(Dataset(world.catalogue, world.log), seed=0).targets(TEST)
    positive = np.isin(world.log.kinds, [KIND_CODE["deal"], KIND_CODE["like"]])
    rows, hits, promised = Dataset(world.catalogue, world.log).rows, [], []
    for user, target, t in zip(targets.users, world.catalogue.rows_of(targets.properties), targets.times, strict=True):
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
        rows = world.catalogue.rows_of(new.log.properties)
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
    listed = np.array([now, now - 1_000 * DAY_SECONDS, now + 1, now - 2 * DAY_SECONDS])
    delisted = np.array([now + DAY_SECONDS, now + DAY_SECONDS, now + DAY_SECONDS, now])
    seen = exposure(listed, delisted, np.array([1.0, 2.0, 1.0, 1.0]), np.array([now]))
    assert seen[0] == pytest.approx([1 + FRESH_BOOST, 2, 0, 0])


def test_views_are_browsing_and_searching_in_the_shares_that_were_set() -> None:
    seen = np.array([[1.0, 1.0, 2.0]])
    views = view_probabilities(seen, np.array([1.0, 0.0, 0.0]), browsing=0.2)
    assert views[0] == pytest.approx([0.2 * 1 / 4 + 0.8, 0.2 * 1 / 4, 0.2 * 2 / 4])
    without_a_match = view_probabilities(seen, np.zeros(3), browsing=0.2)
    assert without_a_match[0] == pytest.approx([1 / 4, 1 / 4, 2 / 4])
