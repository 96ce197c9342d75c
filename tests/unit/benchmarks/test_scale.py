"""The reckoning of what many tenants take."""

import pytest

from tests.benchmarks.scale.machines import run_of, tenant_of
from tests.benchmarks.scale.reckoning import INDEXING, TABLE, Size, Template, reckon

STATES = (*INDEXING, "CheckData", "PrepareData", "Train", "EvaluateGates", "DeployModel", "PromoteModel")
MEASURED = {
    "properties": 1_000, "interactions": 1_000, "points": {"properties": 1_000, "users": 100},
    "seconds": dict.fromkeys(STATES, 1.0), "bytes": {"models": 1_000_000}, "bytes_of_a_point": 500.0,
    "bytes_of_a_line": 190,
}  # fmt: skip


def test_the_machines_take_the_events_that_the_engine_counted() -> None:
    """tests/integration/pipelines/test_many_tenants.py counts 49 for a tenant that is promoted."""
    assert (tenant_of("retrain", {}).events, run_of("retrain").events) == (49, 29)
    one, three = (tenant_of("reindex", {"PropertyShards": n, "UserShards": 1}).events for n in (1, 3))
    assert three - one == 2 * 7


def test_the_run_s_own_history_does_not_grow_and_the_rest_grows_with_the_tenants() -> None:
    few, many = (reckon(Size(n, 1_000, 1_000), MEASURED, vcpus=64, share=1.0) for n in (50, 50_000))
    assert many["events of the run"] == few["events of the run"] < 25_000
    for row in ("hours a retraining", "GB in S3", "GB in Qdrant", "$ a month", "MB of the list in S3"):
        assert many[row] == pytest.approx(1_000 * few[row])
    assert many["hours a retraining"] == pytest.approx(50_000 * len(STATES) / (64 / Template().vcpus) / 3600)
    assert many["GB in Qdrant"] == pytest.approx(50_000 * 1_100 * 500 * 2 / 1e9)


def test_a_tenant_without_news_costs_its_reindex_and_its_storage_alone() -> None:
    asleep = reckon(Size(100, 1_000, 1_000), MEASURED, vcpus=64, share=0.0)
    assert asleep["$ Batch, Spot"] == asleep["hours a retraining"] == 0
    assert min(asleep["$ Lambda, pipelines"], asleep["$ S3"], asleep["$ Qdrant"], asleep["$ Step Functions"]) > 0


def test_schedules_and_sizes_are_those_of_the_template() -> None:
    template = Template()
    assert (round(template.retrainings, 1), round(template.reindexes, 1)) == (4.3, 30.4)
    assert template.gb_of("CheckData") > template.gb_of("CheckIndex") > 0


def test_every_price_says_where_it_is_from() -> None:
    assert all(one["price"] > 0 and one["source"] for one in TABLE.values())
