"""What investors do with what they see: view, reach out, make a deal, give a thumb."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infra.simulator.habits import Habits
from infra.simulator.market import Values
from infra.simulator.truth import DEAL, DISLIKE, LIKE, OUTREACH, Truth, along, exposure, view_probabilities
from portfolio_twin.domain.arrays import DAY_SECONDS, Mask, Matrix, Numbers
from portfolio_twin.domain.interactions import KIND_CODE

WRONG_THUMB = 0.03  # share of the thumbs that say the opposite of what was meant
HOUR_SECONDS = 3_600
# How long after the view, in seconds, at most. Short, so that the truth at the target's time is the truth at its view.
LAGS = {"view": 0, "like": 600, "dislike": 600, "outreach": 24 * HOUR_SECONDS, "deal": 4 * DAY_SECONDS}


class Views(NamedTuple):
    """What one investor looks at, (k,), in the order of time."""

    rows: Numbers  # of the properties
    matches: Values
    times: Numbers


class Events(NamedTuple):
    """What one investor does, (k,)."""

    rows: Numbers  # of the properties
    kinds: npt.NDArray[np.int8]
    times: Numbers


def sitting_times(begins: int, ends: int, views: int, rng: np.random.Generator, *, habits: Habits) -> Numbers:
    """The times of so many views, sorted: a few in one sitting, in working hours."""
    sittings = max(1, round(views / habits.session_views))
    days = rng.uniform(begins / DAY_SECONDS, ends / DAY_SECONDS, sittings).astype(np.int64)
    starts = days * DAY_SECONDS + rng.uniform(8, 19, sittings) * HOUR_SECONDS
    times = rng.choice(starts, size=views) + rng.uniform(0, 2_400, views)
    return np.sort(np.clip(times, begins, ends - 1)).astype(np.int64)


def interact(truth: Truth, row: int, times: Numbers, rng: np.random.Generator) -> Events:
    """What the investor in that row of the truth does from views at those times, (k,), in the order of time."""
    times = times[[bool(truth.on_market(int(t)).any()) for t in times]]  # with nothing on the market, no views
    changed = times >= truth.changes_at[row]
    parts = [_look(truth, truth.matches[taste, row], times[changed == bool(taste)], rng) for taste in (0, 1)]
    rows, matches = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _once_each(_follow_up(truth, row, Views(rows, matches, times), rng))


def _look(truth: Truth, matches: Matrix, times: Numbers, rng: np.random.Generator) -> tuple[Numbers, Values]:
    """The properties seen at those times, and how well each matches, both (k,); `matches` are of all, (n,)."""
    match = matches.astype(np.float64)
    shown = exposure(truth.listed_at, truth.delisted_at, truth.appeal, times)
    chances = np.cumsum(view_probabilities(shown, match, truth.browsing), axis=1)  # (k, n)
    seen = (chances < rng.random((len(times), 1)) * chances[:, -1:]).sum(axis=1)
    return seen, match[seen]


def _follow_up(truth: Truth, row: int, views: Views, rng: np.random.Generator) -> Events:
    """Not in the order of time."""
    delisted_at = truth.delisted_at[views.rows]
    parts = []
    for kind, mask in _led_to(truth.thumbs[row], views.matches, rng).items():
        # Nothing happens to a property after it has left the market.
        latest = np.minimum(views.times + LAGS[kind], delisted_at - 1)[mask]
        first = np.minimum(views.times[mask] + np.minimum(LAGS[kind], 60), latest)
        kinds = np.full(int(mask.sum()), KIND_CODE[kind], dtype=np.int8)
        parts.append(Events(views.rows[mask], kinds, rng.integers(first, latest + 1)))
    return Events(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _led_to(thumbs: float, match: Values, rng: np.random.Generator) -> dict[str, Mask]:
    """Which views of properties that match so well, (k,), lead to an interaction of each kind."""
    k = len(match)
    outreach = rng.random(k) < along(OUTREACH, match)
    likes = rng.random(k) < thumbs * along(LIKE, match)
    dislikes = ~likes & (rng.random(k) < thumbs * along(DISLIKE, match))
    deals = outreach & (rng.random(k) < along(DEAL, match))
    wrong = rng.random(k) < WRONG_THUMB
    return {
        "view": np.ones(k, dtype=bool),
        "like": np.where(wrong, dislikes, likes),
        "dislike": np.where(wrong, likes, dislikes),
        "outreach": outreach,
        "deal": deals,
    }


def _once_each(done: Events) -> Events:
    """The first of each kind with each property, except that properties are looked at again; in the order of time."""
    order = np.argsort(done.times, kind="stable")
    rows, kinds, times = (column[order] for column in done)
    _, first = np.unique(np.stack([rows, kinds]), axis=1, return_index=True)
    kept = kinds == KIND_CODE["view"]
    kept[first] = True
    return Events(rows[kept], kinds[kept], times[kept])
