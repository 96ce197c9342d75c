"""The simulation as a whole, and what an investor of it would do next under a new taste."""

from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

import numpy as np

from infra.simulator.funnel import interact, sitting_times
from infra.simulator.investors import NEVER, Investors, Taste, draw_investors, draw_other_taste, match_of  # fmt: skip
from infra.simulator.listings import Listings, draw_listings
from infra.simulator.market import MarketConfig
from infra.simulator.records import record
from infra.simulator.truth import Truth
from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue

NEW_TASTE_DAYS = 5  # a change of taste is followed over so many days after the end


class Simulation(NamedTuple):
    """A market as a tenant's records show it (catalogue, log), and as it is (the rest)."""

    market: MarketConfig
    catalogue: Catalogue
    log: InteractionLog
    truth: Truth
    listings: Listings
    investors: Investors


class NewTaste(NamedTuple):
    """What one investor does after the simulation's end, now wanting something else, and the truth of that time."""

    taste: Taste
    log: InteractionLog
    truth: Truth


def simulate(market: MarketConfig, seed: int) -> Simulation:
    """The same market and seed give the same simulation, to the bit."""
    properties, records, people, doings = (
        np.random.default_rng(s) for s in np.random.SeedSequence([seed, crc32(market.name.encode())]).spawn(4)
    )
    listings = draw_listings(market, properties)
    catalogue = record(market, listings, records)
    investors = draw_investors(market, listings, people)
    truth = _truth(market, listings, investors)
    log = _draw_log(market, investors, truth, doings)
    return Simulation(market=market, catalogue=catalogue, log=log, truth=truth, listings=listings, investors=investors)


def change_of_taste(
    simulation: Simulation, user_id: int, interactions: int, seed: int, *, taste: Taste | None = None
) -> NewTaste:
    """The investor's next interactions, that many, under another taste: the one given, or one unlike the present."""
    rng = np.random.default_rng(seed)
    row = simulation.truth.row_of(user_id)
    present = simulation.investors.tastes[row][1]
    taste = taste or draw_other_taste(simulation.market, simulation.listings, present, rng)
    ends = simulation.market.ends
    matches, changes_at = simulation.truth.matches.copy(), simulation.truth.changes_at.copy()
    matches[:, row] = matches[1, row], match_of(taste, simulation.listings)
    changes_at[row] = ends
    truth = replace(simulation.truth, matches=matches, changes_at=changes_at)
    times = sitting_times(ends, ends + NEW_TASTE_DAYS * DAY_SECONDS, interactions, rng, habits=simulation.market.habits)
    done = interact(truth, row, times, rng)
    users = np.full(len(done.rows), user_id, dtype=np.int64)
    log = InteractionLog(users, truth.property_ids[done.rows], done.kinds, done.times)
    return NewTaste(taste, log.take(np.arange(min(interactions, len(log)))), truth)


def _truth(market: MarketConfig, listings: Listings, investors: Investors) -> Truth:
    before = [match_of(taste, listings) for taste, _ in investors.tastes]
    after = [
        match if changes == NEVER else match_of(taste, listings)
        for match, (_, taste), changes in zip(before, investors.tastes, investors.changes_at, strict=True)
    ]
    return Truth(
        property_ids=listings.ids,
        user_ids=investors.ids,
        matches=np.array([before, after], dtype=np.float32),
        changes_at=investors.changes_at,
        thumbs=investors.thumbs,
        listed_at=listings.listed_at,
        delisted_at=listings.delisted_at,
        appeal=listings.appeal,
        browsing=market.browsing,
    )


def _draw_log(market: MarketConfig, investors: Investors, truth: Truth, rng: np.random.Generator) -> InteractionLog:
    habits = market.habits
    views = market.interactions / habits.interactions_per_view * investors.activity / investors.activity.sum()
    users, parts = [], []
    for row, user_id in enumerate(investors.ids):
        count = max(1, rng.poisson(views[row]))
        looked_at = sitting_times(int(investors.starts_at[row]), market.ends, count, rng, habits=habits)
        parts.append(interact(truth, row, looked_at, rng))
        users.append(np.full(len(parts[-1].rows), user_id, dtype=np.int64))
    rows, kinds, times = (np.concatenate(column) for column in zip(*parts, strict=True))
    log = InteractionLog(np.concatenate(users), truth.property_ids[rows], kinds, times)
    return log.take(log.times < market.ends).in_time_order()
