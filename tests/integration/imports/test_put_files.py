"""Files that were put under imports/: what is stored, what is refused, and what the report beside each says."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.errors import DatabaseUnavailable, InvalidInput
from portfolio_twin.services.imports.import_run import ImportRun
from portfolio_twin.services.imports.run_import import run_import
from portfolio_twin.services.pipeline.machine_input import list_for_import
from portfolio_twin.settings import ImportSettings
from tests.integration.fixtures.database import counts, make_tenant
from tests.integration.fixtures.s3 import Outage, at_once, bundle

PROPERTIES = b"property_id,listing_price\na,425000\nb,\n"
INTERACTIONS = b"user_id,property_id,kind,occurred_at\n7,a,deal,2026-01-02T12:00:00Z\n7,b,view,2026-01-01T12:00:00Z\n"
VERSION = "20261121T020000Z-00000001"


@dataclass(frozen=True)
class Drop:
    """A tenant's folder under imports/."""

    stores: Stores
    tenant_id: UUID

    def put(self, **files: bytes) -> None:
        for name, body in files.items():
            key = f"imports/{self.tenant_id}/{name.replace('__', '.')}"
            self.stores.bucket.of(self.tenant_id).objects.write(key, body)

    def run(self, execution: str = "one", **given: Any) -> dict[str, Any]:
        event = {"tenant_id": str(self.tenant_id), "execution": execution} | given
        return run_import(ImportRun.of(self.stores, event))

    def report(self, name: str) -> Mapping[str, Any]:
        return self.stores.bucket.of(self.tenant_id).put_files.report(name)

    def stored(self) -> tuple[int, int]:
        return counts(self.stores.database, self.tenant_id)


@pytest.fixture
def importing(server: S3Server, s3: Any, pipeline_database: Database) -> Stores:
    made = Stores(ImportSettings(bucket=server.bucket, import_file_bytes=100_000))
    made.bucket, made.database = Bucket(server.bucket, s3), pipeline_database
    return made


@pytest.fixture
def drop(importing: Stores) -> Drop:
    return Drop(importing, make_tenant(importing.database))


def test_both_files_are_stored_whichever_was_put_first(drop: Drop) -> None:
    drop.put(interactions__csv__gz=gzip.compress(INTERACTIONS), properties__csv=PROPERTIES)
    answer = drop.run()
    assert (answer["decision"], answer["retrain"], answer["reindex"]) == ("imported", True, False)  # no model yet
    assert [(file["file"], file["rows"], file["stored"]) for file in answer["files"]] == [
        ("properties.csv", 2, 2), ("interactions.csv.gz", 2, 2),
    ]  # fmt: skip
    assert drop.stored() == (2, 2)
    report = drop.report("interactions.csv.gz")
    assert (report["outcome"], report["stored"], report["stored_positives"]) == ("stored", 2, 1)


def test_the_same_file_again_stores_nothing_and_says_so(drop: Drop) -> None:
    drop.put(properties__csv=PROPERTIES)
    drop.run()
    assert drop.run()["decision"] == "unchanged"  # the event came twice
    drop.put(properties__csv=PROPERTIES.replace(b"425000", b"1"))
    assert drop.run()["files"][0]["stored"] == 1
    stores = drop.stores.bucket.of(drop.tenant_id)
    stores.put_files.write_report("properties.csv", {**drop.report("properties.csv"), "etag": "another"})
    again = drop.run()
    assert (again["decision"], again["files"][0]["stored"]) == ("unchanged", 0)
    assert drop.report("properties.csv")["reason"] == "this very file was stored before"


def test_a_refused_file_is_told_row_by_row_and_is_taken_as_soon_as_it_can_be(drop: Drop) -> None:
    drop.put(interactions__csv=INTERACTIONS)
    answer = drop.run()
    assert (answer["decision"], answer["refused"], answer["retrain"]) == ("refused", True, False)
    report = drop.report("interactions.csv")
    assert (report["outcome"], report["bad_row_count"]) == ("refused", 2)
    assert report["bad_rows"][0]["line"] == 2
    assert "'a' is no known property" in report["bad_rows"][0]["reason"]
    assert drop.stored() == (0, 0)
    drop.put(properties__csv=PROPERTIES)
    assert drop.run()["decision"] == "imported"
    assert (drop.stored(), drop.report("interactions.csv")["outcome"]) == ((2, 2), "stored")


