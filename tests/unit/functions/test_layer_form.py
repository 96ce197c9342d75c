"""What the validation targets say of the layer's form, on markets whose answer is visible."""

import numpy as np

from functions.train.offline import freeze
from functions.train.progress import Progress
from functions.train.ranking.fit import Form, learn_layer, settle_layer
from functions.train.ranking.towers import FOLDS, Tower, fold_of
from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import TEST
from portfolio_twin.model.comparison import COMPARED
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.ranking import TERMS
from tests.fakes.logs import log_of
from tests.fakes.twins import twin_of

N, FIRST_YEAR, YEARS, USERS = 240, 2000, 6, 40
COLUMNS = [TERMS.index(name) for name in COMPARED]
CONFIG = TwinConfig(hidden=(), embedding_dim=4)


def market(*, by_year: bool) -> Dataset:
    """Everybody buys once a year, what was built in that year or just anything."""
    rows = [{"year_built": float(FIRST_YEAR + i % YEARS), "bedrooms": float(i % 7)} for i in range(N)]
    rng, deals = np.random.default_rng(0), []
    for user in range(USERS):
        for year in range(YEARS):
            row = int(rng.integers(N // YEARS)) * YEARS + year if by_year else int(rng.integers(N))
            when = (FIRST_YEAR - 1970 + year) * 365.25 + 30 + user
            deals.append((user, row, "deal", int(when * DAY_SECONDS)))
    catalogue = Catalogue.from_rows([f"p{i}" for i in range(N)], rows)
    return Dataset(catalogue, log_of(*deals)).in_time_order()


def settle(*, by_year: bool) -> tuple[Form, np.ndarray]:
    """The form, and the weights that the same form has when it is learnt again."""
    snapshot = freeze(market(by_year=by_year), seed=0)
    data = TrainingData.of(snapshot, CONFIG)
    weight = np.random.default_rng(1).normal(size=(data.schema.width, 4)).astype(np.float32)
    encoder, nobody = PropertyEncoder([(weight, np.ones(4, dtype=np.float32))]), np.zeros(4, dtype=np.float32)
    users = np.unique(data.learnt_from.log.users)
    folds = fold_of(users, CONFIG.seed)
    towers = [Tower(encoder, nobody, users[folds == fold]) for fold in range(-1, FOLDS)]
    twin = twin_of(snapshot.catalogue, encoder, config=CONFIG)
    form = settle_layer(twin, data, towers, Progress()).form
    return form, learn_layer(data.again(snapshot.holdout.of(TEST)), towers, CONFIG, form).weights


def test_where_people_buy_what_is_of_the_year_the_layer_compares_and_holds_it_for_likelier() -> None:
    form, weights = settle(by_year=True)
    assert form.compares
    assert weights[0, TERMS.index("this_year")] > 1
    assert weights[0, TERMS.index("not_yet")] < 0


def test_where_nothing_is_gained_it_does_not_compare_and_its_terms_have_no_weight() -> None:
    form, weights = settle(by_year=False)
    assert not form.compares
    assert not weights[:, COLUMNS].any()
