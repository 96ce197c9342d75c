"""The second step, fitted after the tower: weights, scales, and whether it pays at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from functions.train.progress import Progress
from functions.train.ranking.conditional_logit import fit_choice, log_likelihoods
from functions.train.ranking.kernel import learn_scales
from functions.train.ranking.past_choices import POOL, Choices, lay_out, past_choices
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Floats, Matrix, Numbers
from portfolio_twin.domain.interactions import HISTORY_LIMIT, InteractionLog, gather_evidence
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.ranking import ACTIVITY as POPULARITY
from portfolio_twin.model.ranking import DISCOVER, ORDINARY, TASTE, TERMS, UNKNOWN_INVESTOR, WEIGHT_ROWS, RankingLayer
from portfolio_twin.model.twin import Twin

FOLDS = 3
CHOICES_NEEDED = 100
VALIDATIONS_NEEDED = 20
NEARNESS = 0.3  # scale of every input under the kernel, in standard deviations to the power of −1
PLACE_COUNTS = 4.0  # times as much: the east and north of a property
SCALES_WORTH = 0.02  # nats per held-out choice that learnt scales must gain


@dataclass(frozen=True)
class Tower:
    """A tower that was not shown some investors."""

    encoder: PropertyEncoder
    global_vector: Matrix
    unseen: Numbers  # (u,) their ids


@dataclass(frozen=True)
class Fit:
    """What the fit works on: everything about one snapshot that does not change from one set of weights to another."""

    snapshot: Snapshot
    X: Matrix
    activity: Activity
    queries: Queries
    counts: Numbers
    towers: Sequence[Tower]
    pool: Numbers
    seed: int

    def choices(self, layer: RankingLayer, *, blank: bool = False) -> Choices:
        """All past choices, each seen with the tower that does not know its investor."""
        parts = []
        for tower in self.towers:
            rankings = rankings_of(layer, tower.encoder, tower.global_vector, self, self.queries, blank=blank)
            rows = np.flatnonzero(np.isin(self.queries.users, tower.unseen))
            if len(rows):
                parts.append(lay_out(rankings, rows, self.counts, self.pool, self.seed))
        return Choices(*(np.concatenate([getattr(p, f) for p in parts]) for f in Choices.__dataclass_fields__))


def fold_of(users: Numbers, seed: int) -> npt.NDArray[np.int64]:
    """(u,) each investor's fold, drawn by seed."""
    return np.random.default_rng(seed).permutation(len(users)) % FOLDS


def fit_ranking(
    twin: Twin,
    snapshot: Snapshot,
    known: InteractionLog,
    validation: Queries,
    whole: Tower,
    towers: Sequence[Tower],
    progress: Progress,
) -> RankingLayer | None:
    """The layer, or None where it gains nothing on the validation targets. `known` is what may be trained on.

    `whole` is the layer's own tower; each of `towers` is the same without some investors, and their choices teach it.
    """
    numbers = property_numbers(snapshot.catalogue.ids, known.properties)
    kept = numbers != UNKNOWN
    evidence = gather_evidence(known.users[kept], numbers[kept], known.kinds[kept], known.times[kept])
    speaks_for = evidence.weights > 0
    n, seed = len(snapshot.catalogue), twin.config.seed
    neighbours, counts = Neighbours.learn(evidence.users[speaks_for], evidence.properties[speaks_for], n)
    activity = Activity.of(snapshot.log, snapshot.catalogue.ids)
    queries = past_choices(evidence, seed)
    if len(queries.users) < CHOICES_NEEDED or len(validation.users) < VALIDATIONS_NEEDED:
        return None
    pool = np.sort(np.random.default_rng(seed).permutation(n)[:POOL])
    fit = Fit(snapshot, twin.schema.vectorise(snapshot.catalogue), activity, queries, counts, towers, pool, seed)
    present = twin.present(validation.histories, twin.property_vectors)
    validation = replace(validation, histories=present)
    layer = RankingLayer(
        np.zeros((WEIGHT_ROWS, len(TERMS)), dtype=np.float32), whole.encoder, whole.global_vector,
        plain_scales(twin.schema), neighbours, activity.at_the_end(),
    )  # fmt: skip
    used = [*range(len(TERMS) if twin.config.recent_activity else POPULARITY + 1)]
    layer = _weigh_unknown(layer, fit, used)
    choices = fit.choices(layer)
    layer = _weigh(layer, choices, used)
    held_out = _held_out(layer, fit, validation)
    worth = _worth(layer, held_out)
    learnt = _with_learnt_scales(layer, fit, choices, used)
    worth_learnt = _worth(learnt, _held_out(learnt, fit, validation))
    progress.say(f"kernel: {worth.mean():.3f} nats with plain scales, {worth_learnt.mean():.3f} with learnt ones")
    if worth_learnt.mean() - worth.mean() > SCALES_WORTH:
        layer, worth = learnt, worth_learnt
    gain = worth - _tower_alone(twin, fit, validation, held_out)
    progress.say(f"ranking layer: gains {gain.mean():.3f} ± {_error(gain):.3f} nats over the tower alone")
    return layer if pays(gain) else None


