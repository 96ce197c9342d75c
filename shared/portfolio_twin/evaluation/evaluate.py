"""How good a twin is: full ranking on the time split beside its rivals, and classification of held-out pairs.

Once for everybody, and again by slices: where a twin is good, and where it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.properties import UNKNOWN, Catalogue
from portfolio_twin.domain.split import TEST, Holdout, training_log
from portfolio_twin.evaluation.baselines import content_knn, popularity
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.scoring import Answer, TwinAnswers, in_use, rank_targets
from portfolio_twin.evaluation.slices import SHORTENED, by_history, by_likeness, by_type
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.twin import Twin

ASKED_AS_NEW = 1_000  # investors, drawn by seed: enough for an interval of a few points


def evaluate(
    twin: Twin, dataset: Dataset, holdout: Holdout, *, others: Mapping[str, Answer] | None = None, rivals: bool = True
) -> Evaluation:
    """Ranks all properties of the catalogue but those of the investor's history, for each held-out target.

    `dataset` has the whole log: what a query may use of it is cut by its time. `others` are ranked beside the twin.
    """
    queries, trained_on = Queries.of(dataset, holdout, TEST), dataset.with_log(training_log(dataset.log, holdout))
    ours = TwinAnswers(twin, dataset)
    answers: dict[str, Answer] = {"tower": ours.by_cosine}
    answers |= untrained_rivals(trained_on) if rivals else {}
    answers |= others or {}
    test = _Test(ours, answers)
    whole = test.ask(queries)
    slices = _parts(whole, dataset.catalogue, queries, likeness=rivals)
    asked = queries.sample(ASKED_AS_NEW)
    slices["as_new"] = {str(limit): test.ask(asked, asked.shortened(limit)) for limit in SHORTENED}
    new = np.isin(np.arange(len(dataset.catalogue)), trained_on.rows, invert=True)
    slices["new_properties"] = _of_new_properties(test, whole, queries, new)
    return replace(whole, slices=slices)


@dataclass(frozen=True)
class _Test:
    """The models that are asked: the twin, whose probabilities are judged too, and others whose ranks are."""

    twin: TwinAnswers
    answers: Mapping[str, Answer]

    def ask(self, queries: Queries, given: Queries | None = None, among: Mask | None = None) -> Evaluation:
        """`given` is what the models see of the queries; no property of the whole history is a candidate all the same.

        Among all n properties, or those `among` (n,).
        """
        given, n = given or queries, len(self.twin.dataset.catalogue)
        open_ = None if among is None else (lambda _: among)
        judged = self.twin.judged(given)
        ranks = {"twin": rank_targets(judged, queries, n, open_)}
        ranks |= {name: rank_targets(answer(given), queries, n, open_) for name, answer in self.answers.items()}
        affinities, confidences = self.twin.scored(judged)
        return Evaluation(
            users=queries.users,
            candidates=n if among is None else int(among.sum()),
            ranks=ranks,
            pair_owners=queries.pair_owners,
            labels=queries.labels,
            affinities=affinities,
            confidences=confidences,
            in_use=in_use(self.twin.dataset, queries),
        )


def untrained_rivals(trained_on: Dataset) -> dict[str, Answer]:
    """What every model has to beat."""
    catalogue, rows = trained_on.catalogue, trained_on.rows
    seen = (rows != UNKNOWN) & (trained_on.log.kinds != KIND_CODE["dislike"])
    popular, X = popularity(rows[seen], len(catalogue)), FeatureSchema.learn(catalogue).vectorise(catalogue)
    return {"popularity": lambda _: popular, "content_knn": lambda asked: content_knn(X, asked.histories)}


def _parts(
    whole: Evaluation, catalogue: Catalogue, queries: Queries, *, likeness: bool
) -> dict[str, dict[str, Evaluation]]:
    masks = {"history": by_history(queries.histories.lengths)}
    if likeness:
        masks["likeness"] = by_likeness(nearness_ranks(catalogue, queries))
    masks["property_type"] = by_type(catalogue, queries.targets)
    return {group: {name: whole.take(kept) for name, kept in parts.items()} for group, parts in masks.items()}


def _of_new_properties(test: _Test, whole: Evaluation, queries: Queries, new: Mask) -> dict[str, Evaluation]:
    """Where the target is `new` (n,): nobody had dealt with it. Nothing where there is no such target."""
    kept = new[queries.targets]
    if not kept.any():
        return {}
    return {"among_themselves": test.ask(queries.take(kept), among=new), "in_the_full_list": whole.take(kept)}


def nearness_ranks(catalogue: Catalogue, queries: Queries) -> Numbers:
    """(q,) the rank of each target by nearness to the history in standardised features, less the location's waves."""
    schema = FeatureSchema.learn(catalogue)
    X = np.delete(schema.vectorise(catalogue), schema.waves, axis=1)
    return rank_targets(content_knn(X, queries.histories), queries, len(X))
