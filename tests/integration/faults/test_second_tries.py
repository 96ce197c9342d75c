"""A connection that breaks once: what only reads is asked again, what writes is not, and nothing is stored twice."""

from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import DatabaseUnavailable, IndexUnavailable
from tests.fakes.api_client import ApiClient
from tests.fakes.fault_proxy import Fault, FaultProxy
from tests.integration.faults.conftest import Reach
from tests.integration.fixtures.database import interaction
from tests.integration.fixtures.index import Market
from tests.integration.fixtures.s3 import FIRST


@pytest.fixture
def tenant(reach: Reach, market: Market) -> Tenant:
    return reach(1.0).of(market.tenant.tenant_id)


class Question:
    """How many properties there are, the way to PostgreSQL having a fault when it is first asked."""

    def __init__(self, postgres: FaultProxy, fault: Fault) -> None:
        self.asked, self._postgres, self._fault = 0, postgres, fault

    def __call__(self, session: TenantSession) -> int:
        self.asked += 1
        if self.asked == 1:
            self._postgres.fault = self._fault
        return PropertyRepository(session).count()


def reset_once(proxy: FaultProxy) -> None:
    proxy.fault, proxy.once = "reset", True


@pytest.mark.case(22)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", {"user_id": 1, "property_id": "p05"}),
        ("/recommend", {"user_id": 1}),
        ("/properties/search", {}),
        ("/search/similar", {"embedding": [0.25] * 16}),
    ],
)
def test_one_reset_on_the_way_to_qdrant_is_not_noticed(
    client: ApiClient, qdrant: FaultProxy, path: str, body: object
) -> None:
    whole = client.post(path, body).body
    reset_once(qdrant)
    answer = client.post(path, body)
    assert (answer.status, answer.body) == (200, whole)
    assert qdrant.fault is None  # it did strike


def test_what_writes_to_qdrant_is_not_sent_again(tenant: Tenant, qdrant: FaultProxy) -> None:
    index = tenant.index(FIRST)
    assert index.count("properties") == 20
    reset_once(qdrant)
    with pytest.raises(IndexUnavailable):
        index.delete_users([123])
    index.delete_users([123])


@pytest.mark.parametrize("path", ["/properties/p03", "/investors/1/export"])
def test_one_reset_on_the_way_to_postgresql_is_not_noticed_by_who_reads(
    client: ApiClient, postgres: FaultProxy, path: str
) -> None:
    whole = client.get(path).body
    reset_once(postgres)
    answer = client.get(path)
    assert (answer.status, answer.body, postgres.fault) == (200, whole, None)


def test_a_reset_in_the_middle_of_a_question_asks_it_once_more(tenant: Tenant, postgres: FaultProxy) -> None:
    question = Question(postgres, "reset")
    postgres.once = True
    assert (tenant.read(question), question.asked) == (20, 2)


@pytest.mark.case(21)
@pytest.mark.parametrize("fault", ["black hole", "slow drip"])
def test_who_waited_too_long_does_not_wait_again(tenant: Tenant, postgres: FaultProxy, fault: Fault) -> None:
    question = Question(postgres, fault)
    with pytest.raises(DatabaseUnavailable):
        tenant.read(question)
    assert question.asked == 1


def test_a_question_that_the_server_cancels_is_not_asked_again(tenant: Tenant) -> None:
    asked = []

    def question(session: TenantSession) -> None:
        asked.append(1)
        session.execute(text("select pg_sleep(10)"))

    with pytest.raises(DatabaseUnavailable, match="57014"):
        tenant.read(question)
    assert asked == [1]


@pytest.mark.case(20)
def test_a_commit_whose_answer_is_lost_is_not_sent_again_and_was_done(
    tenant: Tenant, market: Market, postgres: FaultProxy
) -> None:
    liked = interaction(user_id=901, property_id="p04", idempotency_key=uuid4().hex)
    with tenant.session() as session:
        InteractionRepository(session).add(liked)
        reset_once(postgres)
        postgres.at = b"COMMIT"  # PostgreSQL has done it
        with pytest.raises(DatabaseUnavailable):
            session.commit()
    with market.tenant.session() as session:
        assert InteractionRepository(session).add(liked).status == "replayed"


def test_connections_that_die_as_soon_as_they_are_made_are_a_503(tenant: Tenant) -> None:
    def dead(*_: object) -> None:
        raise DisconnectionError("dead again")

    event.listen(tenant.stores.database._engine, "checkout", dead)
    with pytest.raises(DatabaseUnavailable, match="breaks at once"), tenant.session():
        pass