def _with_learnt_scales(layer: RankingLayer, fit: Fit, choices: Choices, used: list[int]) -> RankingLayer:
    weights = np.concatenate(layer.weights[list(ORDINARY)])
    scales = learn_scales(fit.X, choices, fit.queries.histories, layer.scales, weights, fit.seed)
    learnt = replace(layer, scales=scales)
    return _weigh(learnt, fit.choices(learnt), used)


def pays(gain: Floats) -> bool:
    """Whether nats gained per held-out choice (q,) are more than one standard error above nothing."""
    return bool(gain.mean() > _error(gain))


def _error(gain: Floats) -> float:
    return float(gain.std() / np.sqrt(len(gain)))


def plain_scales(schema: FeatureSchema) -> Matrix:
    scales = np.full(schema.width, NEARNESS, dtype=np.float32)
    scales[list(schema.groups.get("location", ())[:2])] *= PLACE_COUNTS
    return scales


def rankings_of(
    layer: RankingLayer, encoder: PropertyEncoder, market: Matrix, fit: Fit, queries: Queries, *, blank: bool = False
) -> Rankings:
    vectors = encoder(fit.X)
    histories = queries.histories.recent(0 if blank else HISTORY_LIMIT)
    return Rankings(
        layer, fit.X, vectors, histories.pool(vectors, market), histories, np.arange(len(fit.X)), fit.activity,
        queries.users, queries.targets, queries.times,
    )  # fmt: skip


def _weigh(layer: RankingLayer, choices: Choices, used: list[int]) -> RankingLayer:
    """With weights for the ordinary list, and for "discover new", which goes by taste alone."""
    weights = layer.weights.copy()
    for rows, terms in ((ORDINARY, used), (DISCOVER, used[:TASTE])):
        weights[np.ix_(rows, terms)] = np.split(fit_choice(by_length(choices, terms)), 2)
    return replace(layer, weights=weights)


def _weigh_unknown(layer: RankingLayer, fit: Fit, used: list[int]) -> RankingLayer:
    """With weights for investors without history: the same choices, the history hidden."""
    terms = [0, *used[POPULARITY:]]
    weights = layer.weights.copy()
    weights[UNKNOWN_INVESTOR, terms] = fit_choice(fit.choices(layer, blank=True).terms[:, :, terms])
    return replace(layer, weights=weights)


def by_length(choices: Choices, used: list[int]) -> Matrix:
    """(e, m, 2k) the terms used, and the same times log(history length / 2)."""
    terms = choices.terms[:, :, used]
    length = np.log(np.maximum(choices.lengths, 1) / 2).astype(np.float32)
    return np.concatenate([terms, terms * length[:, None, None]], axis=2)


def _tower_alone(twin: Twin, fit: Fit, validation: Queries, held_out: Choices) -> Matrix:
    """(q,) log-likelihood of the same choices by the cosine that serves without the layer, at its best temperature."""
    vectors = twin.encoder(fit.X)
    investors = validation.histories.pool(vectors, twin.global_vector)[held_out.rows]  # (q, d)
    cosines = np.einsum("qd,qmd->qm", investors, vectors[held_out.candidates])
    return log_likelihoods(cosines * np.float32(fit_choice(cosines[:, :, None])[0]))


def _held_out(layer: RankingLayer, fit: Fit, validation: Queries) -> Choices:
    rankings = rankings_of(layer, layer.encoder, layer.market, fit, validation)
    return lay_out(rankings, np.flatnonzero(rankings.histories.lengths > 0), None, fit.pool, fit.seed)


def _worth(layer: RankingLayer, held_out: Choices) -> Matrix:
    """(q,) log-likelihood of each held-out choice."""
    return log_likelihoods(by_length(held_out, [*range(len(TERMS))]) @ np.concatenate(layer.weights[list(ORDINARY)]))
