import numpy as np

from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KINDS
from portfolio_twin.domain.properties import UNKNOWN, Catalogue
from tests.fakes.logs import log_of

CATALOGUE = Catalogue(np.array(["p2", "p0"], dtype=object), {})
DATASET = Dataset(CATALOGUE, log_of((7, 0, "view", 1), (7, "gone", "deal", 2), (7, 0, "deal", 3), (5, 2, "like", 4)))


def test_each_interaction_has_the_row_of_its_property_and_one_that_has_gone_has_none() -> None:
    assert DATASET.rows.tolist() == [1, UNKNOWN, 1, 0]
    assert DATASET.take(DATASET.log.users == 7).rows.tolist() == [1, UNKNOWN, 1]


def test_evidence_is_of_the_catalogue_s_properties_alone() -> None:
    evidence = DATASET.evidence
    assert (evidence.users.tolist(), evidence.properties.tolist()) == ([5, 7], [0, 1])
    assert [KINDS[kind] for kind in evidence.kinds] == ["like", "deal"]
