"""The nine steps, built, each in Lambda's container: one retraining from PostgreSQL to the moved pointer."""

import json
from uuid import UUID

from infra.local.system import LocalSystem
from portfolio_twin.adapters.s3.objects import connect
from tests.e2e.containers import Pipeline

VERSION = "20261122T020000Z-0badcafe"  # of tests/events


def test_list_tenants_keeps_a_list_of_the_tenant(promoted: Pipeline, system: LocalSystem, tenant: UUID) -> None:
    answer = promoted.answers["ListTenants"][0]
    kept = connect().get_object(Bucket=system.s3.bucket, Key=answer["list"]["key"])["Body"].read()
    assert (answer["count"], [item["tenant_id"] for item in json.loads(kept)]) == (1, [str(tenant)])


def test_check_data_finds_enough(promoted: Pipeline) -> None:
    answer = promoted.answers["CheckData"][0]
    assert answer["decision"] == "train", answer
    assert answer["counts"]["properties"] == 1500


def test_prepare_data_freezes_a_snapshot(promoted: Pipeline, system: LocalSystem, tenant: UUID) -> None:
    answer = promoted.answers["PrepareData"][0]
    assert answer["snapshot_id"] == VERSION
    assert "manifest.json" in system.tenant(tenant).bucket.objects.files(answer["prefix"])


def test_evaluate_gates_lets_the_container_s_model_pass(promoted: Pipeline) -> None:
    answer = promoted.answers["EvaluateGates"][0]
    assert answer["decision"] == "passed", answer["reasons"]
    assert all(gate["passed"] for gate in answer["gates"].values())


def test_deploy_model_publishes(promoted: Pipeline, system: LocalSystem, tenant: UUID) -> None:
    assert promoted.answers["DeployModel"][0]["properties"] == 1500
    assert system.tenant(tenant).bucket.models.versions() == [VERSION]


def test_plan_index_wants_everything_the_first_time(promoted: Pipeline) -> None:
    assert promoted.answers["PlanIndex"][-1]["mode"] == "full"


def test_index_shard_indexes_every_property(promoted: Pipeline) -> None:
    plan, indexed = promoted.answers["PlanIndex"][-1], promoted.answers["IndexShard"]
    assert sum(answer["indexed"] for answer in indexed[: len(plan["property_shards"])]) == 1500


def test_verify_index_finds_them(promoted: Pipeline) -> None:
    assert promoted.answers["VerifyIndex"][0]["properties"] == 1500


def test_promote_model_moves_the_pointer(promoted: Pipeline, system: LocalSystem, tenant: UUID) -> None:
    live = system.tenant(tenant).bucket.models.live()
    assert live is not None
    assert live.version == promoted.answers["PromoteModel"][0]["version"] == VERSION
