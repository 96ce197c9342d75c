"""How good a twin is: full ranking on the time split beside its rivals, and classification of held-out pairs.

Once for everybody, and again by slices: where a twin is good, and where it is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import TEST, Holdout, training_log
from portfolio_twin.evaluation.baselines import Scorer, content_knn, popularity
from portfolio_twin.evaluation.queries import Queries, classify, rank_targets, twin_scorer, whole_scorer
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.slices import SHORTENED, by_history, by_likeness, by_type
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.twin import Twin

ASKED_AS_NEW = 1_000  # investors, drawn by seed: enough for an interval of a few points
Answer = Callable[[Queries], Scorer]  # a model: what it is asked → scores for a chunk of the queries


def evaluate(
    twin: Twin,
    catalogue: Catalogue,
    log: InteractionLog,
    holdout: Holdout,
    *,
    split: int = TEST,
    others: Mapping[str, Answer] | None = None,
    rivals: bool = True,
) -> Evaluation:
    """Ranks all properties of the catalogue but those of the investor's history, for each held-out target.

    `log` is the whole log: what a query may know of it is cut by the query's time. `others` are ranked beside the twin.
    """
    queries = Queries.of(log, holdout, catalogue.ids, split)
    trained_on = training_log(log, holdout)
    answers: dict[str, Answer] = {
        "twin": both_steps(twin, catalogue, log),
        "tower": lambda asked: twin_scorer(twin, twin.embed(catalogue), asked),
    }
    if rivals:
        answers |= untrained_rivals(catalogue, trained_on)
    answers |= others or {}
    ask = partial(_ask, twin, catalogue, answers)
    whole = ask(queries, queries)
    slices = _parts(whole, catalogue, queries, likeness=rivals)
    asked = queries.sample(ASKED_AS_NEW)
    slices["as_new"] = {str(limit): ask(asked, asked.shortened(limit)) for limit in SHORTENED}
    new = np.isin(np.arange(len(catalogue)), _numbers(catalogue, trained_on), invert=True)
    slices["new_properties"] = _of_new_properties(ask, whole, queries, new)
    return replace(whole, slices=slices)


def both_steps(twin: Twin, catalogue: Catalogue, log: InteractionLog) -> Answer:
    """A twin as it serves; `log` is cut at the time of each query."""
    return partial(whole_scorer, twin, catalogue, activity=Activity.of(log, catalogue.ids))


def untrained_rivals(catalogue: Catalogue, trained_on: InteractionLog) -> dict[str, Answer]:
    """What every model has to beat."""
    liked = _numbers(catalogue, trained_on.take(trained_on.kinds != KIND_CODE["dislike"]))
    popular, X = popularity(liked, len(catalogue)), FeatureSchema.learn(catalogue).vectorise(catalogue)
    return {"popularity": lambda _: popular, "content_knn": lambda asked: content_knn(X, asked.histories)}


def _ask(
    twin: Twin,
    catalogue: Catalogue,
    answers: Mapping[str, Answer],
    queries: Queries,
    told: Queries,
    among: Mask | None = None,
) -> Evaluation:
    """`told` is what the models know of the queries; no property of the whole history is a candidate all the same."""
    affinities, confidences = classify(twin, catalogue, told)
    open_ = None if among is None else (lambda _: among)
    ranks = {name: rank_targets(answer(told), queries, len(catalogue), open_) for name, answer in answers.items()}
    candidates = len(catalogue) if among is None else int(among.sum())
    return Evaluation(queries.users, candidates, ranks, queries.pair_rows, queries.labels, affinities, confidences)


def _parts(
    whole: Evaluation, catalogue: Catalogue, queries: Queries, *, likeness: bool
) -> dict[str, dict[str, Evaluation]]:
    masks = {"history": by_history(queries.histories.lengths)}
    if likeness:
        masks["likeness"] = by_likeness(nearness_places(catalogue, queries))
    masks["property_type"] = by_type(catalogue, queries.targets)
    return {group: {name: whole.take(rows) for name, rows in parts.items()} for group, parts in masks.items()}


def _of_new_properties(
    ask: Callable[..., Evaluation], whole: Evaluation, queries: Queries, new: Mask
) -> dict[str, Evaluation]:
    """Where the target is `new` (n,): nobody had dealt with it. Nothing where there is no such target."""
    rows = new[queries.targets]
    if not rows.any():
        return {}
    asked = queries.take(rows)
    return {"among_themselves": ask(asked, asked, new), "in_the_full_list": whole.take(rows)}


def nearness_places(catalogue: Catalogue, queries: Queries) -> Numbers:
    """(q,) the place of each target by nearness to the history in standardised features, the place's waves left out."""
    schema = FeatureSchema.learn(catalogue)
    X = np.delete(schema.vectorise(catalogue), schema.waves, axis=1)
    return rank_targets(content_knn(X, queries.histories), queries, len(X))


def _numbers(catalogue: Catalogue, log: InteractionLog) -> Numbers:
    """The property of each interaction with one that the catalogue has."""
    numbers = property_numbers(catalogue.ids, log.properties)
    known: Numbers = numbers[numbers != UNKNOWN]
    return known
