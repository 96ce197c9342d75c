"""What Lambda leaves of an invocation rules over every limit that a store has: an answer, not the function's end."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import boto3
import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters import time_left
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.s3.objects import QUICK, connect
from portfolio_twin.adapters.tenant import Stores
from tests.fakes.api_client import ApiClient
from tests.fakes.fault_proxy import Fault, FaultProxy, proxied
from tests.fakes.tenant import serving
from tests.integration.faults.conftest import Reach
from tests.integration.faults.in_time import timed
from tests.integration.fixtures.index import Market
from tests.integration.fixtures.s3 import FIRST

PATIENT_SECONDS = 25.0  # of each store: what the settings allow at the most
REMAINING_MS, LONG_BEFORE_SECONDS = 5_000, 15.0
HANGING: tuple[Fault, ...] = ("black hole", "slow drip")
LIKE = {"user_id": 902, "kind": "like"}


@pytest.fixture
def hurried(reach: Reach, market: Market) -> Iterator[ApiClient]:
    """Of functions that would wait for each store as long as they may, and are killed after a few seconds."""
    with serving(reach(PATIENT_SECONDS)):
        client = ApiClient(market.tenant.tenant_id)
        assert client.post("/properties/p03/feedback", LIKE).status == 201  # everything is warm
        yield ApiClient(market.tenant.tenant_id, remaining_ms=REMAINING_MS)


@pytest.mark.case(22)
@pytest.mark.parametrize("fault", HANGING)
def test_a_qdrant_that_hangs_is_given_up_while_there_is_time_to_say_so(
    hurried: ApiClient, qdrant: FaultProxy, fault: Fault
) -> None:
    qdrant.fault = fault
    predicted = timed(hurried, "POST", "/predict", {"user_id": 1, "property_id": "p05"}, within=LONG_BEFORE_SECONDS)
    assert (predicted.status, predicted.body.get("degraded")) in [(200, True), (503, None)]
    recommended = timed(hurried, "POST", "/recommend", {"user_id": 1}, within=LONG_BEFORE_SECONDS)
    assert (recommended.status, recommended.body["error"]["code"]) == (503, "IndexUnavailable")
    stored = timed(hurried, "POST", "/properties/p03/feedback", LIKE, within=LONG_BEFORE_SECONDS)
    assert (stored.status, stored.body["twin_updated"]) == (201, False)


@pytest.mark.case(21)
@pytest.mark.parametrize("fault", HANGING)
def test_a_postgresql_that_hangs_is_given_up_while_there_is_time_to_say_so(
    hurried: ApiClient, postgres: FaultProxy, fault: Fault
) -> None:
    postgres.fault = fault
    headers = {"Idempotency-Key": uuid4().hex}
    path = "/properties/p03/feedback"
    answer = timed(hurried, "POST", path, LIKE, within=LONG_BEFORE_SECONDS, headers=headers)
    assert (answer.status, answer.body["error"]["code"]) == (503, "DatabaseUnavailable")
    read = timed(hurried, "GET", "/properties/p03", within=LONG_BEFORE_SECONDS)
    assert (read.status, read.body["error"]["code"]) == (503, "DatabaseUnavailable")


@pytest.fixture
def s3_way(server: S3Server) -> Iterator[FaultProxy]:
    host, port = server.url.removeprefix("http://").split(":")
    with proxied((host, int(port))) as proxy:
        yield proxy


@pytest.fixture
def through_s3_way(reach: Reach, server: S3Server, s3_way: FaultProxy) -> Callable[[], Stores]:
    """Stores that look at live.json at every request."""

    def make() -> Stores:
        client = boto3.client("s3", config=QUICK, endpoint_url=f"http://127.0.0.1:{s3_way.port}")
        stores = reach(1.0)
        stores.settings = stores.settings.model_copy(update={"live_ttl_seconds": 0.0})
        stores.bucket = Bucket(server.bucket, time_left.keep_within(client, QUICK))
        return stores

    return make


@pytest.mark.case(17)
def test_an_s3_that_hangs_leaves_time_for_an_answer_of_the_last_good_model(
    through_s3_way: Callable[[], Stores], market: Market, s3_way: FaultProxy
) -> None:
    client = ApiClient(market.tenant.tenant_id)
    with serving(through_s3_way()):
        assert client.post("/recommend", {"user_id": 1}).status == 200
        s3_way.fault = "black hole"
        answer = timed(client, "POST", "/recommend", {"user_id": 1})
        assert (answer.status, answer.body["model_version"]) == (200, FIRST)
        s3_way.fault = None


@pytest.mark.case(17)
def test_a_cold_start_at_an_s3_that_hangs_is_a_503_in_time(
    through_s3_way: Callable[[], Stores], market: Market, s3_way: FaultProxy
) -> None:
    client = ApiClient(market.tenant.tenant_id, remaining_ms=14_000)
    s3_way.fault = "black hole"
    with serving(through_s3_way()):
        answer = timed(client, "POST", "/recommend", {"user_id": 1}, within=14.0)
        assert (answer.status, answer.body["error"]["code"]) == (503, "RegistryUnavailable")
        assert "retry-after" in answer.headers
        s3_way.fault = None
        assert client.post("/recommend", {"user_id": 1}).status == 200


def test_a_block_within_another_ends_with_it() -> None:
    with time_left.within(8.0):
        assert time_left.share(1.0) == 1.0
        with time_left.within(100.0):
            assert 0 < time_left.share(100.0) <= 4.0
        with time_left.within(0.0), pytest.raises(TimeoutError):
            time_left.share(1.0)
    assert time_left.share(100.0) == 100.0


def test_no_time_is_enough_for_a_try_of_s3_at_the_end(server: S3Server, market: Market) -> None:
    client, asked = connect(), []
    client.meta.events.register_last("before-send", lambda **_: asked.append(1))
    bucket = Bucket(server.bucket, client)
    assert bucket.healthy()
    with time_left.within(QUICK.connect_timeout + QUICK.read_timeout):
        assert not bucket.healthy()
    assert len(asked) == 1
