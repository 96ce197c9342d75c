import json
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

from functions.train.job import Job
from functions.train.offline import freeze, train_into
from functions.train.progress import Interrupted, Progress
from functions.train.stores import FolderStore
from functions.train.tower import objective
from functions.train.tower.checkpoints import BEST, LATEST, PREVIOUS, Checkpoints
from functions.train.tower.examples import TrainingSet, training_set
from functions.train.tower.loop import Trained, train
from functions.train.tower.losses import info_nce, triplet
from functions.train.training_data import TrainingData
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.browse.atlas import unpack_places
from portfolio_twin.model.bundle.files import ATLAS, unpack
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.histories import Histories
from tests.fakes.logs import log_of

torch.set_num_threads(1)  # steps this short are slower on two

# Forty properties, cheap and dear by turns; every investor stays with one price class: the answer is visible.
N = 40
PRICES = [100_000.0 + 1000 * i if i % 2 == 0 else 900_000.0 + 1000 * i for i in range(N)]
CATALOGUE = Catalogue.from_rows(
    [f"p{i}" for i in range(N)], [{"listing_price": price, "bedrooms": float(i % 3)} for i, price in enumerate(PRICES)]
)
NOTHING = np.zeros((N, 1), dtype=np.float32)  # features of no use
QUICK = TwinConfig(epochs=12, batch_size=32, hidden=(16, 8), embedding_dim=4, learning_rate=0.02)


