"""The scores that serving would give today, of any of the catalogue's properties for investors of the training."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import Past
from portfolio_twin.model.scoring.scores import LayerQuestion, Scores, score_by_layer, score_by_tower
from portfolio_twin.model.twin import Taste


@dataclass(frozen=True)
class Served:
    """One investor before a catalogue."""

    answers: TwinAnswers
    taste: Taste
    owned: Numbers  # (h,) rows of the history
    question: LayerQuestion | None  # None where the twin has no ranking layer

    def scores(self, rows: Numbers) -> Scores:
        """Of the catalogue's rows (m,), with the activity as of the training."""
        answers, layer = self.answers, self.answers.twin.ranking
        features = answers.features.take(rows)
        if self.question is None or layer is None:
            return score_by_tower(answers.twin, self.taste, features)
        known = answers.rows[rows]
        return score_by_layer(answers.twin, self.question, features, rows=known, activity=layer.activity_of(known))

    def rescore(self, row: int, X: Matrix) -> Scores:  # the field's name for features
        """Of the same property, were its inputs those of X (m, w); all else is as it stands in the market."""
        answers, rows = self.answers, np.full(len(X), row)
        features = answers.features.take(rows)._replace(X=X)
        if self.question is None or (layer := answers.twin.ranking) is None:
            return score_by_tower(answers.twin, self.taste, features)
        known = answers.rows[rows]
        return score_by_layer(answers.twin, self.question, features, rows=known, activity=layer.activity_of(known))

    def score_copy(self, row: int, activity: Matrix) -> float:
        """Log-odds of the same property put once more, with this activity (windows,)."""
        features = self.answers.features.take(np.array([row]))
        if self.question is None:
            return float(self.scores(np.array([row])).log_odds[0])
        unknown = np.array([UNKNOWN])
        scores = score_by_layer(self.answers.twin, self.question, features, rows=unknown, activity=activity[None])
        return float(scores.log_odds[0])


def as_served(answers: TwinAnswers, limit: int) -> Iterator[Served]:
    """At most so many of the investors with evidence, drawn by seed."""
    twin = answers.twin
    investors = np.random.default_rng(twin.config.seed).permutation(twin.user_ids[twin.user_evidence > 0])[:limit]
    histories = twin.present(Histories.of(answers.dataset, investors), answers.vectors)
    for i, user in enumerate(investors.tolist()):
        mine = histories.entries_of(i)
        owned = histories.properties[mine]
        past = Past(answers.X[owned], histories.weights[mine], answers.rows[owned], at=twin.learnt_until)
        normaliser = twin.normaliser(past, answers.rows[owned])
        question = None if normaliser is None else LayerQuestion(past, normaliser)
        yield Served(answers, twin.known_taste(user), owned, question)
