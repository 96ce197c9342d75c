"""Whatever the network does to PostgreSQL or Qdrant: an answer in time, the right one or a 503, and healed at once."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.fakes.api_client import Answer, ApiClient
from tests.fakes.fault_proxy import Fault, FaultProxy
from tests.integration.faults.in_time import timed
from tests.integration.fixtures.index import Market

FAULTS: tuple[Fault, ...] = ("latency", "reset", "black hole", "slow drip", "half close")
HOUSE = {"listing_price": 310_000.0, "square_footage": 1450.0, "property_type": "Condo"}


def like(client: ApiClient, key: str) -> Answer:
    headers = {"Idempotency-Key": key}
    return timed(client, "POST", "/properties/p03/feedback", {"user_id": 900, "kind": "like"}, headers=headers)


@pytest.mark.case(22)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_way_to_qdrant_degrades_what_is_answered_and_loses_nothing(
    client: ApiClient, qdrant: FaultProxy, fault: Fault
) -> None:
    assert timed(client, "POST", "/recommend", {"user_id": 1}).status == 200
    qdrant.fault = fault
    late = fault == "latency"  # slow is not down
    predicted = timed(client, "POST", "/predict", {"user_id": 1, "property_features": HOUSE})
    assert (predicted.status, predicted.body["degraded"]) == (200, not late)
    recommended = timed(client, "POST", "/recommend", {"user_id": 1})
    assert recommended.status == (200 if late else 503)
    if not late:
        assert (recommended.body["error"]["code"], "retry-after" in recommended.headers) == ("IndexUnavailable", True)
    stored = like(client, uuid4().hex)
    assert (stored.status, stored.body["twin_updated"]) == (201, late)
    qdrant.fault = None
    healed = timed(client, "POST", "/predict", {"user_id": 1, "property_features": HOUSE})
    assert (healed.status, healed.body["degraded"]) == (200, False)


@pytest.mark.case(20, 21)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_way_to_postgresql_is_a_503_and_a_retry_with_the_key_stores_one_row(
    client: ApiClient, market: Market, postgres: FaultProxy, fault: Fault
) -> None:
    key = uuid4().hex
    assert like(client, uuid4().hex).status == 201  # a connection is in the pool
    postgres.fault = fault
    first = like(client, key)
    assert first.status in ((201, 503) if fault == "latency" else (503,))
    assert timed(client, "POST", "/recommend", {"user_id": 1}).status == 200  # needs no facts
    postgres.fault = None
    again = like(client, key)
    assert again.status == 201
    count = text("select count(*) from interactions where idempotency_key = :key")
    with market.tenant.session() as session:
        assert session.execute(count, {"key": key}).scalar_one() == 1
