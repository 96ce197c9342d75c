"""The Portfolio Twin: two towers on one sphere, calibrated. Immutable once loaded; numpy only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix, Numbers, Texts
from portfolio_twin.domain.properties import Catalogue, find_rows
from portfolio_twin.model.calibration import Confidence, Platt
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder, normalise, pool_history
from portfolio_twin.model.extent import Extent
from portfolio_twin.model.features import Features, FeatureSchema
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import RankingLayer

ModelKind = Literal["twin", "content"]


class Taste(NamedTuple):
    """What one investor wants, as far as the model knows."""

    vector: Matrix  # (d,)
    evidence: float  # sum of the weights in the history that are above 0
    stated: bool = False  # a buy box: no behaviour behind it, and yet not the market's taste


class Scored(NamedTuple):
    """n answers."""

    affinity: Floats  # (n,) P(this investor would act), at a balanced prior
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
    calibration: Platt
    confidence: Confidence
    base_rate: float  # share of a catalogue that an investor acts on, for who wants the unbalanced probability
    landmarks: Matrix  # (≤ 128, w) training properties: their mean is where an explanation starts
    property_ids: Texts  # (n,)
    property_vectors: Matrix  # (n, d)
    user_ids: Numbers  # (m,) ascending
    user_vectors: Matrix  # (m, d)
    user_evidence: Matrix  # (m,) sum of the weights in the history that are above 0
    market_calibration: Platt | None = None  # of the market's taste, for investors without history; None: as for others
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
        """Affinity and confidence of n properties for one investor."""
        affinity = self.affinity(taste, self.encoder(features.X))
        return Scored(affinity, self.confidence(affinity, taste.evidence, self.extent.familiarity(features)))

    def score_cosines(self, cosines: Floats, evidence: Floats | float, familiarity: Floats | float) -> Scored:
        """The same where the cosines (n,) are there already, of investors with so much evidence each, (n,) or one."""
        affinity = self.probability(cosines, evidence)
        return Scored(affinity, self.confidence(affinity, evidence, familiarity))

    def affinity(self, taste: Taste, vectors: Matrix) -> Floats:
        """P(this investor would act), at a balanced prior: vectors (n, d) → (n,)."""
        return self.platt(taste)(vectors @ taste.vector)

    def probability(self, cosines: Floats, evidence: Floats | float) -> Floats:
        """The same from the cosines (n,) of investors with so much evidence each, (n,)."""
        market = self.market_calibration or self.calibration
        return np.where(np.asarray(evidence) > 0, self.calibration(cosines), market(cosines))

    def platt(self, taste: Taste) -> Platt:
        """The calibration for this taste: without evidence it is the market's, which lies on a scale of its own."""
        own = taste.stated or taste.evidence > 0
        return self.calibration if own else self.market_calibration or self.calibration

    def known_user(self, user_id: int) -> tuple[Matrix, float]:
        """Vector (d,) and evidence as of training; the market's taste and 0 for who is new."""
        at = int(np.searchsorted(self.user_ids, user_id))
        if at < len(self.user_ids) and self.user_ids[at] == user_id:
            return self.user_vectors[at], float(self.user_evidence[at])
        return normalise(self.market_taste), 0.0

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


def choose_landmarks(X: Matrix, seed: int, limit: int = 128) -> Matrix:
    """Up to `limit` rows of X (n, w), drawn at random."""
    return np.asarray(X[np.random.default_rng(seed).permutation(len(X))[:limit]])
