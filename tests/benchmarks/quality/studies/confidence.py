"""Whether confidence knows what it does not know: real properties beside the same ones made impossible."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.model.twin import Taste, Twin
from tests.benchmarks.quality.frozen_data import SPLIT_SEED, Market

INVESTORS = 20
PROPERTIES = 200
SHORTENED = (0, 1, 2)  # of each history, beside the whole: so that there is thin evidence among the answers
COVERAGES = (0.2, 0.5, 0.8, 1.0)

Figures = Mapping[str, float]


def confidence(twin: Twin, market: Market) -> Figures:
    """Mean confidence in real and in impossible properties, the AUROC between them, and accuracy by coverage."""
    rng = np.random.default_rng(SPLIT_SEED)
    rows = rng.permutation(market.size)[:PROPERTIES]
    investors = rng.permutation(np.flatnonzero(twin.user_evidence > 0))[:INVESTORS]
    tastes = [twin.known_taste(int(twin.user_ids[i])) for i in investors]
    real = market.snapshot.catalogue.take(rows)
    certain = _confidences(twin, tastes, real)
    odd = {name: _confidences(twin, tastes, catalogue) for name, catalogue in impossible(real).items()}
    everything = np.concatenate([certain, *odd.values()])
    labels = np.arange(len(everything)) < len(certain)
    return {
        "real": float(certain.mean()),
        **{name: float(values.mean()) for name, values in odd.items()},
        "AUROC of real against impossible": metrics.auc(labels.astype(np.int8), everything),
        **_accuracy_by_coverage(twin, market),
    }


def impossible(real: Catalogue) -> dict[str, Catalogue]:
    """The properties as they cannot be: each change of those where that input is not missing, if there are any."""
    columns = real.columns
    lat, lon = columns["lat"], columns["lon"]
    changes: dict[str, dict[str, Any]] = {
        "another state": {"lat": lat - 5, "lon": lon - 8},
        "lat and lon swapped": {"lat": lon, "lon": lat},
        "price 9·10¹⁰": {"listing_price": np.full(len(real), 9e10)},
        "price × 10⁵": {"listing_price": columns["listing_price"] * 1e5},
        "10⁸ ft²": {"square_footage": np.full(len(real), 1e8)},
        "1000 bedrooms": {"bedrooms": np.full(len(real), 1e3)},
    }
    odd = {"no fields": Catalogue.from_rows(real.ids.tolist(), [{} for _ in real.ids])}
    for name, change in changes.items():
        known = np.all([np.isfinite(columns[changed]) for changed in change], axis=0)  # (n,)
        if known.any():
            odd[name] = replace(real, columns={**columns, **change}).take(known)
    return odd


def _confidences(twin: Twin, tastes: Sequence[Taste], catalogue: Catalogue) -> Floats:
    """(investors × n,)"""
    features = twin.schema.read(catalogue)
    return np.concatenate([twin.score(taste, features).confidence for taste in tastes])


def _accuracy_by_coverage(twin: Twin, market: Market) -> Figures:
    """The share of the test pairs on the right side of 0.5, among the most confident answers."""
    answers = TwinAnswers(twin, market.snapshot.dataset)
    asked = [market.test, *(market.test.shortened(limit) for limit in SHORTENED)]
    scored = [answers.classified(queries) for queries in asked]
    affinity, confidences = (np.concatenate(values) for values in zip(*scored, strict=True))
    right = (affinity >= 0.5) == (np.tile(market.test.labels, len(asked)) > 0)
    right = right[np.argsort(-confidences, kind="stable")]
    return {
        f"accuracy of the surest {share:.0%}": float(right[: round(share * len(right))].mean()) for share in COVERAGES
    }
