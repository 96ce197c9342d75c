"""What only the simulator knows, and the best possible ranking that follows from it. The product never reads this.

An investor views properties one at a time. Each view at time t falls on property j with a probability that rises with
how often j is seen (`exposure`) and how well it matches; the view then leads to a deal or a like with
probability `utility`. The views are independent, so the next positive falls on j with probability

    choice_probability(user, t)[j]  ∝  exposure(t)[j] · (share of browsing + share of searching · match) · utility[j]

and, given that it is none of some properties S (those already positive, say), with the same, S left out and normalised.
Hence ranking any set of candidates by `choice_probability` at the target's time is the best possible ranking: its
expected NDCG@10 for a target drawn by the simulator cannot be beaten. A property off the market has probability 0;
`on_market(t)` says which are on it, for a protocol that ranks only those.
"""

from dataclasses import dataclass

import numpy as np

from infra.simulator.market import Values
from portfolio_twin.domain.arrays import DAY_SECONDS, Mask, Matrix, Numbers, Texts

FRESH_BOOST = 0.3  # how much more a brand-new listing is seen
FRESH_DAYS = 14.0

# Probabilities along the funnel: at no match, and what a full match adds. The view comes first.
OUTREACH = (0.02, 0.65)  # of a view
DEAL = (0.05, 0.50)  # of an outreach
LIKE = (0.01, 0.62)  # of a view, for an investor who always gives thumbs
DISLIKE = (0.35, -0.34)


@dataclass(frozen=True)
class Truth:
    """Hidden facts about n properties and m investors."""

    property_ids: Texts  # (n,), as in the catalogue
    user_ids: Numbers  # (m,)
    matches: Matrix  # (2, m, n) 0 … 1, before and after the change of taste
    changes_at: Numbers  # (m,) seconds; the largest int64 where taste never changes
    thumbs: Values  # (m,)
    listed_at: Numbers  # (n,) seconds
    delisted_at: Numbers  # (n,) seconds
    appeal: Values  # (n,)
    browsing: float  # share of the views that have nothing to do with taste

    def match(self, user_id: int, t: int) -> Values:
        """How well each property fits what the investor wants at time t, (n,): 0 … 1."""
        i = self.row_of(user_id)
        return np.asarray(self.matches[int(t >= self.changes_at[i]), i], dtype=np.float64)

    def utility(self, user_id: int, t: int) -> Values:
        """The probability of a deal or a like, given a view, (n,)."""
        match, thumbs = self.match(user_id, t), self.thumbs[self.row_of(user_id)]
        neither = (1 - along(OUTREACH, match) * along(DEAL, match)) * (1 - thumbs * along(LIKE, match))
        return np.asarray(1 - neither)

    def on_market(self, t: int) -> Mask:
        """Which properties can be seen at time t, (n,)."""
        return (self.listed_at <= t) & (t < self.delisted_at)

    def exposure(self, t: int) -> Values:
        """How often each property is seen at time t, taste apart, (n,); 0 off the market."""
        return np.asarray(exposure(self.listed_at, self.delisted_at, self.appeal, np.array([t]))[0])

    def view_probability(self, user_id: int, t: int) -> Values:
        """Where the investor's next view falls, (n,), sum 1."""
        return np.asarray(view_probabilities(self.exposure(t)[None], self.match(user_id, t), self.browsing)[0])

    def choice_probability(self, user_id: int, t: int) -> Values:
        """Where the investor's next deal or like falls, (n,), sum 1."""
        weight = self.view_probability(user_id, t) * self.utility(user_id, t)
        return np.asarray(weight / max(float(weight.sum()), 1e-300))

    def row_of(self, user_id: int) -> int:
        rows = np.flatnonzero(self.user_ids == user_id)
        if len(rows) == 0:
            raise KeyError(f"no investor {user_id} in this simulation")
        return int(rows[0])


def along(probability: tuple[float, float], match: Values) -> Values:
    """A step of the funnel at a match, both (k,)."""
    return np.asarray(probability[0] + probability[1] * match)


def exposure(listed_at: Numbers, delisted_at: Numbers, appeal: Values, times: Numbers) -> Values:
    """How often each property is seen at each of k times, (k, n): more while it is new, only on the market."""
    age = (times[:, None] - listed_at[None]) / DAY_SECONDS
    live = (age >= 0) & (times[:, None] < delisted_at[None])
    return np.asarray(live * appeal * (1 + FRESH_BOOST * np.exp(-np.maximum(age, 0) / FRESH_DAYS)))


def view_probabilities(seen: Values, match: Values, browsing: float) -> Values:
    """Rows that sum to 1, (k, n), of exposures (k, n) and matches (n,): some browse, most search for what matches."""
    browse = seen / np.maximum(seen.sum(axis=1, keepdims=True), 1e-300)
    search = seen * match
    total = search.sum(axis=1, keepdims=True)
    by_taste = browsing * browse + (1 - browsing) * search / np.maximum(total, 1e-300)
    return np.asarray(np.where(total > 0, by_taste, browse), dtype=np.float64)
