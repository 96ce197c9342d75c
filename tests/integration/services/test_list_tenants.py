from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry, live_key
from portfolio_twin.domain.versions import is_version
from portfolio_twin.errors import InvalidInput
from portfolio_twin.services.pipeline.list_tenants import list_for_reindex, list_for_retrain
from tests.integration.fixtures.s3 import FIRST, bundle, registry, server

__all__ = ["registry", "server"]  # pytest finds the fixtures by their names here

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
Two = tuple[UUID, UUID]


def test_the_schedule_retrains_every_tenant_each_under_a_version_of_its_own(
    pipeline_database: Database, two_tenants: Two
) -> None:
    branches = list_for_retrain(pipeline_database, {"version": "0", "detail-type": "Scheduled Event"}, NOW)["tenants"]
    mine = {branch["tenant_id"]: branch for branch in branches}
    for tenant in two_tenants:
        branch = mine[str(tenant)]
        assert is_version(branch["version"])
        assert branch["version"].startswith("20261121T020000Z-")
        assert (branch["entry"], branch["source"]) == ("retrain", f"{tenant}/training/{branch['version']}/")
    assert len({branch["version"] for branch in branches}) == len(branches)


def test_a_manual_run_names_its_tenants_and_says_how_to_train(pipeline_database: Database, two_tenants: Two) -> None:
    given = {"tenant_ids": [str(two_tenants[1])] * 2, "training": {"epochs": 3, "learning_rate": 0.01}}
    answer = list_for_retrain(pipeline_database, given, NOW)
    assert [branch["tenant_id"] for branch in answer["tenants"]] == [str(two_tenants[1])]
    assert answer["settings"] == {
        "lookback_days": None,
        "training": {"epochs": "3", "batch_size": "", "learning_rate": "0.01", "seed": ""},
    }  # fmt: skip


@pytest.mark.parametrize("named", ["by key", "outright"])
def test_an_upload_is_one_branch_that_enters_at_the_gates(
    pipeline_database: Database, two_tenants: Two, named: str
) -> None:
    tenant, _ = two_tenants
    key = {"key": f"uploads/{tenant}/{FIRST}/manifest.json"}
    upload = key if named == "by key" else {"tenant_id": str(tenant), "version": FIRST}
    assert list_for_retrain(pipeline_database, {"upload": upload}, NOW)["tenants"] == [
        {"tenant_id": str(tenant), "version": FIRST, "entry": "upload", "source": f"uploads/{tenant}/{FIRST}/"}
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"tenant_ids": ["me"]}, {"tenant_ids": []}, {"training": {"epochs": 0}}, {"training": {"depth": 3}},
        {"lookback_days": -1}, {"upload": {}}, {"upload": {"key": "models/a/b/manifest.json"}},
        {"upload": {"key": f"uploads/{UUID(int=1)}/../manifest.json"}},
        {"upload": {"tenant_id": str(UUID(int=1)), "version": "../../other"}},
    ],
)  # fmt: skip
def test_an_input_that_makes_no_sense_is_refused(pipeline_database: Database, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        list_for_retrain(pipeline_database, given, NOW)


def test_the_daily_reindex_takes_every_tenant_that_has_a_model(
    pipeline_database: Database, registry: Registry, two_tenants: Two
) -> None:
    tenant, other = two_tenants
    registry.publish(tenant, FIRST, bundle(tenant, FIRST))
    registry.promote(tenant, FIRST, "test", None)
    registry.write(live_key(other), b"corrupt")
    branches = list_for_reindex(pipeline_database, registry, {})["tenants"]
    assert {"tenant_id": str(tenant), "version": FIRST} in branches
    assert str(other) not in {branch["tenant_id"] for branch in branches}


def test_a_nested_reindex_takes_the_candidate_it_is_given(
    pipeline_database: Database, registry: Registry, two_tenants: Two
) -> None:
    given = {"tenant_id": str(two_tenants[0]), "version": FIRST}
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn"}
    assert list_for_reindex(pipeline_database, registry, given | started_by)["tenants"] == [given]
    with pytest.raises(InvalidInput, match="tenant_id is missing"):
        list_for_reindex(pipeline_database, registry, {"version": FIRST})
