import json
import signal
import subprocess
from uuid import uuid4

import numpy as np
import pytest

from functions.train.app import TERMINATED, main
from functions.train.assemble import Design
from functions.train.learn import Learner, fit, learn_everything
from functions.train.offline import freeze
from functions.train.tower.checkpoints import LATEST
from functions.train.training_data import TrainingData
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.s3.bucket import Bucket, TenantBucket
from portfolio_twin.adapters.s3.snapshots import Snapshot, digests, pack_snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.bundle.files import MANIFEST, unpack
from portfolio_twin.model.config import TwinConfig
from tests.fakes import processes
from tests.fakes.logs import random_deals
from tests.fakes.twins import TENANT_A

VERSION, SNAPSHOT_ID, EPOCHS = "20261121T000000Z-00000000", "20261121T000000Z-00000001", 60


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    rows = [{"listing_price": 1e5 * (1 + i % 7), "bedrooms": float(i % 5)} for i in range(60)]
    catalogue = Catalogue.from_rows([f"p{i}" for i in range(60)], rows)
    return freeze(Dataset(catalogue, random_deals(catalogue.ids, users=200, each=5, kind="like")), seed=0)


@pytest.fixture
def bucket(server: S3Server, snapshot: Snapshot) -> TenantBucket:
    """A tenant's, with the snapshot in it."""
    made = Bucket(server.bucket).of(TENANT_A)
    files = pack_snapshot(snapshot.dataset, snapshot.holdout)
    made.snapshots.store(files, {**snapshot.manifest, "snapshot_id": SNAPSHOT_ID, "files": digests(files)})
    return made


def environment(**more: str) -> dict[str, str]:
    # EPOCHS as the pipeline passes it; a setting that was not given arrives empty
    names = {"TENANT_ID": str(TENANT_A), "SNAPSHOT_ID": SNAPSHOT_ID, "VERSION": VERSION, "BATCH_SIZE": ""}
    return names | {"EPOCHS": str(EPOCHS)} | more


def start() -> "subprocess.Popen[str]":
    return processes.start("-m", "functions.train.app", environment=environment(), stderr=subprocess.STDOUT)


def train_here(monkeypatch: pytest.MonkeyPatch, **more: str) -> int:
    """In this process."""
    for name, value in environment(**more).items():
        monkeypatch.setenv(name, value)
    return main()


@pytest.mark.case(28)
def test_terminated_in_mid_training_it_leaves_a_checkpoint_and_the_next_attempt_ends_as_if_nothing_had_been(
    bucket: TenantBucket, snapshot: Snapshot
) -> None:
    with start() as job:
        assert job.stdout
        for line in job.stdout:
            if line.startswith("epoch   3/"):
                job.send_signal(signal.SIGTERM)
                break
        rest = job.stdout.read()
    assert job.returncode == TERMINATED == 143, rest
    objects, prefix = bucket.objects, f"{TENANT_A}/training/{VERSION}/"
    assert objects.find(prefix + f"first_{LATEST}")
    assert objects.find(prefix + MANIFEST) is None

    with start() as again:
        log, _ = again.communicate(timeout=120)
    assert again.returncode == 0, log
    before_learning_again = log.partition("learning again")[0]
    assert "epoch   4/" in before_learning_again
    assert "epoch   1/" not in before_learning_again
    files = {name: objects.read(prefix + name) for name in objects.files(prefix)}
    twin = unpack(files, TENANT_A, VERSION)
    config = TwinConfig(epochs=EPOCHS)
    learner, data = Learner(Design(VERSION, "twin", config)), TrainingData.of(snapshot, config)
    whole = fit(learner, data, snapshot.holdout)
    live = learn_everything(learner, data, whole).twin
    np.testing.assert_allclose(twin.property_vectors, live.property_vectors, atol=1e-5)
    losses = [epoch["train_loss"] for epoch in json.loads(files["training_history.json"])["epochs"]]
    assert losses == pytest.approx([epoch["train_loss"] for epoch in whole.history], abs=1e-5)


def test_a_content_model_goes_the_same_way(bucket: TenantBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = f"{TENANT_A}/elsewhere/"
    assert train_here(monkeypatch, MODEL_KIND="content", OUTPUT_PREFIX=prefix) == 0
    files = {name: bucket.objects.read(prefix + name) for name in bucket.objects.files(prefix)}
    assert unpack(files, TENANT_A, VERSION).kind == "content"


def test_without_its_snapshot_it_says_so_and_fails(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_here(monkeypatch, TENANT_ID=str(uuid4())) == 1
    assert "manifest.json does not exist" in capsys.readouterr().err


def test_a_setting_that_is_no_number_is_named(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_here(monkeypatch, EPOCHS="many") == 1
    assert "epochs" in capsys.readouterr().err
