import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.domain.versions import is_version, new_version
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.bundle.files import MANIFEST
from portfolio_twin.services.pipeline.machine_input import list_for_reindex, list_for_retrain
from portfolio_twin.services.tenant_runs import keep_list
from portfolio_twin.settings import PipelineSettings
from tests.integration.fixtures.database import Two
from tests.integration.fixtures.index import Market, make_market
from tests.integration.fixtures.s3 import FIRST, bundle

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def test_the_schedule_retrains_every_tenant_each_under_a_version_of_its_own(stores: Stores, two_tenants: Two) -> None:
    branches = list_for_retrain(stores, {"version": "0", "detail-type": "Scheduled Event"}, NOW)["tenants"]
    mine = {branch["tenant_id"]: branch for branch in branches}
    for tenant in two_tenants:
        branch = mine[str(tenant)]
        assert is_version(branch["version"])
        assert branch["version"].startswith("20261121T020000Z-")
        assert (branch["entry"], branch["source"]) == ("retrain", f"{tenant}/training/{branch['version']}/")
    assert len({branch["version"] for branch in branches}) == len(branches)


def test_a_manual_run_names_its_tenants_and_says_how_to_train(stores: Stores, two_tenants: Two) -> None:
    training = {"epochs": 3, "learning_rate": 0.01, "hidden": [128, 64], "embedding_dim": 16}
    given = {"tenant_ids": [str(two_tenants[1])] * 2, "training": training}
    answer = list_for_retrain(stores, given, NOW)
    assert [branch["tenant_id"] for branch in answer["tenants"]] == [str(two_tenants[1])]
    assert answer["settings"] == {
        "lookback_days": None,
        "training": {
            "epochs": "3", "batch_size": "", "learning_rate": "0.01", "seed": "", "loss": "", "embedding_dim": "16",
            "dropout": "", "weight_decay": "", "hidden": "128,64", "temperature": "",
        },
    }  # fmt: skip


