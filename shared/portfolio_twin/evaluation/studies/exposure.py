"""Whether what is new can win its place: which ages fill the first ten, and where a copy of a first choice lands."""

from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import DAY_SECONDS, Numbers
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.evaluation.gating.agreement import first_of
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.evaluation.studies.as_served import as_served

AGES_DAYS = {"under a month": 30, "1 to 3 months": 90, "3 to 12 months": 365, "over a year": 36_500}
NOBODY_YET = "nobody has dealt with it"
ASKED = 300  # lists
COPIED = 20  # investors whose first recommendation is put once more
FIRST = 10


def exposure(answers: TwinAnswers, queries: Queries) -> dict[str, Any]:
    """Shares of the catalogue and of the first ten by age, the days since somebody first dealt with the property; and
    the share of copies of a first recommendation, put today, that are among the first ten.
    """
    asked = queries.sample(ASKED)
    if len(asked.users) == 0:
        return {"ages": {}, "copies_in_first_ten": None}
    n = len(answers.X)
    listed = first_of(answers.ranked(asked), asked, n)
    ages = _ages(answers, asked.times)  # (q, n)
    shown = np.take_along_axis(ages, listed, axis=1)
    shares = {
        name: {"catalogue": float((ages == i).mean()), "first_ten": float((shown == i).mean())}
        for i, name in enumerate((*AGES_DAYS, NOBODY_YET))
    }
    return {"ages": shares, "copies_in_first_ten": copies_in_first_ten(answers)}


def _ages(answers: TwinAnswers, times: Numbers) -> Numbers:
    """(q, n) the bin of each property's age at each time, len(AGES_DAYS) where nobody had dealt with it."""
    log, rows = answers.dataset.log, answers.dataset.rows
    first = np.full(len(answers.X), np.iinfo(np.int64).max)
    np.minimum.at(first, rows[rows != UNKNOWN], log.times[rows != UNKNOWN])
    days = (times[:, None] - first) / DAY_SECONDS
    return np.where(days <= 0, len(AGES_DAYS), np.searchsorted(list(AGES_DAYS.values())[:-1], days, side="right"))


def copies_in_first_ten(answers: TwinAnswers) -> float | None:
    """Of COPIED investors, as of today; None without a ranking layer, where a copy stands beside its original."""
    listings = answers.twin.new_listings
    if listings is None:
        return None
    everything, places = np.arange(len(answers.X)), list[int]()
    for investor in as_served(answers, COPIED):
        offered = np.where(np.isin(everything, investor.owned), -np.inf, investor.scores(everything).log_odds)
        best = int(np.argmax(offered))
        copy = investor.score_copy(best, listings.activity_of(answers.X[best : best + 1])[0])
        places.append(int((offered > copy).sum()))
    return float((np.array(places) < FIRST).mean()) if places else None
