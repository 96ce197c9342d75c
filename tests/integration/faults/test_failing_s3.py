"""What the API answers while S3 fails: the last good model, by its name, or a 503; and /health says what is down."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.tenant import Stores
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.faults.conftest import Reach
from tests.integration.faults.in_time import timed
from tests.integration.fixtures.index import Market
from tests.integration.fixtures.s3 import FIRST, Failure, Outage

UNANSWERED = ("unreachable", "slow", "403", "503")


@pytest.fixture
def outage(s3: Any) -> Outage:
    return Outage(s3)


@pytest.fixture
def cold(reach: Reach, server: S3Server, s3: Any, outage: Outage) -> Callable[[], Stores]:
    """Stores without a model in memory, that look at live.json at every request."""

    def make() -> Stores:
        stores = reach(1.0)
        stores.settings = stores.settings.model_copy(update={"live_ttl_seconds": 0.0})
        stores.bucket = Bucket(server.bucket, s3)
        return stores

    return make


@pytest.mark.case(17)
@pytest.mark.parametrize("failure", [*UNANSWERED, "half a body"])
def test_a_failing_s3_is_answered_by_the_last_good_model_which_the_answer_names(
    cold: Callable[[], Stores], market: Market, outage: Outage, failure: Failure
) -> None:
    client = ApiClient(market.tenant.tenant_id)
    body = {"user_id": 1, "property_id": "p05"}
    with serving(cold()):
        before = client.post("/predict", body)
        outage.failure = failure
        answer = timed(client, "POST", "/predict", body)
        assert (answer.status, answer.body, answer.body["model_version"]) == (200, before.body, FIRST)
        health = timed(client, "GET", "/health")
        down = failure in UNANSWERED  # a whole body is nothing that /health asks for
        assert health.body["dependencies"] == {"s3": "down" if down else "up", "qdrant": "up"}
        assert (health.status, health.body["status"]) == (200, "degraded" if down else "ok")


@pytest.mark.case(17)
@pytest.mark.parametrize("failure", [*UNANSWERED, "404", "half a body"])
def test_a_cold_start_at_a_failing_s3_is_a_503_and_heals_by_itself(
    cold: Callable[[], Stores], market: Market, outage: Outage, failure: Failure
) -> None:
    client = ApiClient(market.tenant.tenant_id)
    with serving(cold()):
        outage.failure = failure
        answer = timed(client, "POST", "/recommend", {"user_id": 1})
        code = "ModelNotFound" if failure == "404" else "RegistryUnavailable"
        assert (answer.status, answer.body["error"]["code"], "retry-after" in answer.headers) == (503, code, True)
        outage.failure = None
        assert client.post("/recommend", {"user_id": 1}).status == 200
