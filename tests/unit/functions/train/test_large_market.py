"""What a large market is spared would tell nothing else: the same choices, the same odds, an end to the epochs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from functions.train.offline import freeze
from functions.train.ranking import choices
from functions.train.ranking.choices import RankingData
from functions.train.ranking.fit import plain_scales
from functions.train.ranking.past_choices import past_choices
from functions.train.ranking.towers import FOLDS, Tower, fold_of
from functions.train.tower import objective
from functions.train.tower.losses import log_inclusion
from functions.train.tower.network import Dropout
from functions.train.training_data import TrainingData
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.model import config
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.ranking import TERMS, WEIGHT_ROWS, RankingLayer
from tests.fakes.logs import random_deals
from tests.fakes.twins import small_catalogue, small_twin
from tests.unit.functions.test_training import QUICK, prepared, trained

N, POOL = 400, 20
CATALOGUE = small_catalogue(N)
DEALS = Dataset(CATALOGUE, random_deals(CATALOGUE.ids, users=12, each=6))
DATA = TrainingData.of(freeze(DEALS, seed=0), TwinConfig())
TWIN = small_twin(CATALOGUE)


def ranking_data() -> tuple[RankingData, RankingLayer]:
    """And a layer whose every term says something."""
    evidence = DATA.learnt_from.evidence
    neighbours, counts = Neighbours.learn(evidence.users, evidence.properties, N)
    users = np.unique(evidence.users)
    folds = fold_of(users, seed=0)
    towers = [Tower(TWIN.encoder, TWIN.market_taste, users[folds == fold]) for fold in range(FOLDS)]
    queries = past_choices(evidence, seed=0)
    layer = RankingLayer(
        weights=np.zeros((WEIGHT_ROWS, len(TERMS)), dtype=np.float32), encoder=TWIN.encoder,
        market_taste=TWIN.market_taste, scales=plain_scales(DATA.schema), neighbours=neighbours,
        activity=Activity.of(DATA.dataset).at_the_end(),
    )  # fmt: skip
    return RankingData.of(DATA, queries, DATA.validation, counts=counts, towers=towers, seed=0), layer


def test_choices_among_the_properties_they_can_meet_are_those_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "POOL", POOL)
    given, layer = ranking_data()
    assert len(given.rows) < N / 2
    everything = replace(
        given, rows=np.arange(N), X=DATA.X, activity=Activity.of(DATA.dataset), validation=DATA.validation,
        queries=past_choices(DATA.learnt_from.evidence, seed=0), pool=given.rows[given.pool],
    )  # fmt: skip
    for few, all_ in (
        (given.choices(layer), everything.choices(layer)),
        (given.held_out(layer), everything.held_out(layer)),
    ):
        assert len(few.queries)
        np.testing.assert_array_equal(given.rows[few.candidates], all_.candidates)
        np.testing.assert_allclose(few.terms, all_.terms, atol=1e-6)
        assert np.ptp(few.terms[:, :, TERMS.index("popularity")]) > 0


def test_pairs_are_judged_against_what_is_on_offer_whatever_else_is_there() -> None:
    offered = np.arange(N) % 3 == 0
    queries = DATA.validation
    judged = TwinAnswers(TWIN, DATA.dataset).judged(queries, offered=offered).all().log_odds
    scores = TWIN.slope * TwinAnswers(TWIN, DATA.dataset).by_cosine(queries)(slice(0, len(queries.users)))
    for pair, (owner, row) in enumerate(zip(queries.pair_owners, queries.pair_properties, strict=True)):
        candidates = offered.copy()
        candidates[queries.histories.properties[queries.histories.entries_of(owner)]] = False
        assert judged[pair] == pytest.approx(
            scores[owner, row] - np.log(np.exp(scores[owner, candidates]).mean()), abs=1e-4
        )
    rows = np.union1d(np.flatnonzero(offered), queries.mentioned)
    narrow = TwinAnswers(TWIN, DATA.dataset.among(rows)).judged(queries.among(rows), offered=offered[rows])
    np.testing.assert_allclose(narrow.all().log_odds, judged, atol=1e-5)


def test_a_property_is_drawn_as_often_as_its_inclusion_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "SAMPLED_NEGATIVES", 16)
    torch.manual_seed(0)
    training, _ = prepared()
    examples = training.examples
    skewed = replace(examples, targets=np.minimum(examples.targets, 9))  # most want the tenth
    drawing = objective.Objective(training._replace(examples=skewed), QUICK, "cpu")
    draws = torch.cat([drawing._draw() for _ in range(4000)])
    uniform, by_targets = drawing.odds
    expected = log_inclusion((uniform, by_targets), 8).exp()
    shares = torch.bincount(draws, minlength=len(expected)) / 4000
    assert float(expected.max()) > 0.99 > 0.5 > float(expected.min())
    torch.testing.assert_close(shares, expected, atol=0.03, rtol=0)


@pytest.mark.parametrize("p", [0.001, 0.2, 0.9])
def test_dropout_drops_that_share_and_leaves_the_mean(p: float) -> None:
    torch.manual_seed(0)
    dropped = Dropout(p)(torch.ones(1001, 999))
    assert float((dropped == 0).float().mean()) == pytest.approx(p, abs=0.002)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.01)


def test_dropout_drops_nothing_outside_training_and_its_gradient_is_its_mask() -> None:
    x = torch.randn(7, 5, requires_grad=True)
    assert Dropout(0.5).eval()(x) is x
    y = Dropout(0.5)(x)
    y.sum().backward()
    torch.testing.assert_close(x.grad, torch.where(y == 0, 0.0, 2.0))


def test_many_examples_take_fewer_epochs_and_what_is_asked_for_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [TwinConfig().epochs_for(examples) for examples in (0, 62_500, 62_501, 500_000, 10**7)] == [40, 40, 39, 5, 1]
    assert TwinConfig(epochs=7).epochs_for(10**7) == 7
    examples = len(prepared()[0].examples)
    monkeypatch.setattr(config, "EXAMPLES_ENOUGH", 3 * examples)
    assert len(trained(replace(QUICK, epochs=None)).history) == 3
    assert len(trained(replace(QUICK, epochs=4)).history) == 4
