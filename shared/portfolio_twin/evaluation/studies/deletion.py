"""Are the reasons faithful? The strongest taken away first must lower the score faster than any taken by chance.

The deletion curve of Petsiuk, Das and Saenko, "RISE" (2018), with the average property in the place of black pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import Floats, Numbers
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.evaluation.studies.as_served import Served, as_served
from portfolio_twin.model.scoring.scores import Scores

INVESTORS, PROPERTIES = 40, 3  # drawn by seed; the best matches of each
CATALOGUE = 500  # properties among which the best matches are looked for
DRAWS = 5  # orders by chance beside the one by strength


@dataclass(frozen=True)
class Masking:
    """One property before one investor, any of its parts put back to what the average property has."""

    served: Served
    row: int
    scores: Scores  # of the whole property

    def without(self, order: Sequence[str]) -> Floats:
        """(k + 1,) log-odds above the average property's, with none, the first, the first two … of the parts gone.

        An input is gone from all that reads it: the cosine, and every other term.
        """
        X = np.repeat(self.scores.features.X, len(order) + 1, axis=0)  # (k + 1, w)
        gone = np.tri(len(order) + 1, len(order), -1, dtype=bool)  # (k + 1, k): step i has lost the first i
        lost = np.zeros(len(X))
        for place, name in enumerate(order):
            for column in self.scores.schema.groups.get(name, ()):
                X[gone[:, place], column] = self.scores.average[column]
        changed = self.served.rescore(self.row, X)
        for place, name in enumerate(order):
            if name in changed.others:
                lost += changed.others[name] * gone[:, place]
        return np.asarray(changed.log_odds - lost - changed.baseline)


def deletion(answers: TwinAnswers) -> dict[str, Any]:
    """What is left of the score's height above the average property, by the number of parts gone, 1 being all of it.

    `strongest` takes the reasons away as they are told, `random` by chance; the areas are the means of the curves.
    Empty where nobody has a best match above the average.
    """
    rng = np.random.default_rng(answers.twin.config.seed)
    drawn = np.sort(rng.permutation(len(answers.X))[:CATALOGUE])
    curves: dict[str, list[Floats]] = {"strongest": [], "random": []}
    for investor in as_served(answers, INVESTORS):
        for row in _best(investor, drawn):
            masking = Masking(investor, row, investor.scores(np.array([row])))
            (parts,) = masking.scores.contributions([0])
            order = sorted(parts, key=lambda name: -parts[name])
            curves["strongest"].append(masking.without(order))
            curves["random"].append(
                np.mean([masking.without(rng.permutation(order).tolist()) for _ in range(DRAWS)], axis=0)
            )
    whole = sum(float(curve[0]) for curve in curves["strongest"])
    if whole <= 0:
        return {}
    means = {name: np.sum(each, axis=0) / whole for name, each in curves.items()}
    areas = {f"{name}_area": float(curve.mean()) for name, curve in means.items()}
    return {name: curve.tolist() for name, curve in means.items()} | areas | {"pairs": len(curves["strongest"])}


def _best(investor: Served, drawn: Numbers) -> list[int]:
    """Rows of the best matches among those drawn that the investor has not acted on."""
    rows = np.setdiff1d(drawn, investor.owned)
    return [int(row) for row in rows[np.argsort(-investor.scores(rows).log_odds)[:PROPERTIES]]]
