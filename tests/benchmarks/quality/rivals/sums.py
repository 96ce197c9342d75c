"""The untrained sums: likeness, co-occurrence and popularity added up with weights that a person would choose."""

import numpy as np

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer, Scorer
from tests.benchmarks.quality.rivals.neighbours import co_occurrence, nearness
from tests.benchmarks.quality.rivals.training_matrix import Known, Setting, dense, wanted

EVERYTHING = 10**9


def untrained_sum(known: Known, setting: Setting, _: int) -> Answer:
    """exp(−g·distance to the nearest) + a·item kNN + b·log popularity; an empty history leaves the popularity."""
    X = known.features(setting["place"])
    likeness = co_occurrence(known, setting["shrinkage"], EVERYTHING)

    def answer(queries: Queries) -> Scorer:
        histories = wanted(queries.histories, len(known.catalogue))
        gaps = nearness(X, queries.histories)

        def score(chunk: slice) -> Matrix:
            shared = dense(histories[chunk] @ likeness)
            scores = np.exp(setting["steepness"] * gaps(chunk)) + setting["item_knn"] * shared
            return np.asarray(scores + setting["popularity"] * known.popularity, dtype=np.float32)

        return score

    return answer


def untrained_sum_recent(known: Known, setting: Setting, seed: int) -> Answer:
    """The same plus what happened lately: log1p of the interactions in 90 and 365 days before the query's date."""
    lasting = untrained_sum(known, setting, seed)

    def answer(queries: Queries) -> Scorer:
        base, quarter, year = lasting(queries), known.activity(queries, 90), known.activity(queries, 365)
        return lambda chunk: base(chunk) + setting["days_90"] * quarter(chunk) + setting["days_365"] * year(chunk)

    return answer
