"""Investors and what they secretly want: buy boxes that are soft, non-linear, and sometimes change."""

from dataclasses import dataclass, replace

import numpy as np

from infra.simulator.listings import Listings
from infra.simulator.market import MarketConfig, Strategy, Values, Window
from portfolio_twin.domain.arrays import Numbers

SPOT_JITTER_KM = 0.3
BUDGET_SPREAD = 0.10  # standard deviation of the investors' middle log price about their strategy's
FULL_MATCHES = 0.02  # share of the catalogue
FULL_MATCHES_OF_TYPE = 0.25  # share of the properties of its types, where those are scarce
LUKEWARM = 0.02  # match of a property of the right kind far from every hot spot, against one in the middle
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class BuyBox:
    """One strategy of one investor: a type, inside every window, near a hot spot. A product, not a sum."""

    strategy: str
    types: tuple[str, ...]
    windows: tuple[Window, ...]
    spots: tuple[tuple[float, float], ...]  # east and north of downtown, km
    radius_km: float  # infinite: anywhere
    other_types: float  # how well a property of another type fits, against one of the right type
    crispness: float  # how soon the match fades outside

    def match(self, listings: Listings) -> Values:
        """How well each property fits, (n,): 0 … 1.

        An investor is as choosy as the market allows: the best few of it are all good enough, a full match.
        """
        fit = self._fit(listings)
        of_type = int(np.isin(listings.types, self.types).sum())
        enough = max(1, int(min(FULL_MATCHES * len(fit), FULL_MATCHES_OF_TYPE * of_type)))
        full = max(float(np.partition(fit, -enough)[-enough]), 1e-6)
        return np.asarray(np.minimum(1.0, fit / full) ** self.crispness)

    def _fit(self, listings: Listings) -> Values:
        fit = np.where(np.isin(listings.types, self.types), 1.0, self.other_types)
        for window in self.windows:
            fit *= window.match(listings.facts[window.fact])
        east, north = listings.facts["east_km"], listings.facts["north_km"]
        nearest = np.min([np.hypot(east - x, north - y) for x, y in self.spots], axis=0)  # (n,)
        nearness = LUKEWARM + (1 - LUKEWARM) * np.exp(-((nearest / self.radius_km) ** 4))
        return np.asarray(fit * nearness)


Taste = tuple[BuyBox, ...]  # an investor wants whatever fits one of them


@dataclass(frozen=True)
class Investors:
    """All m investors."""

    ids: Numbers  # (m,)
    tastes: tuple[tuple[Taste, Taste], ...]  # before and after the change; the same twice where there is none
    changes_at: Numbers  # (m,) seconds; NEVER where the taste stays
    starts_at: Numbers  # (m,) seconds
    activity: Values  # (m,) of the views, against the others
    thumbs: Values  # (m,) how readily one gives them


def match_of(taste: Taste, listings: Listings) -> Values:
    """The best match among the investor's strategies, (n,)."""
    return np.asarray(np.max([box.match(listings) for box in taste], axis=0))


def draw_investors(market: MarketConfig, listings: Listings, rng: np.random.Generator) -> Investors:
    m, span = market.investors, market.ends - market.begins
    starts = market.begins + np.where(rng.random(m) < 0.3, rng.uniform(0, 0.6, m), 0.0) * span
    changes = starts + rng.uniform(0.35, 0.65, m) * (market.ends - starts)
    changing = rng.random(m) < market.changing_taste
    tastes = []
    for changed in changing:
        before = draw_taste(market, listings, rng)
        tastes.append((before, draw_other_taste(market, listings, before, rng) if changed else before))
    return Investors(
        ids=np.arange(1, m + 1),
        tastes=tuple(tastes),
        changes_at=np.where(changing, changes.astype(np.int64), NEVER),
        starts_at=starts.astype(np.int64),
        activity=np.exp(rng.normal(0, market.habits.activity_spread, m)),
        thumbs=rng.beta(5, 1.5, m),
    )


def draw_taste(market: MarketConfig, listings: Listings, rng: np.random.Generator) -> Taste:
    shares = np.array([strategy.share for strategy in market.strategies])
    count = 2 if rng.random() < market.two_strategies else 1
    chosen = rng.choice(len(shares), size=count, replace=False, p=shares / shares.sum())
    return tuple(_draw_box(market, market.strategies[i], listings, rng) for i in chosen)


def draw_other_taste(market: MarketConfig, listings: Listings, taste: Taste, rng: np.random.Generator) -> Taste:
    """Of a few new tastes the one that has least in common with the old."""
    old = match_of(taste, listings)
    others = [draw_taste(market, listings, rng) for _ in range(6)]
    return others[int(np.argmin([_overlap(old, match_of(other, listings)) for other in others]))]


def _overlap(one: Values, other: Values) -> float:
    return float(np.minimum(one, other).sum() / max(np.maximum(one, other).sum(), 1e-9))


def _draw_box(market: MarketConfig, strategy: Strategy, listings: Listings, rng: np.random.Generator) -> BuyBox:
    habits = market.habits
    middle = np.log(strategy.budget) + np.median(listings.facts["log_price"]) + rng.normal(0, BUDGET_SPREAD)
    budget = Window("log_price", middle - habits.budget_half_width, middle + habits.budget_half_width, 0.07)
    windows = (budget, *(_own_edges(window, rng) for window in strategy.windows))
    spots = _draw_spots(market, strategy, rng)
    radius = strategy.radius_km * float(rng.uniform(0.9, 1.1))
    return BuyBox(
        strategy=strategy.name, types=strategy.types, windows=windows, spots=spots,
        radius_km=np.inf if habits.anywhere and rng.random() < habits.anywhere else radius,
        other_types=float(rng.beta(*habits.other_types)) if habits.other_types else 0.0,
        crispness=habits.crispness,
    )  # fmt: skip


def _own_edges(window: Window, rng: np.random.Generator) -> Window:
    """Each investor draws the line a little elsewhere."""
    shift = rng.normal(0, 0.5 * window.softness)
    return replace(
        window,
        low=None if window.low is None else window.low + shift,
        high=None if window.high is None else window.high + shift,
    )


def _draw_spots(market: MarketConfig, strategy: Strategy, rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    count = min(2 if rng.random() < market.habits.second_spot else 1, len(strategy.areas))
    areas = rng.choice(strategy.areas, size=count, replace=False)
    centres = [hood for hood in market.neighbourhoods if hood.zipcode in areas]
    off = rng.normal(0, SPOT_JITTER_KM, (len(centres), 2)).tolist()
    return tuple((hood.east_km + east, hood.north_km + north) for hood, (east, north) in zip(centres, off, strict=True))
