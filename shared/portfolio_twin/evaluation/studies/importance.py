"""What the answers rest on: how much each input and term moves the score, over many pairs."""

from collections import defaultdict

import numpy as np

from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.evaluation.studies.as_served import as_served

INVESTORS, PROPERTIES = 40, 40  # drawn by seed


def importance(answers: TwinAnswers) -> dict[str, float]:
    """Mean |part| of the log-odds by input and term, the largest first: of investors with a history, as of today."""
    n, seed = len(answers.X), answers.twin.config.seed
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:PROPERTIES])
    sums, pairs = defaultdict[str, float](float), 0
    for investor in as_served(answers, INVESTORS):
        for parts in investor.scores(rows).contributions(range(len(rows))):
            pairs += 1
            for name, value in parts.items():
                sums[name] += abs(value)
    return {name: total / pairs for name, total in sorted(sums.items(), key=lambda item: -item[1])}
