"""The plain design: trained and measured by itself and beside the twin, and never a bundle."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

from functions.train.job import Job, run
from functions.train.offline import freeze, train_into
from functions.train.plain.calibration import Platt
from functions.train.plain.config import PlainConfig
from functions.train.plain.examples import Batch, learn_from
from functions.train.plain.features import WIDTH, vectorise
from functions.train.plain.job import NOT_SERVED, train_plain
from functions.train.plain.model import PlainModel
from functions.train.plain.network import PlainNetwork
from functions.train.progress import Interrupted, Progress
from functions.train.settings import TrainSettings
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.bundle.files import MANIFEST
from portfolio_twin.model.config import TwinConfig
from tests.fakes.logs import log_of, random_deals
from tests.fakes.twins import small_catalogue

CATALOGUE = small_catalogue()
JOB = Job(UUID(int=1), "20261121T000000Z-00000000", design="plain", plain=PlainConfig(epochs=3, embedding_dim=4))


def deals(users: int = 60) -> Dataset:
    return Dataset(CATALOGUE, random_deals(CATALOGUE.ids, users, each=5)).in_time_order()


@pytest.fixture
def snapshot() -> Snapshot:
    return freeze(deals(), seed=0)


def test_the_25_inputs_are_divided_by_round_numbers_and_missing_is_zero() -> None:
    x = vectorise(Catalogue.from_rows(["p"], [{"lat": 45.0, "lon": -90.0, "property_type": "Land"}]))
    assert x.shape == (1, WIDTH) == (1, 16 + 4 + 5)
    assert sorted(x[0, x[0] != 0].tolist()) == [-90.0 / 180, 45.0 / 90, 1.0]


@pytest.mark.parametrize(
    ("name", "value", "divided"),
    [
        ("listing_price", 500_000.0, 500_000 / 1e6), ("estimated_value", 400_000.0, 400_000 / 1e6),
        ("price_per_sqft", 250.0, 250 / 500), ("bedrooms", 3.0, 3 / 10), ("bathrooms", 2.0, 2 / 10),
        ("square_footage", 2_000.0, 2_000 / 10_000), ("lot_size_sqft", 25_000.0, 25_000 / 50_000),
        ("year_built", 1987, (1987 - 1900) / 100), ("days_on_market", 73.0, 73 / 365), ("cap_rate", 0.05, 0.05),
    ],
)  # fmt: skip
def test_a_number_is_divided_as_the_document_says(name: str, value: float, divided: float) -> None:
    x = vectorise(Catalogue.from_rows(["p"], [{name: value}]))[0]
    assert x[x != 0].tolist() == [pytest.approx(divided)]


def test_investors_start_with_short_vectors_and_only_the_first_two_blocks_drop_out() -> None:
    network = PlainNetwork(10_000, PlainConfig())
    assert float(network.users.weight.detach().std()) == pytest.approx(0.01, rel=0.02)
    blocks = [type(layer).__name__ for layer in network.tower]
    block = ["Linear", "BatchNorm1d", "ReLU"]
    assert blocks == [*block, "Dropout", *block, "Dropout", *block, "Linear"]


def test_deals_and_likes_alone_are_learnt_from() -> None:
    kinds = ("view", "outreach", "deal", "like", "dislike")
    log = log_of(*((0, row, kind, row) for row, kind in enumerate(kinds)))
    assert learn_from(Dataset(CATALOGUE, log)).batches.tensors[1].tolist() == [kinds.index("deal"), kinds.index("like")]


def test_every_epoch_is_judged_and_the_best_by_f1_is_kept(snapshot: Snapshot) -> None:
    fitted = train_plain(replace(JOB, plain=replace(JOB.plain, epochs=6)), snapshot, Progress())
    judged = [f"val_{name}" for name in ("accuracy", "precision", "recall", "f1", "auc")]
    assert all(0 <= epoch[name] <= 1 for epoch in fitted.history for name in judged)
    f1 = [epoch["val_f1"] for epoch in fitted.history]
    assert f1[fitted.best_epoch - 1] == max(f1)


def test_it_learns_a_vector_per_investor(snapshot: Snapshot) -> None:
    fitted = train_plain(JOB, snapshot, Progress())
    assert fitted.model.user_vectors.shape == (60, 4)
    np.testing.assert_allclose(np.linalg.norm(fitted.model.user_vectors, axis=1), 1, atol=1e-6)
    assert fitted.history[-1]["train_loss"] < fitted.history[0]["train_loss"]


def test_a_property_of_the_investor_is_no_wrong_answer() -> None:
    network = PlainNetwork(60, JOB.plain).eval().requires_grad_(requires_grad=False)
    batch = Batch(*learn_from(deals()).batches[torch.arange(1)])
    X = torch.as_tensor(vectorise(CATALOGUE))
    assert float(network.loss(X, batch, batch.own[0])) == 0  # nothing is left to choose among
    others = torch.as_tensor(np.setdiff1d(np.arange(len(CATALOGUE)), batch.own[0].numpy()))
    assert float(network.loss(X, batch, others)) > 0


def test_whoever_has_no_vector_is_asked_for_the_mean_investor() -> None:
    one, mean = np.array([[0.0, 1.0]], dtype=np.float32), np.array([1.0, 0.0], dtype=np.float32)
    model = PlainModel(np.eye(2, dtype=np.float32), np.array([1]), one, mean, Platt(1, 0))
    assert model.investors(np.array([1, 2])).tolist() == [[0, 1], [1, 0]]


def test_alone_it_leaves_figures_and_a_report_and_nothing_that_could_be_served(tmp_path: Path) -> None:
    remarks: list[str] = []
    files = train_into(tmp_path, JOB, deals(), Progress(say=remarks.append))
    assert NOT_SERVED in remarks
    assert MANIFEST not in files
    assert not [name for name in files if name.endswith((".safetensors", ".pt"))]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["ranking"].keys() == {"baseline", "popularity", "content_knn"}
    assert metrics["classification"].keys() == {
        "accuracy", "precision", "recall", "f1", "auc", "ece", "log_loss", "auc_in_use",
    }  # fmt: skip
    assert len(json.loads((tmp_path / "training_history.json").read_text())["epochs"]) == 3
    page = (tmp_path / "report.html").read_text()
    assert NOT_SERVED in page
    assert "plain design" in page
    assert page.count("<img ") == 1 + 3  # the curves, and how the held-out pairs were classified


def test_it_stands_in_the_comparison_beside_the_twin(snapshot: Snapshot) -> None:
    job = replace(JOB, design="twin", baseline=True, config=TwinConfig(epochs=2, ranking=False))
    files = run(job, snapshot)
    metrics = json.loads(files["metrics.json"])
    assert metrics["ranking"].keys() > {"twin", "baseline"}
    alone = json.loads(run(JOB, snapshot)["metrics.json"])
    assert metrics["ranking"]["baseline"] == alone["ranking"]["baseline"]
    assert metrics["baseline"]["classification"] == alone["classification"]
    page = files["report.html"].decode()
    assert "<th>plain design</th>" in page  # how it ranks
    assert "As they are, by the plain design" in page  # how it classifies
    assert MANIFEST in files


def test_the_jobs_environment_names_it_baseline() -> None:
    names = {"bucket": "models", "snapshot_id": "s", "version": "v"}
    given: dict[str, Any] = names | {"tenant_id": UUID(int=1), "epochs": 3}
    alone = TrainSettings(**given, design="baseline").job()
    assert (alone.design, alone.plain) == ("plain", PlainConfig(epochs=3))
    beside = TrainSettings(**given, compare_baseline=True).job()
    assert (beside.design, beside.baseline, beside.config.epochs) == ("twin", True, 3)
    assert beside.plain == PlainConfig()  # the yardstick keeps its length


def test_it_stops_when_told_to_and_does_not_start_without_data(snapshot: Snapshot) -> None:
    with pytest.raises(Interrupted):
        run(JOB, snapshot, progress=Progress(stop=lambda: True))
    with pytest.raises(InvalidInput, match="nothing to train on"):
        run(JOB, freeze(deals(users=0), seed=0))


def test_platt_finds_the_line_between_the_classes() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(-1, 1, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-(6 * scores - 1)))).astype(float)
    platt = Platt.fit(scores, labels)
    balance = np.log((1 - labels).sum() / labels.sum())  # the balanced prior moves the intercept by the log odds
    assert platt.slope == pytest.approx(6, rel=0.05)
    assert platt.intercept == pytest.approx(-1 + balance, abs=0.15)


def test_platt_never_turns_the_ranking_round() -> None:
    platt = Platt.fit(np.array([0.9, 0.8, 0.1, 0.2]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert (platt.slope, platt.intercept) == (0, 0)
    with pytest.raises(ValueError, match="both"):
        Platt.fit(np.array([0.1]), np.array([1.0]))
