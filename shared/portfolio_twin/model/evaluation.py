"""How good a twin is: full ranking on the time split beside its rivals, and classification of held-out pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain import metrics
from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import TEST, Holdout, training_log
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.baselines import Scorer, content_knn, popularity
from portfolio_twin.model.encoder import Matrix
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.histories import Histories, Numbers, histories_before, scatter
from portfolio_twin.model.ranked_lists import Rankings
from portfolio_twin.model.twin import Twin

CUTS = (5, 10, 20)
SCORES_AT_ONCE = 4_000_000  # per chunk of queries, 16 MB


@dataclass(frozen=True)
class Queries:
    """The questions of one split: what to rank for whom, and what is known of them at that time."""

    users: Numbers  # (q,)
    targets: Numbers  # (q,) property numbers
    times: Numbers  # (q,) seconds, of the target
    histories: Histories
    pair_rows: Numbers  # (p,) the query that each classification pair belongs to
    pair_properties: Numbers  # (p,)
    labels: npt.NDArray[np.int8]  # (p,)

    @classmethod
    def of(cls, log: InteractionLog, holdout: Holdout, property_ids: npt.NDArray[np.object_], split: int) -> "Queries":
        """Targets that the catalogue has; one per investor, in the order of their ids."""
        pairs = holdout.of(split)
        numbers = property_numbers(property_ids, pairs.properties)
        asked = np.flatnonzero((pairs.labels == 1) & (numbers != UNKNOWN))
        asked = asked[np.argsort(pairs.users[asked])]
        users, targets, times = pairs.users[asked], numbers[asked], pairs.times[asked]
        rows = np.minimum(np.searchsorted(users, pairs.users), max(len(users) - 1, 0))
        kept = numbers != UNKNOWN
        kept &= users[rows] == pairs.users if len(users) else False
        histories = histories_before(log, property_ids, users, times, targets)
        return cls(users, targets, times, histories, rows[kept], numbers[kept], pairs.labels[kept])


@dataclass(frozen=True)
class Evaluation:
    """What each model made of the same questions; everything per investor, so that models can be compared in pairs."""

    users: Numbers  # (q,)
    candidates: int
    ranks: Mapping[str, Numbers]  # model → (q,) place of the target, from 0
    labels: npt.NDArray[np.int8]  # (p,) of the classification pairs
    affinities: metrics.Floats  # (p,) the twin's
    confidences: metrics.Floats  # (p,)

    def ndcg(self, model: str, k: int = 10) -> metrics.Floats:
        """(q,) NDCG@k of each investor, what a paired bootstrap compares."""
        return metrics.ndcg_at(k, _relevance(self.ranks[model], k), np.ones(len(self.users)))

    def ranking(self, model: str) -> dict[str, float]:
        """Means over the investors; each has one relevant property, so recall@k equals the hit rate."""
        ranks = self.ranks[model]
        relevance, one = _relevance(ranks, max(CUTS)), np.ones(len(ranks))
        found: dict[str, float] = {}
        for k in CUTS:
            found[f"hr_at_{k}"] = _mean(metrics.hit_rate_at(k, relevance))
            found[f"ndcg_at_{k}"] = _mean(metrics.ndcg_at(k, relevance, one))
            found[f"precision_at_{k}"] = _mean(metrics.precision_at(k, relevance))
            found[f"recall_at_{k}"] = _mean(metrics.recall_at(k, relevance, one))
        return found | {"mrr": _mean(metrics.reciprocal_rank(ranks))}

    def classification(self) -> dict[str, float]:
        predicted = self.affinities >= 0.5
        return {
            "accuracy": metrics.accuracy(self.labels, predicted),
            "precision": metrics.precision(self.labels, predicted),
            "recall": metrics.recall(self.labels, predicted),
            "f1": metrics.f1(self.labels, predicted),
            "auc": metrics.auc(self.labels, self.affinities),
            "ece": metrics.ece(self.labels, self.affinities),
        }

    def summary(self) -> dict[str, Any]:
        """For metrics.json; NaN, an undefined metric, is None there."""
        return {
            "test_users": len(self.users),
            "candidates": self.candidates,
            "pairs": len(self.labels),
            "classification": _known(self.classification()),
            "ranking": {model: _known(self.ranking(model)) for model in self.ranks},
        }


def evaluate(
    twin: Twin,
    catalogue: Catalogue,
    log: InteractionLog,
    holdout: Holdout,
    *,
    split: int = TEST,
    others: Mapping[str, Twin] | None = None,
    rivals: bool = True,
) -> Evaluation:
    """Ranks all properties of the catalogue but those of the investor's history, for each held-out target.

    `log` is the whole log: what a query may know of it is cut by the query's time. `others` are ranked beside the twin.
    """
    queries = Queries.of(log, holdout, catalogue.ids, split)
    activity = Activity.of(log, catalogue.ids)
    scorers = {
        "twin": whole_scorer(twin, catalogue, queries, activity),
        "tower": twin_scorer(twin, twin.embed(catalogue), queries),
    }
    if rivals:
        liked = training_log(log, holdout)
        liked = liked.take(liked.kinds != KIND_CODE["dislike"])
        numbers = property_numbers(catalogue.ids, liked.properties)
        scorers["popularity"] = popularity(numbers[numbers != UNKNOWN], len(catalogue))
        scorers["content_knn"] = content_knn(FeatureSchema.learn(catalogue).vectorise(catalogue), queries.histories)
    for name, other in (others or {}).items():
        scorers[name] = whole_scorer(other, catalogue, queries, activity)
    affinities, confidences = classify(twin, catalogue, queries)
    ranks = {name: rank_targets(scorer, queries, len(catalogue)) for name, scorer in scorers.items()}
    return Evaluation(queries.users, len(catalogue), ranks, queries.labels, affinities, confidences)


def investors(twin: Twin, vectors: Matrix, users: Numbers, histories: Histories) -> Matrix:
    """(q, d) by the user tower from their histories, or from the table of a design that learns one vector per user."""
    if twin.config.user_tower == "table":
        return np.stack([twin.known_user(int(user))[0] for user in users]) if len(users) else vectors[:0]
    return histories.recent().pool(vectors, twin.global_vector)


def twin_scorer(twin: Twin, vectors: Matrix, queries: Queries) -> Scorer:
    """The first step alone: by cosine. vectors (n, d)."""
    users = investors(twin, vectors, queries.users, queries.histories)
    return lambda chunk: users[chunk] @ vectors.T  # (chunk, n) cosines


def whole_scorer(
    twin: Twin, catalogue: Catalogue, queries: Queries, activity: Activity, *, discover: bool = False
) -> Scorer:
    """Both steps, each query with the activity strictly before it; by cosine where the twin has no second step."""
    if twin.ranking is None:
        return twin_scorer(twin, twin.embed(catalogue), queries)
    X = twin.schema.vectorise(catalogue)
    vectors, recent = twin.ranking.encoder(X), queries.histories.recent()
    users = recent.pool(vectors, twin.ranking.market)
    numbers = property_numbers(twin.property_ids, catalogue.ids)
    rankings = Rankings(
        twin.ranking, X, vectors, users, recent, numbers, activity, queries.users, queries.targets, queries.times
    )
    return lambda chunk: rankings.score(chunk, discover=discover)


def classify(twin: Twin, catalogue: Catalogue, queries: Queries) -> tuple[metrics.Floats, metrics.Floats]:
    """Affinity and confidence of each pair. Each (p,)"""
    X = twin.schema.vectorise(catalogue)
    vectors, at = twin.encoder(X), queries.pair_properties
    users = investors(twin, vectors, queries.users, queries.histories)
    cosines = np.einsum("pd,pd->p", users[queries.pair_rows], vectors[at])
    evidence = queries.histories.recent().evidence[queries.pair_rows]
    affinities = np.where(evidence > 0, twin.platt(1.0)(cosines), twin.platt(0.0)(cosines))
    return affinities, twin.confidence(affinities, evidence, twin.novelty(X[at]))


def rank_targets(scorer: Scorer, queries: Queries, n: int) -> Numbers:
    """(q,) the place of each target among the n properties less the investor's history; ties get the middle place."""
    ranks = np.zeros(len(queries.users), dtype=np.int64)
    size = max(SCORES_AT_ONCE // max(n, 1), 1)
    history = queries.histories
    for start in range(0, len(ranks), size):
        chunk = slice(start, min(start + size, len(ranks)))
        scores = np.nan_to_num(scorer(chunk), nan=-np.inf, neginf=-np.inf)
        mine = (history.rows >= chunk.start) & (history.rows < chunk.stop)
        open_ = ~scatter(scores.shape, history.rows[mine] - chunk.start, history.properties[mine])
        own = np.take_along_axis(scores, queries.targets[chunk, None], axis=1)
        above = ((scores > own) & open_).sum(axis=1)
        level = ((scores == own) & open_).sum(axis=1) - 1
        ranks[chunk] = above + (level + 1) // 2
    return ranks


def _relevance(ranks: Numbers, k: int) -> metrics.Relevance:
    """(q, k) where the one relevant property stands, if among the first k."""
    relevance: metrics.Relevance = ranks[:, None] == np.arange(k)
    return relevance


def _mean(values: metrics.Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
