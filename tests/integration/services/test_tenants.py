"""A tenant's beginning and its end on the real stores: nothing of it stays, and nothing else goes."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.tenant_rows import count_rows
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.errors import ModelNotFound
from portfolio_twin.services.pipeline.check_data import check_data
from portfolio_twin.services.tenants.delete_tenant import HOLDER, Deletion, delete_tenant
from portfolio_twin.settings import AdminSettings
from tests.fakes.api_client import Answer, ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.index import Market, live_markets, stores_over
from tests.integration.fixtures.s3 import FIRST, SECOND

OPERATOR = {"scope": "twin/admin", "sub": "operator"}
HOUSE = {"listing_price": 310_000.0, "square_footage": 1450.0, "property_type": "Condo"}
QUESTIONS: list[tuple[str, str, object]] = [
    ("POST", "/predict", {"user_id": 1, "property_id": "p01", "explain": True}),
    ("POST", "/predict", {"user_id": 2, "property_features": HOUSE}),
    ("POST", "/recommend", {"user_id": 1, "top_k": 20}),
    ("GET", "/properties/p01/similar", None),
    ("GET", "/properties/p01/audience", None),
    ("GET", "/properties/p01", None),
    ("GET", "/investors/1/export", None),
]


@pytest.fixture
def admin(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Stores:
    """As the function has them that deletes."""
    return stores_over(AdminSettings(bucket=server.bucket), pipeline_database, index)


@pytest.fixture(autouse=True)
def functions(admin: Stores) -> Iterator[None]:
    with serving(admin):
        yield


@pytest.fixture
def markets(server: S3Server, pipeline_database: Database, index: VectorIndex) -> list[Market]:
    """Two tenants with the same property ids; of the first one something of every kind, deleted objects too."""
    versioned = {"Status": "Enabled"}  # as the template's bucket is
    connect().put_bucket_versioning(Bucket=server.bucket, VersioningConfiguration=versioned)
    made = live_markets(server, pipeline_database, index)
    bucket, tenant_id = made[0].tenant.bucket, made[0].tenant.tenant_id
    for key in (keys.snapshot(tenant_id, FIRST), keys.training(tenant_id, FIRST), keys.upload(tenant_id, FIRST)):
        bucket.objects.write(key + "file", b"1")
        bucket.objects.write(key + "file", b"2")
    bucket.models.promote(SECOND, by="test", expected=bucket.models.live())
    made[0].reindex(SECOND)
    assert bucket.lease.acquire("a run", 60)
    bucket.lease.release("a run")
    connect().delete_object(Bucket=server.bucket, Key=keys.upload(tenant_id, FIRST) + "file")
    return made


def stored(tenant: Tenant) -> dict[str, int]:
    """By count, as nobody's filter hides anything: the rows as their tenant sees them."""
    with tenant.session() as session:
        rows = count_rows(session)
    points = tenant.stores.index.all_versions_of(tenant.tenant_id).count()
    return {"rows": rows, "points": points, "objects": tenant.bucket.count()}


def send(method: str, path: str, body: object = None) -> Answer:
    return ApiClient(UUID(int=0), OPERATOR).send(method, path, body)


def test_a_tenant_deleted_leaves_nothing_but_its_receipt_and_the_others_answer_the_same_byte_for_byte(
    markets: list[Market],
) -> None:
    gone, other = (market.tenant for market in markets)
    asking = ApiClient(other.tenant_id)
    answers, kept, had = [asking.send(*question) for question in QUESTIONS], stored(other), stored(gone)
    assert {answer.status for answer in answers} == {200}
    assert had["rows"] == 1 + 20 + 2 + 2  # the tenant, its properties, investors and interactions
    assert had["points"] == 2 * (20 + 2)
    answer = send("DELETE", f"/tenants/{gone.tenant_id}")
    assert answer.status == 200, answer.text
    assert stored(gone) == {"rows": 0, "points": 0, "objects": 0}
    receipt = Deletion.model_validate(gone.stores.bucket.receipts.find(gone.tenant_id))
    assert receipt.erased == had | {"objects": had["objects"] + 1}  # the deletion's own lease
    assert (receipt.state, receipt.requested_by, receipt.remaining) == ("deleted", "operator", [])
    assert receipt.finished_at is not None
    assert stored(other) == kept
    assert [asking.send(*question).text for question in QUESTIONS] == [answer.text for answer in answers]


def test_its_own_warm_functions_forget_it_as_soon_as_they_look(markets: list[Market]) -> None:
    gone = markets[0].tenant
    assert gone.twin().version == SECOND
    send("DELETE", f"/tenants/{gone.tenant_id}")
    with pytest.raises(ModelNotFound):
        gone.twin(fresh=True)
    assert ApiClient(gone.tenant_id).post("/predict", {"user_id": 1, "property_id": "p01"}).status == 503
    assert ApiClient(gone.tenant_id).put("/properties/late", {"property": HOUSE}).status == 404


def test_deleting_again_changes_nothing_and_answers_the_same(markets: list[Market]) -> None:
    path = f"/tenants/{markets[0].tenant.tenant_id}"
    first, again = send("DELETE", path), send("DELETE", path)
    assert (again.status, again.body) == (200, first.body)


