"""The ranking layer, fitted after its towers: weights, scales, and whether it pays at all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from functions.train.progress import Progress
from functions.train.ranking.choices import Choices, RankingData
from functions.train.ranking.conditional_logit import COSINE_SPREAD, Weights, fit_choice, log_likelihoods
from functions.train.ranking.kernel import learn_scales
from functions.train.ranking.past_choices import past_choices
from functions.train.ranking.towers import Tower
from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.comparison import COMPARED, Comparison
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.ranking import ACTIVITY as POPULARITY
from portfolio_twin.model.ranking import (
    DISCOVER,
    OF_HISTORY,
    ORDINARY,
    TASTE,
    TERMS,
    UNKNOWN_INVESTOR,
    WEIGHT_ROWS,
    RankingLayer,
)
from portfolio_twin.model.twin import Twin

CHOICES_NEEDED = 100
NEARNESS = 0.3  # scale of every input under the kernel, in standard deviations to the power of −1
LOCATION_COUNTS = 4.0  # times as much: the east and north of a property
# The prior's standard deviation of each weight, in the units of its term; of what it gains with the length of the
# history a third. Chosen on three real catalogues and the simulator: as good where data are many, tame where few.
SPREADS = {
    "cosine": COSINE_SPREAD, "near": 4.0, "place": 1.0, "attributes": 1.5, "each": 4.0, "not_yet": 4.0,
    "this_year": 3.0, "together": 24.0, "popularity": 0.4, "year": 0.6, "quarter": 1.1, "month": 0.8, "in_use": 2.0,
}  # fmt: skip
SPREAD = np.array([SPREADS[term] for term in TERMS])
LENGTH_SHARE = 1 / 3
WORTHWHILE = 0.02  # nats per held-out choice that learnt scales must gain, and so must the terms of `Comparison`


class Form(NamedTuple):
    """What the layer is made of, beside what it always has."""

    learnt_scales: bool
    compares: bool  # see `Comparison`


class Settled(NamedTuple):
    """What the held-out choices say of the layer: the layer itself, or None where it gains nothing; and its form."""

    layer: RankingLayer | None
    form: Form


def settle_layer(twin: Twin, data: TrainingData, towers: Sequence[Tower], progress: Progress) -> Settled:
    """Whether the layer pays, and in which form, on the validation targets.

    The first of the towers is the layer's own; it learns from the choices of those whom the others were not trained on.
    """
    if len(past_choices(data.learnt_from.evidence, twin.config.seed).users) < CHOICES_NEEDED:
        return Settled(None, Form(learnt_scales=False, compares=False))
    validation = data.validation.with_histories(twin.present(data.validation.histories, twin.property_vectors))
    given, layer = _begun(data, validation, towers, twin.config)
    used, more, choices = _used(twin.config), _used(twin.config, compares=True), given.choices(layer)
    held_out = given.held_out(layer)
    layer, comparing = _weigh(layer, choices, used), _weigh(layer, choices, more)
    gain = _worth(comparing, held_out) - _worth(layer, held_out)
    progress.say(f"place, attributes and years by themselves: gain {gain.mean():.3f} ± {_error(gain):.3f} nats")
    compares = pays(gain) and bool(gain.mean() > WORTHWHILE)
    layer, used = (comparing, more) if compares else (replace(layer, comparison=None), used)
    scaled = _with_learnt_scales(layer, given, choices, used)
    held_out_scaled = given.held_out(scaled)
    worth, worth_scaled = _worth(layer, held_out).mean(), _worth(scaled, held_out_scaled).mean()
    progress.say(f"kernel: {worth:.3f} nats with plain scales, {worth_scaled:.3f} with learnt ones")
    learnt_scales = bool(worth_scaled - worth > WORTHWHILE)
    if learnt_scales:
        layer, held_out = scaled, held_out_scaled
    gain = _worth(layer, held_out) - _tower_alone(twin, given, held_out)
    progress.say(f"ranking layer: gains {gain.mean():.3f} ± {_error(gain):.3f} nats over the tower alone")
    layer = _weigh_unknown(layer, given, used)
    return Settled(layer if pays(gain) else None, Form(learnt_scales, compares))


def learn_layer(data: TrainingData, towers: Sequence[Tower], config: TwinConfig, form: Form) -> RankingLayer:
    """The same layer from this data, with nothing left to decide."""
    given, layer = _begun(data, data.validation, towers, config)
    used = _used(config, compares=form.compares)
    if not form.compares:
        layer = replace(layer, comparison=None)
    choices = given.choices(layer)
    layer = _weigh(layer, choices, used)
    if form.learnt_scales:
        layer = _with_learnt_scales(layer, given, choices, used)
    return _weigh_unknown(layer, given, used)


def _begun(
    data: TrainingData, validation: Queries, towers: Sequence[Tower], config: TwinConfig
) -> tuple[RankingData, RankingLayer]:
    """What the layer learns from, and the layer with all that it could have but weights."""
    evidence = data.learnt_from.evidence
    positive = evidence.weights > 0
    neighbours, counts = Neighbours.learn(evidence.users[positive], evidence.properties[positive], len(data.X))
    queries = past_choices(evidence, config.seed)
    given = RankingData.of(data, queries, validation, counts=counts, towers=towers[1:], seed=config.seed)
    return given, _unweighed(towers[0], data, neighbours)


def _used(config: TwinConfig, *, compares: bool = False) -> list[int]:
    """Of TERMS."""
    last = len(TERMS) if config.recent_activity else POPULARITY + 1
    return [i for i in range(last) if compares or TERMS[i] not in COMPARED]


def _unweighed(tower: Tower, data: TrainingData, neighbours: Neighbours) -> RankingLayer:
    return RankingLayer(
        weights=np.zeros((WEIGHT_ROWS, len(TERMS)), dtype=np.float32),
        encoder=tower.encoder,
        market_taste=tower.market_taste,
        scales=plain_scales(data.schema),
        neighbours=neighbours,
        activity=Activity.of(data.dataset).at_the_end(),
        comparison=Comparison.of(data.schema),
    )


def _with_learnt_scales(layer: RankingLayer, given: RankingData, choices: Choices, used: list[int]) -> RankingLayer:
    weights, among = layer.weights[np.ix_(ORDINARY, used)].ravel(), replace(choices, terms=choices.terms[:, :, used])
    scales = learn_scales(given.X, among, given.queries.histories, start=layer.scales, weights=weights, seed=given.seed)
    learnt = replace(layer, scales=scales)
    return _weigh(learnt, given.choices(learnt), used)


def pays(gain: Floats) -> bool:
    """Whether nats gained per held-out choice (q,) are more than one standard error above nothing."""
    return bool(gain.mean() > _error(gain))


def _error(gain: Floats) -> float:
    return float(gain.std() / np.sqrt(len(gain)))


def plain_scales(schema: FeatureSchema) -> Matrix:
    """(w,)"""
    scales = np.full(schema.width, NEARNESS, dtype=np.float32)
    scales[list(schema.groups.get("location", ())[:2])] *= LOCATION_COUNTS
    return scales


def _weigh(layer: RankingLayer, choices: Choices, used: list[int]) -> RankingLayer:
    """With weights for the ordinary list, and for "discover new", which goes by taste alone."""
    weights = layer.weights.copy()
    for rows, terms in ((ORDINARY, used), (DISCOVER, [term for term in used if term < TASTE])):
        weights[np.ix_(rows, terms)] = np.split(fit_choice(by_length(choices, terms), _spread(terms)), 2)
    return replace(layer, weights=weights)


def _spread(terms: list[int]) -> Weights:
    """(2k,) of the weights by themselves and by the length of the history."""
    return np.concatenate([SPREAD[terms], SPREAD[terms] * LENGTH_SHARE])


def _weigh_unknown(layer: RankingLayer, given: RankingData, used: list[int]) -> RankingLayer:
    """With weights for investors without history: the same choices, the history hidden."""
    terms = [term for term in used if TERMS[term] not in OF_HISTORY]
    weights = layer.weights.copy()
    weights[UNKNOWN_INVESTOR, terms] = fit_choice(given.choices(layer, blank=True).terms[:, :, terms], SPREAD[terms])
    return replace(layer, weights=weights)


def by_length(choices: Choices, used: list[int]) -> Matrix:
    """(e, m, 2k) the terms used, and the same times log(history length / 2)."""
    terms = choices.terms[:, :, used]
    length = np.log(np.maximum(choices.lengths, 1) / 2).astype(np.float32)
    return np.concatenate([terms, terms * length[:, None, None]], axis=2)


def _tower_alone(twin: Twin, given: RankingData, held_out: Choices) -> Matrix:
    """(q,) log-likelihood of the same choices by the cosine that serves without the layer, at its best temperature."""
    vectors = twin.encoder(given.X)
    investors = given.validation.histories.pool(vectors, twin.market_taste)[held_out.queries]  # (q, d)
    cosines = np.einsum("qd,qmd->qm", investors, vectors[held_out.candidates])
    return log_likelihoods(cosines * np.float32(fit_choice(cosines[:, :, None], SPREAD[:1])[0]))


def _worth(layer: RankingLayer, held_out: Choices) -> Matrix:
    """(q,) log-likelihood of each held-out choice."""
    return log_likelihoods(by_length(held_out, [*range(len(TERMS))]) @ np.concatenate(layer.weights[list(ORDINARY)]))