def two_tastes(users: int = 60, each: int = 6) -> Dataset:
    rng = np.random.default_rng(0)
    chosen = [2 * rng.permutation(N // 2)[:each] + user % 2 for user in range(users)]
    deals = [(user, int(row), "deal", i) for user, rows in enumerate(chosen) for i, row in enumerate(rows)]
    return Dataset(CATALOGUE, log_of(*deals)).in_time_order()


def prepared(config: TwinConfig = QUICK) -> tuple[TrainingSet, TrainingData]:
    data = TrainingData.of(freeze(two_tastes(), seed=0), config)
    return training_set(data.learnt_from, data.X, config), data


def trained(config: TwinConfig = QUICK, **how: Any) -> Trained:
    return train(*prepared(config), config, **how)


def own_class_share(result: Trained) -> float:
    """How often a property's nearest other property is of its own price class."""
    vectors = result.network.tower.export()(prepared()[1].X)
    cosines = vectors @ vectors.T - 2 * np.eye(N)
    return float((cosines.argmax(axis=1) % 2 == np.arange(N) % 2).mean())


def test_info_nce_is_the_log_softmax_of_the_target_and_masked_candidates_do_not_count() -> None:
    logits = torch.tensor([[2.0, 1.0, float("-inf")], [0.0, 0.0, 0.0]])
    loss = info_nce(logits, torch.tensor([0, 2]), torch.tensor([1.0, 3.0]))
    first, second = -np.log(np.e**2 / (np.e**2 + np.e)), np.log(3)
    assert float(loss) == pytest.approx((1 * first + 3 * second) / (1 + 3))


def test_the_triplet_loss_averages_the_violations_only() -> None:
    cosines = torch.tensor([[0.5, 0.4, 0.1, float("-inf")]])
    loss = triplet(cosines, torch.tensor([0]), torch.tensor([1.0]), margin=0.2)
    assert float(loss) == pytest.approx(0.2 + 0.4 - 0.5)  # the one at 0.1 keeps its distance


def test_no_example_has_its_target_in_its_history() -> None:
    examples = prepared()[0].examples
    assert not (examples.histories == examples.targets[:, None]).any()
    assert (examples.histories[:, -1] == len(prepared()[0].seen)).all()


def test_a_history_takes_what_came_before_the_target_and_borrows_the_rest_from_after_it() -> None:
    config = replace(QUICK, target_kinds=("deal",), history_limit=3)
    training = training_set(two_tastes(users=2, each=6), NOTHING, config)
    mine = training.examples.targets[:6].tolist()
    histories = training.examples.histories[:6].tolist()
    names = [[mine.index(position) for position in row if position < len(training.seen)] for row in histories]
    assert names == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [1, 2, 3], [2, 3, 4]]


def test_dislikes_stand_in_the_history_with_their_sign_and_are_no_targets() -> None:
    log = log_of((0, 0, "deal", 0), (0, 1, "dislike", 1), (0, 2, "view", 2))
    config = replace(QUICK, target_kinds=("deal", "like"), history_limit=3)
    examples = training_set(Dataset(CATALOGUE, log), NOTHING, config).examples
    assert examples.targets.tolist() == [0]
    assert examples.weights[0].tolist() == pytest.approx([-0.5, 0.3, 0, 0])


def test_the_tower_learns_the_taste_that_is_there() -> None:
    result = trained()
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"]
    assert result.history[-1]["val_auc"] > 0.7  # half of the random negatives are of the right class too
    assert own_class_share(result) == 1.0


DRAWN: dict[str, Any] = {"sampled_softmax_above": 0}  # negatives are drawn


@pytest.mark.parametrize(
    "change", [{"loss": "triplet"}, DRAWN, DRAWN | {"loss": "triplet"}, {"popularity_weight": 0.5}]
)
def test_every_loss_on_offer_learns_it_too(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "SAMPLED_NEGATIVES", 16)
    assert own_class_share(trained(replace(QUICK, **change))) == 1.0


def losses_of(monkeypatch: pytest.MonkeyPatch, draws: int, times: int) -> tuple[float, float]:
    """Of one trained network over all properties, and the mean over draws."""
    monkeypatch.setattr(objective, "SAMPLED_NEGATIVES", draws)
    (training, _), network = prepared(), trained().network.eval()
    batch = objective.Batch.of(training.examples, "cpu")
    with torch.no_grad():
        whole = objective.Objective(training, QUICK, "cpu")(network, batch)
        drawing = objective.Objective(training, replace(QUICK, **DRAWN), "cpu")
        return float(whole), float(torch.stack([drawing(network, batch) for _ in range(times)]).mean())


def test_when_everything_is_drawn_the_loss_is_the_whole_one_and_on_average_it_is_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, drawn = losses_of(monkeypatch, 10_000, times=1)
    assert drawn == pytest.approx(whole, rel=1e-4)
    whole, drawn = losses_of(monkeypatch, N, times=200)
    assert drawn == pytest.approx(whole, rel=0.05)


def test_torch_and_numpy_agree() -> None:
    network, (_, data) = trained().network, prepared()
    with torch.no_grad():
        expected = network.tower(torch.as_tensor(data.X)).numpy()
    vectors = network.tower.export()(data.X)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    histories = data.validation.histories
    each = [np.flatnonzero(histories.owners == row) for row in range(histories.count)]
    padded = torch.full((histories.count, max(map(len, each))), N)
    weights = torch.zeros(padded.shape)
    for row, mine in enumerate(each):
        padded[row, : len(mine)] = torch.as_tensor(histories.properties[mine])
        weights[row, : len(mine)] = torch.as_tensor(histories.weights[mine])
    with torch.no_grad():
        table = torch.cat([torch.as_tensor(vectors), torch.zeros(1, vectors.shape[1])])
        investors = network.investors(table, padded, weights).numpy()
    pooled = histories.pool(vectors, network.market_taste.detach().numpy())
    np.testing.assert_allclose(pooled, investors, atol=1e-5)


def interrupt_after(steps: int) -> Progress:
    left = iter([False] * steps)
    return Progress(stop=lambda: next(left, True))


FIRST = f"first_{LATEST}"


def assert_same(one: Trained, other: Trained) -> None:
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, other.network.state_dict()[name]), name
    strip = [[{k: v for k, v in epoch.items() if k != "seconds"} for epoch in run.history] for run in (one, other)]
    assert strip[0] == strip[1]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_a_resumed_training_equals_an_uninterrupted_one(store: FolderStore) -> None:
    with pytest.raises(Interrupted):
        trained(checkpoints=Checkpoints(store, "first"), progress=interrupt_after(38))  # in the middle of an epoch
    assert_same(trained(checkpoints=Checkpoints(store, "first")), trained())


@pytest.mark.case(28)
def test_a_corrupt_checkpoint_falls_back_to_the_one_before(
    store: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Interrupted):
        trained(checkpoints=Checkpoints(store, "first", every_seconds=0), progress=interrupt_after(60))
    store.write(FIRST, (store.read(FIRST) or b"")[:1000])
    epochs: list[float] = []
    progress = Progress(epoch=lambda figures, _: epochs.append(figures["epoch"]))
    assert_same(trained(checkpoints=Checkpoints(store, "first"), progress=progress), trained())
    assert epochs[0] > 1
    assert f"{FIRST} is left aside" in capsys.readouterr().err


