"""The Portfolio Twin: two towers on one sphere, and what their cosine means. Immutable once loaded; numpy only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix, Numbers, Texts
from portfolio_twin.domain.properties import UNKNOWN, Catalogue, find_rows
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder, normalise, pool_history
from portfolio_twin.model.extent import Extent
from portfolio_twin.model.features import Features, FeatureSchema
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.new_listings import NewListings, is_new
from portfolio_twin.model.ranking import Past, RankingLayer
from portfolio_twin.model.scoring.confidence import Confidence, sigmoid
from portfolio_twin.model.scoring.offer import Normaliser, Offer, log_mean_exp

ModelKind = Literal["twin", "content"]
NOTHING = np.zeros(0, dtype=np.int64)


class Taste(NamedTuple):
    """What one investor wants, as far as the tower knows."""

    vector: Matrix  # (d,)
    evidence: float  # sum of the weights in the history that are above 0
    log_mean: float  # log of the mean of exp(slope · cosine) over what may be recommended to them


class Scored(NamedTuple):
    """n answers."""

    affinity: Floats  # (n,) 0 … 1: affinity / (1 − affinity) is how many times likelier than the average property
    confidence: Floats  # (n,) 0 … 1


@dataclass(frozen=True)
class Twin:
    """One tenant's model of one version. d is `config.embedding_dim`, w the schema's width."""

    version: str
    kind: ModelKind
    config: TwinConfig
    schema: FeatureSchema
    extent: Extent  # of the training properties: what is beyond it is answered with less confidence
    encoder: PropertyEncoder
    market_taste: Matrix  # (d,) u₀: an investor before any evidence
    slope: float  # of the cosine, as log-odds of a choice
    confidence: Confidence
    learnt_until: int  # seconds: windows of activity end here, and what came since is counted to them
    base_rate: float  # share of a catalogue that an investor acts on, for who wants the unbalanced probability
    offer: Offer  # what every score is measured against
    property_ids: Texts  # (n,)
    property_vectors: Matrix  # (n, d)
    user_ids: Numbers  # (m,) ascending
    user_vectors: Matrix  # (m, d)
    user_evidence: Matrix  # (m,) sum of the weights in the history that are above 0
    ranking: RankingLayer | None = None  # None where it gained nothing

    def embed(self, catalogue: Catalogue) -> Matrix:
        """Any property, new ones too: (n, d) on the unit sphere."""
        return self.encoder(self.schema.vectorise(catalogue))

    def user_vector(self, vectors: Matrix, weights: Matrix) -> Matrix:
        """The investor (d,) from vectors (k, d) and weights (k,) of their history: `pool_history`."""
        return pool_history(vectors, weights, self.market_taste)

    def present(self, histories: Histories, vectors: Matrix) -> Histories:
        """What speaks for each investor's taste of today: recent, and after any change of it. vectors (n, d)."""
        return histories.present(vectors - self.centre, self.config.change_of_taste)

    def score(self, taste: Taste, features: Features) -> Scored:
        """Affinity and confidence of n properties for one investor, by the tower."""
        return self.judge(self.log_odds(taste, self.encoder(features.X)), taste.evidence, self.familiarity(features))

    def log_odds(self, taste: Taste, vectors: Matrix) -> Floats:
        """(n,) by the tower, of properties with these vectors (n, d)."""
        return np.asarray(self.slope * (vectors @ taste.vector) - taste.log_mean)

    def judge(self, log_odds: Floats, evidence: Floats | float, familiarity: Floats | float) -> Scored:
        """From log-odds (n,) to answers, for investors with so much evidence each, (n,) or one."""
        return Scored(sigmoid(log_odds), self.confidence(log_odds, evidence, familiarity))

    def familiarity(self, features: Features) -> Floats:
        """(n,) see `Extent.familiarity`."""
        return self.extent.familiarity(features)

    def taste(self, vector: Matrix, evidence: float = 0.0, left_out: Numbers = NOTHING) -> Taste:
        """Of a vector (d,); `left_out` are rows that will not be recommended."""
        scores = self.slope * (self.offered_vectors @ vector)
        return Taste(vector, evidence, log_mean_exp(scores[self.offer.without(left_out)]))

    def known_taste(self, user_id: int) -> Taste:
        """As of training; the market's taste for who is new."""
        at = int(np.searchsorted(self.user_ids, user_id))
        if at < len(self.user_ids) and self.user_ids[at] == user_id:
            return self.taste(self.user_vectors[at], float(self.user_evidence[at]))
        return self.market

    @cached_property
    def market(self) -> Taste:
        """An investor before any evidence."""
        return self.taste(normalise(self.market_taste))

    @cached_property
    def market_normaliser(self) -> Normaliser | None:
        """What the ranking layer's scores are measured against for an investor before any evidence."""
        return self.normaliser(Past.nothing(self.schema.width, self.learnt_until))

    def normaliser(self, past: Past, left_out: Numbers = NOTHING, *, discover: bool = False) -> Normaliser | None:
        """What the ranking layer's scores are measured against for one investor; None without a layer."""
        layer, offer = self.ranking, self.offer
        if layer is None:
            return None
        terms = layer.terms(
            self.layer_vectors @ layer.investor(past), offer.X, offer.rows, activity=layer.activity_of(offer.rows),
            past=past,
        )[offer.without(left_out)]  # fmt: skip
        return Normaliser(log_mean_exp(layer.score(terms, past.length, discover=discover)), terms.mean(axis=0))

    def activity(self, catalogue: Catalogue, X: Matrix, counts: Floats) -> Matrix | None:
        """(n, windows) as the ranking layer reads it, of properties X (n, w) and the interactions with each of them in
        each window, (n, windows), those since `learnt_until` in all; None without a layer.

        A listing that is new to the market, or to this model, has what those like it have.
        """
        if self.new_listings is None:
            return None
        counted = np.log1p(counts).astype(np.float32)
        new = is_new(catalogue) | (self.rows_of(catalogue.ids) == UNKNOWN)
        if new.any():
            counted[new] = np.maximum(counted[new], self.new_listings.activity_of(X[new]))
        return counted

    @cached_property
    def new_listings(self) -> NewListings | None:
        """What a new listing may expect; None without a ranking layer."""
        return NewListings.of(self.ranking, self.offer) if self.ranking else None

    def stand_ins(self, rows: Numbers, X: Matrix) -> Numbers:
        """(m,) rows, with that of the property it is alike for one that came later; X (m, w)."""
        later = rows == UNKNOWN
        if self.new_listings is None or not later.any():
            return rows
        known = rows.copy()
        known[later] = self.new_listings.most_alike(X[later])
        return known

    @cached_property
    def offered_vectors(self) -> Matrix:
        """(r, d) of the offer, by the tower."""
        return np.asarray(self.property_vectors[self.offer.rows])

    @cached_property
    def layer_vectors(self) -> Matrix:
        """(r, d) of the offer, by the ranking layer's own tower."""
        return (self.ranking.encoder if self.ranking else self.encoder)(self.offer.X)

    def known_property(self, property_id: str) -> Matrix | None:
        """Vector (d,) as of training, None for a property that came later."""
        row = self.property_rows.get(property_id)
        return None if row is None else self.property_vectors[row]

    @cached_property
    def centre(self) -> Matrix:
        """(d,) the mean of the properties: what all tastes have in common."""
        return np.asarray(self.property_vectors.mean(axis=0))

    def rows_of(self, property_ids: Iterable[str]) -> Numbers:
        """(m,) the row of each property in this bundle, UNKNOWN for one that came later."""
        return find_rows(property_ids, self.property_rows)

    @cached_property
    def property_rows(self) -> Mapping[str, int]:
        return {property_id: row for row, property_id in enumerate(self.property_ids)}