def test_a_bad_file_keeps_no_good_one_from_being_stored(drop: Drop) -> None:
    drop.put(properties__csv=PROPERTIES, interactions__csv=b"")
    answer = drop.run()
    assert (answer["decision"], answer["refused"]) == ("imported", True)
    assert "the file is empty" in drop.report("interactions.csv")["reason"]
    assert drop.stored() == (2, 0)


def test_bad_rows_may_be_left_out_and_are_listed(drop: Drop) -> None:
    drop.put(properties__csv=PROPERTIES + b"c,cheap\n")
    assert drop.run()["decision"] == "refused"
    assert drop.run(skip_bad_rows=True)["decision"] == "imported"
    assert drop.stored() == (2, 0)
    assert [row["line"] for row in drop.report("properties.csv")["bad_rows"]] == [4]


def test_a_file_of_a_tenant_that_does_not_exist_is_refused_and_makes_none(importing: Stores) -> None:
    drop = Drop(importing, uuid4())
    drop.put(properties__csv=PROPERTIES)
    assert drop.run()["decision"] == "refused"
    assert "there is no such tenant — make it first" in drop.report("properties.csv")["reason"]
    assert drop.tenant_id not in {tenant.tenant_id for tenant in importing.database.list_tenants()}


def test_a_file_that_is_too_large_is_refused_before_it_is_fetched(drop: Drop) -> None:
    drop.put(properties__csv=bytes(100_001))
    assert drop.run()["decision"] == "refused"
    assert "more than 100,000 bytes — split it" in drop.report("properties.csv")["reason"]


def test_two_runs_at_once_store_it_once_and_lose_nothing(drop: Drop) -> None:
    drop.put(properties__csv=PROPERTIES)
    decisions = [answer["decision"] for answer in at_once(lambda: drop.run("one"), lambda: drop.run("two"))]
    assert decisions.count("imported") == 1, decisions
    assert set(decisions) <= {"imported", "already_running", "unchanged"}
    assert drop.stored() == (2, 0)


def test_while_another_run_has_the_lease_nothing_is_done(drop: Drop) -> None:
    lease = drop.stores.bucket.of(drop.tenant_id).import_lease
    lease.acquire("the other", 60)
    drop.put(properties__csv=PROPERTIES)
    assert drop.run()["decision"] == "already_running"
    assert drop.stored() == (0, 0)
    lease.release("the other")
    assert drop.run()["decision"] == "imported"


def test_of_a_tenant_with_a_model_the_index_follows_and_a_model_when_there_is_enough(drop: Drop) -> None:
    bucket = drop.stores.bucket.of(drop.tenant_id)
    bucket.models.publish(VERSION, bundle(drop.tenant_id, VERSION))
    bucket.models.promote(VERSION, "test", None)
    drop.put(properties__csv=PROPERTIES)
    answer = drop.run()
    assert (answer["reindex"], answer["retrain"]) == (True, False)
    many = b"".join(b"%d,a,like,2026-01-02T12:00:00Z\n" % user for user in range(100))
    drop.put(interactions__csv=INTERACTIONS + many)
    answer = drop.run()
    assert (answer["reindex"], answer["retrain"]) == (True, True)


def test_a_store_that_is_down_is_an_error_to_try_again_and_the_report_says_so(drop: Drop, s3: Any) -> None:
    class Down:
        def tenant_session(self, tenant_id: UUID) -> Any:
            raise DatabaseUnavailable("asleep")

    drop.put(properties__csv=PROPERTIES)
    database, drop.stores.database = drop.stores.database, Down()  # type: ignore[assignment]  # a fake of one method
    with pytest.raises(DatabaseUnavailable):
        drop.run()
    assert drop.report("properties.csv")["outcome"] == "failed"
    drop.stores.database = database
    assert drop.run("another run")["decision"] == "imported"  # the lease was given back
    assert Outage(s3).failure is None


@pytest.mark.parametrize("key", ["imports/harborview/properties.csv", "imports/properties.csv", "", "uploads/T/V/m"])
def test_a_key_that_names_no_tenant_is_refused_with_what_it_should_be(importing: Stores, key: str) -> None:
    with pytest.raises(InvalidInput, match="data lies under imports/TENANT/"):
        list_for_import(importing, {"put": {"key": key}})


def test_the_machine_is_about_the_tenant_of_the_key_or_the_one_that_is_named(importing: Stores) -> None:
    tenant = uuid4()
    for given in ({"put": {"key": f"imports/{tenant}/properties.csv"}}, {"tenant_id": str(tenant)}):
        assert list_for_import(importing, given)["tenants"] == [{"tenant_id": str(tenant)}]
