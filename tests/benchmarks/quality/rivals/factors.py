"""Rivals from the packages that an engineer would reach for: implicit's ALS and BPR, LightFM with item features.

Their packages are the dependency group `peers`; without them these rivals are left out.
"""

import numpy as np
from scipy import sparse

from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer, Scorer
from tests.benchmarks.quality.rivals.training_matrix import Known, Setting, wanted

QUANTILES = (0.2, 0.4, 0.6, 0.8)  # LightFM takes features as tags: numbers are cut into fifths


def als(known: Known, setting: Setting, seed: int) -> Answer:
    """Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008)."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # implicit warns of worse: BLAS threads inside its own loops
        model = AlternatingLeastSquares(
            factors=int(setting["factors"]), regularization=setting["ridge"], alpha=setting["alpha"], iterations=20,
            num_threads=1, random_state=seed,
        )  # fmt: skip
        model.fit(known.matrix, show_progress=False)

    def answer(queries: Queries) -> Scorer:
        histories = wanted(queries.histories, len(known.catalogue))
        users = model.recalculate_user(np.arange(len(queries.users)), histories)  # folded in: all that is known now
        return lambda chunk: users[chunk] @ model.item_factors.T

    return answer


def bpr(known: Known, setting: Setting, seed: int) -> Answer:
    """Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR" (UAI 2009)."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=int(setting["factors"]), learning_rate=setting["rate"], regularization=setting["ridge"],
        iterations=int(setting["epochs"]), num_threads=1, random_state=seed,
    )  # fmt: skip
    model.fit(known.matrix, show_progress=False)
    bias = np.zeros(model.user_factors.shape[1], dtype=np.float32)
    bias[-1] = 1  # an investor without a vector gets the bias of each property

    def answer(queries: Queries) -> Scorer:
        at, there = _rows(known, queries)
        users = np.where(there[:, None], model.user_factors[at], bias)
        return lambda chunk: users[chunk] @ model.item_factors.T

    return answer


def lightfm(known: Known, setting: Setting, seed: int) -> Answer:
    """WARP over item identity and tags. Kula, "Metadata Embeddings for User and Item Cold-start" (CBRecSys 2015)."""
    from lightfm import LightFM

    tags = item_tags(known)
    model = LightFM(
        no_components=int(setting["factors"]), loss="warp", learning_rate=setting["rate"],
        item_alpha=setting["ridge"], user_alpha=setting["ridge"], random_state=seed,
    )  # fmt: skip
    model.fit(known.matrix.tocoo(), item_features=tags, epochs=int(setting["epochs"]), num_threads=1)
    item_bias, items = model.get_item_representations(tags)
    _, investors = model.get_user_representations()

    def answer(queries: Queries) -> Scorer:
        at, there = _rows(known, queries)
        users = np.where(there[:, None], investors[at], 0)
        return lambda chunk: np.asarray(users[chunk] @ items.T + item_bias)

    return answer


def item_tags(known: Known) -> sparse.csr_matrix:
    """(n, n + tags) each property's own tag and one per fifth or category of each feature; every row sums to 1."""
    X = known.features(1.0)
    cuts = np.quantile(X, QUANTILES, axis=0)
    fifths = (X[None] > cuts[:, None]).sum(axis=0)  # (n, w) 0 … 4
    tags = np.concatenate([fifths == value for value in range(len(QUANTILES) + 1)], axis=1).astype(np.float32)
    tags = tags[:, tags.any(axis=0)]
    stacked = sparse.hstack([sparse.identity(len(X), dtype=np.float32), sparse.csr_matrix(tags)]).tocsr()
    return sparse.csr_matrix(stacked.multiply(1 / stacked.sum(axis=1)), dtype=np.float32)


def _rows(known: Known, queries: Queries) -> tuple[Numbers, np.ndarray]:
    """Of each query the row of its investor among those trained on, and whether there is one. Each (q,)"""
    at = np.minimum(np.searchsorted(known.user_ids, queries.users), len(known.user_ids) - 1)
    return at, known.user_ids[at] == queries.users
