"""Two tenants with the same property ids, each with marks in every store that only its own answers may carry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.settings import PipelineSettings, WriteSettings
from tests.fakes.api_client import Answer, ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.index import Market, make_market, stores_over
from tests.integration.fixtures.s3 import bundle

SHARED = tuple(f"p{i:02d}" for i in range(20))  # ids that both have


@dataclass(frozen=True)
class Side:
    """One tenant: its client, and what no answer to the other may hold."""

    market: Market
    client: ApiClient
    version: str  # of its live model: the mark in S3 and in warm state
    mark: str  # in an id, a zipcode and an attribute of its own property: the mark in PostgreSQL and in Qdrant
    user: int  # an investor whose number is a mark too

    @property
    def marks(self) -> tuple[str, ...]:
        return self.version, self.mark, str(self.user), str(self.market.tenant.tenant_id)


Sides = tuple[Side, Side]


def make_sides(server: S3Server, database: Database, index: VectorIndex) -> Sides:
    stores = stores_over(PipelineSettings(bucket=server.bucket), database, index)
    first, second = (
        _make_side(make_market(stores), version, mark, user)
        for version, mark, user in (
            ("20261104T020000Z-aaaaaaaa", f"mark-of-the-first-{uuid4().hex}", 8_316_402),
            ("20261105T020000Z-bbbbbbbb", f"mark-of-the-second-{uuid4().hex}", 7_205_913),
        )
    )
    return first, second


def _make_side(market: Market, version: str, mark: str, user: int) -> Side:
    features = PropertyFeatures(
        listing_price=300_000.0, square_footage=1500.0, property_type="Condo", zipcode=mark, attributes={"note": mark}
    )
    with market.tenant.session() as session:
        PropertyRepository(session).put(mark, features)
        session.commit()
    market.act(user, "p03")
    market.tenant.bucket.models.publish(version, bundle(market.tenant.tenant_id, version, user))
    market.reindex(version)
    market.tenant.bucket.models.promote(version, by="test", expected=None)
    return Side(market, ApiClient(market.tenant.tenant_id), version, mark, user)


@contextmanager
def serving_both(server: S3Server, database: Database, index: VectorIndex) -> Iterator[Stores]:
    """The API functions, warm, over the application's role."""
    stores = stores_over(WriteSettings(bucket=server.bucket), database, index)
    with serving(stores):
        yield stores


def leaks(answer: Answer, other: Side) -> list[str]:
    """Which marks of the other tenant an answer carries, in its body, were it binary, or its headers."""
    binary = answer.body.decode("latin-1") if isinstance(answer.body, bytes) else ""
    told = answer.text + binary + repr(answer.headers)
    return [mark for mark in other.marks if mark in told]


def look_everywhere(sides: Sides) -> set[str]:
    """The marks of the other that any route shows to the first; each tenant is asked before and after the other."""
    found: set[str] = set()
    for asking, other in (sides, sides[::-1], sides):
        for answer in ask_everything(asking):
            found |= set(leaks(answer, other))
    return found


def ask_everything(asking: Side) -> Iterator[Answer]:
    client = asking.client
    for user in (asking.user, 1):
        yield client.post("/recommend", {"user_id": user, "top_k": 50})
        yield client.post("/predict", {"user_id": user, "property_id": "p01", "explain": True})
        yield client.get(f"/investors/{user}")
    for property_id in ("p01", "p03"):
        yield client.get(f"/properties/{property_id}/similar?top_k=50")
        yield client.get(f"/properties/{property_id}/audience?top_k=50")
        yield client.get(f"/properties/{property_id}")
    yield client.get("/investors/1/export")
    yield client.get("/investors")
    yield client.post("/properties/search", {"top_k": 50})