def test_what_does_not_fit_into_one_request_is_asked_for_again(admin: Stores, markets: list[Market]) -> None:
    tenant_id, had = markets[0].tenant.tenant_id, stored(markets[0].tenant)
    steps = [delete_tenant(admin, tenant_id, "operator", seconds=0)]
    while steps[-1].state == "deleting":
        steps.append(delete_tenant(admin, tenant_id, "operator", seconds=0))
        assert len(steps) < 30
    assert steps[0].remaining == ["rows", "points", "objects"]
    assert stored(markets[0].tenant) == {"rows": 0, "points": 0, "objects": 0}
    assert steps[-1].erased["rows"] == had["rows"]
    assert steps[-1].requested_at == steps[0].requested_at


def test_while_a_run_holds_the_lease_nothing_is_deleted(markets: list[Market]) -> None:
    tenant = markets[0].tenant
    assert tenant.bucket.lease.acquire("a run", 60)
    had = stored(tenant)
    answer = send("DELETE", f"/tenants/{tenant.tenant_id}")
    assert (answer.status, answer.body["error"]["code"]) == (409, "TenantBusy")
    assert stored(tenant) == had
    tenant.bucket.lease.release("a run")
    assert send("DELETE", f"/tenants/{tenant.tenant_id}").status == 200


def test_while_it_is_deleted_no_run_begins(admin: Stores, markets: list[Market]) -> None:
    tenant = markets[0].tenant
    delete_tenant(admin, tenant.tenant_id, "operator", seconds=0)
    assert tenant.bucket.lease.held_by(HOLDER)
    assert not tenant.bucket.lease.acquire("a run", 60)


def test_a_run_that_was_listed_before_leaves_nothing_of_a_deleted_tenant(markets: list[Market]) -> None:
    market = markets[0]
    send("DELETE", f"/tenants/{market.tenant.tenant_id}")
    checked = check_data(market.run("20261201T020000Z-00000000"))
    assert (checked["decision"], checked["reasons"]) == ("skip", ["there is no such tenant any more"])
    assert stored(market.tenant)["objects"] == 0


def test_what_a_reindex_under_way_left_behind_goes_with_the_next_request(markets: list[Market]) -> None:
    market = markets[0]
    index = market.index()
    points = index.get_properties(["p01"])["p01"]
    send("DELETE", f"/tenants/{market.tenant.tenant_id}")
    index.upsert_properties(["p01"], points.vector[None], [points.payload])  # type: ignore[index]  # it has one
    answer = send("DELETE", f"/tenants/{market.tenant.tenant_id}")
    assert (answer.status, answer.body["erased"]["points"]) == (200, 2 * (20 + 2) + 1)
    assert stored(market.tenant)["points"] == 0


def test_a_tenant_that_never_was_is_404() -> None:
    assert send("DELETE", f"/tenants/{uuid4()}").status == 404


def test_a_tenant_is_made_once_listed_and_made_anew_after_its_deletion(admin: Stores) -> None:
    name = f"tenant {uuid4()}"
    made = [send("POST", "/tenants", {"name": name}).body for _ in range(2)]
    assert [one["created"] for one in made] == [True, False]
    assert made[0]["tenant_id"] == made[1]["tenant_id"] in listed(admin)
    assert send("DELETE", f"/tenants/{made[0]['tenant_id']}").status == 200
    assert made[0]["tenant_id"] not in listed(admin)
    assert send("POST", "/tenants", {"name": name}).body == made[0]
    assert send("DELETE", f"/tenants/{made[0]['tenant_id']}").body["erased"]["rows"] == 1  # a receipt of its own


def listed(admin: Stores) -> list[str]:
    """By pages of two."""
    pages: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = send("GET", f"/tenants?limit=2{cursor and f'&cursor={cursor}'}").body
        pages, cursor = pages + [one["tenant_id"] for one in page["tenants"]], page["cursor"]
    assert pages == sorted(set(pages))
    return pages


def test_a_name_or_an_id_of_another_tenant_is_409() -> None:
    first, second = uuid4(), uuid4()
    assert send("POST", "/tenants", {"name": f"{first}", "tenant_id": str(first)}).status == 201
    for body in ({"name": f"{first}", "tenant_id": str(second)}, {"name": f"{second}", "tenant_id": str(first)}):
        answer = send("POST", "/tenants", body)
        assert (answer.status, answer.body["error"]["code"]) == (409, "TenantExists")


@pytest.mark.parametrize("function", ["erase_tenant(1)", "tenants_after(null, 1)", "list_tenants()"])
def test_the_api_s_role_may_neither_erase_a_tenant_nor_look_across(
    app_database: Database, two_tenants: tuple[UUID, UUID], function: str
) -> None:
    with pytest.raises(Exception, match="permission denied"), app_database.tenant_session(two_tenants[0]) as session:
        session.execute(text(f"select * from app.{function}"))


def test_an_erasure_without_a_tenant_or_under_anothers_erases_nothing(
    pipeline_database: Database, two_tenants: tuple[UUID, UUID]
) -> None:
    with pipeline_database.tenant_session(two_tenants[0]) as session:
        erased = session.execute(text("select sum(row_count) from app.erase_tenant(10)")).scalar_one()
        assert erased == 1  # its own row, which is not committed
    with pipeline_database._connection() as connection:
        assert connection.execute(text("select sum(row_count) from app.erase_tenant(10)")).scalar_one() == 0
