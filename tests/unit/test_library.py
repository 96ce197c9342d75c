import json
from pathlib import Path

import pytest

from portfolio_twin import PortfolioTwin, PropertyFeatures
from portfolio_twin.errors import BundleRejected
from tests.fakes.twins import small_catalogue
from tests.unit.model.test_bundle import packed

HOUSE = PropertyFeatures.model_validate(small_catalogue().row(3))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in packed().items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_bundle_in_a_folder_scores_a_property_for_an_investor(folder: Path) -> None:
    answer = PortfolioTwin.load(folder).predict_affinity(user_id=1, property_features=HOUSE)
    assert 0 < answer.score < 1
    assert 0 < answer.confidence < 1


def test_who_liked_the_very_property_is_nearer_to_it_than_a_stranger(folder: Path) -> None:
    twin = PortfolioTwin.load(folder)
    liked = twin.predict_for_history([HOUSE], HOUSE)
    assert liked.score > twin.predict_for_history([small_catalogue().row(0)], HOUSE).score


def test_a_folder_without_a_bundle_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BundleRejected, match=r"manifest\.json"):
        PortfolioTwin.load(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"tenant_id": "nobody"}))
    with pytest.raises(BundleRejected):
        PortfolioTwin.load(tmp_path)