@pytest.mark.parametrize("named", ["by key", "outright"])
def test_an_upload_is_one_branch_that_enters_at_the_gates(stores: Stores, two_tenants: Two, named: str) -> None:
    tenant, _ = two_tenants
    key = {"key": f"uploads/{tenant}/{FIRST}/manifest.json"}
    upload = key if named == "by key" else {"tenant_id": str(tenant), "version": FIRST}
    assert list_for_retrain(stores, {"upload": upload}, NOW)["tenants"] == [
        {"tenant_id": str(tenant), "version": FIRST, "entry": "upload", "source": f"uploads/{tenant}/{FIRST}/"}
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"tenant_ids": ["me"]}, {"tenant_ids": []}, {"training": {"epochs": 0}}, {"training": {"depth": 3}},
        {"training": {"loss": "hinge"}}, {"training": {"hidden": []}}, {"training": {"hidden": "128,x"}},
        {"training": {"dropout": 1}}, {"training": {"weight_decay": -1}}, {"training": {"temperature": 0}},
        {"training": {"loss": "triplet", "temperature": 0.1}},
        {"lookback_days": -1}, {"upload": {}}, {"upload": {"key": "models/a/b/manifest.json"}},
        {"upload": {"key": f"uploads/{UUID(int=1)}/../manifest.json"}},
        {"upload": {"tenant_id": str(UUID(int=1)), "version": "../../other"}},
    ],
)  # fmt: skip
def test_an_input_that_makes_no_sense_is_refused(stores: Stores, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        list_for_retrain(stores, given, NOW)


def test_a_model_of_other_dimensions_than_the_indexs_is_not_trained_to_go_live(stores: Stores) -> None:
    with pytest.raises(InvalidInput, match="embedding_dim is 32: what goes live must have 16"):
        list_for_retrain(stores, {"training": {"embedding_dim": 32}}, NOW)


def test_the_daily_reindex_takes_every_tenant_that_has_a_model(stores: Stores, two_tenants: Two) -> None:
    tenant, other = two_tenants
    models = stores.of(tenant).bucket.models
    models.publish(FIRST, bundle(tenant, FIRST))
    models.promote(FIRST, "test", None)
    stores.of(other).bucket.objects.write(f"{other}/live.json", b"corrupt")
    branches = list_for_reindex(stores, {})["tenants"]
    assert {"tenant_id": str(tenant), "version": FIRST} in branches
    assert str(other) not in {branch["tenant_id"] for branch in branches}


def test_a_nested_reindex_takes_the_candidate_it_is_given(stores: Stores, two_tenants: Two) -> None:
    given = {"tenant_id": str(two_tenants[0]), "version": FIRST}
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn"}
    assert list_for_reindex(stores, given | started_by)["tenants"] == [given]
    with pytest.raises(InvalidInput, match="tenant_id is missing"):
        list_for_reindex(stores, {"version": FIRST})


@pytest.fixture
def learnt(stores: Stores, index: VectorIndex) -> Market:
    """A tenant whose live model was begun just now; three new events are worth a retraining."""
    stores.index = index
    stores.settings = PipelineSettings(bucket=stores.bucket.name, retrain_new_events=3, lookback_days=730)
    market = make_market(stores)
    go_live(market, datetime.now(UTC) + timedelta(seconds=1))  # after the events that it was made with
    return market


def go_live(market: Market, begun: datetime) -> None:
    version, models = new_version(begun), market.tenant.bucket.models
    models.publish(version, bundle(market.tenant.tenant_id, version))
    models.promote(version, "test", models.live())


def is_listed(stores: Stores, market: Market) -> bool:
    branches = list_for_retrain(stores, {}, NOW)["tenants"]
    return str(market.tenant.tenant_id) in {branch["tenant_id"] for branch in branches}


def test_the_schedule_passes_over_a_tenant_with_too_few_new_events_and_a_person_does_not(
    stores: Stores, learnt: Market
) -> None:
    assert not is_listed(stores, learnt)
    time.sleep(2)
    for user in (1, 2):
        learnt.act(user, "p05", "view")
    assert not is_listed(stores, learnt)
    learnt.act(3, "p05", "view")
    assert is_listed(stores, learnt)
    named = list_for_retrain(stores, {"tenant_ids": [str(learnt.tenant.tenant_id)]}, NOW)
    assert len(named["tenants"]) == 1
    assert named["settings"]["lookback_days"] == 730


def test_after_an_upgrade_that_cannot_read_what_is_live_the_schedule_takes_the_tenant(
    stores: Stores, learnt: Market
) -> None:
    bucket = learnt.tenant.bucket
    live = bucket.models.live()
    assert live
    bucket.objects.write(keys.model(learnt.tenant.tenant_id, live.version) + MANIFEST, b'{"schema_version": 1}')
    assert is_listed(stores, learnt)


def test_after_a_person_was_erased_the_tenant_learns_again_until_the_version_before_has_forgotten_too(
    stores: Stores, learnt: Market
) -> None:
    assert not is_listed(stores, learnt)
    time.sleep(2)
    with learnt.tenant.session() as session:
        InteractionRepository(session).erase_investor(1)
        session.commit()
    listed = [is_listed(stores, learnt)]
    for seconds in (10, 20):
        go_live(learnt, datetime.now(UTC) + timedelta(seconds=seconds))
        listed.append(is_listed(stores, learnt))
    assert listed == [True, True, False]


def test_a_list_is_kept_where_a_map_finds_it_and_only_where_it_lies_goes_between_two_states(stores: Stores) -> None:
    branches = [{"tenant_id": str(UUID(int=n)), "version": FIRST} for n in range(5_000)]
    kept = keep_list(stores, "run-1", {"tenants": branches, "settings": {}})
    assert kept == {
        "list": {"key": "runs/run-1/tenants.json", "results": "runs/run-1/results/"}, "count": 5_000, "settings": {},
    }  # fmt: skip
    stored = connect().get_object(Bucket=stores.bucket.name, Key=kept["list"]["key"])
    assert json.loads(stored["Body"].read()) == branches