def test_with_no_readable_checkpoint_a_training_starts_afresh(store: FolderStore) -> None:
    for name in (LATEST, PREVIOUS):
        store.write(f"first_{name}", b"not a checkpoint")
    assert_same(trained(checkpoints=Checkpoints(store, "first")), trained())
    assert store.read(f"first_{BEST}")


def test_the_checkpoint_of_another_training_is_left_aside(store: FolderStore) -> None:
    trained(replace(QUICK, epochs=2), checkpoints=Checkpoints(store, "first"))
    assert_same(trained(checkpoints=Checkpoints(store, "first")), trained())


def test_a_checkpoint_that_wants_to_run_code_is_not_obeyed(store: FolderStore, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "exploded",))

    store.write(FIRST, pickle.dumps(Bomb(), protocol=2))
    assert Checkpoints(store, "first").newest("any") is None
    assert not (tmp_path / "exploded").exists()


JOB = Job(tenant_id=UUID(int=1), version="20261121T000000Z-00000000", config=QUICK)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a training left its files."""
    folder = tmp_path_factory.mktemp("training")
    train_into(folder, JOB, two_tastes(), Progress())
    return folder


def test_a_training_leaves_a_bundle_that_loads_and_a_report_that_needs_nothing_else(folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    twin = unpack(files, JOB.tenant_id, JOB.version)
    users = Histories.of(two_tastes(), twin.user_ids).pool(twin.property_vectors, twin.market_taste)
    np.testing.assert_allclose(twin.user_vectors, users, atol=1e-6)
    page = files["report.html"].decode()
    assert page.index('class="verdict"') < page.index("<table>")
    assert "http" not in page.replace("<!doctype html>", "")
    assert json.loads(files["metrics.json"])["tastes"]["without_evidence"] == 0
    assert "mean cosine" in page
    assert page.count('src="data:image/png;base64,') == page.count("<img ") == 7  # no map: nothing says where these lie
    for name in ("metrics.json", "training_history.json", "training_curves.png", "first_portfolio_twin_best.pt"):
        assert name in files


def test_the_atlas_of_a_training_draws_each_property_and_the_manifest_lists_it(folder: Path) -> None:
    atlas, about = (folder / ATLAS).read_bytes(), json.loads((folder / "metrics.json").read_text())["atlas"]
    n = len(two_tastes().catalogue)
    assert len(np.unique(unpack_places(atlas, n), axis=0)) > n // 2
    assert (about["landmarks"], about["placed"], about["method"]) == (n, 0, f"t-SNE of {n} properties")
    assert about["trustworthiness_at_10"] > 0.8
    assert ATLAS in json.loads((folder / "manifest.json").read_text())["files"]


def test_an_affinity_above_a_half_means_the_investors_own_price_class(folder: Path) -> None:
    twin = unpack({path.name: path.read_bytes() for path in folder.iterdir()}, JOB.tenant_id, JOB.version)
    log_odds = twin.log_odds(twin.known_taste(0), twin.property_vectors)
    assert log_odds[::2].min() > 0 > log_odds[1::2].max()


def test_a_content_model_is_made_without_torch_and_without_interactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch")  # other tests brought it in
    for module in ("functions.train.tower.train", "functions.train.tower.checkpoints"):
        monkeypatch.setitem(sys.modules, module, None)  # an import of it would raise
    nothing = two_tastes().take(np.zeros(360, dtype=bool))
    job = replace(JOB, kind="content", config=TwinConfig())
    twin = unpack(train_into(tmp_path, job, nothing, Progress()), job.tenant_id, job.version)
    assert "torch" not in sys.modules
    unpack_places((tmp_path / ATLAS).read_bytes(), len(nothing.catalogue))
    assert twin.kind == "content"
    cosines = twin.property_vectors @ twin.property_vectors[0] - 2 * np.eye(N)[0]
    assert cosines.argmax() % 2 == 0  # the nearest to a cheap property is cheap
    assert twin.confidence(np.array([0.99]), np.array([10.0]), 1.0)[0] <= 0.5
