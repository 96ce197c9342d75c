"""The two collections of Qdrant and what is indexed in their payloads."""

from typing import NamedTuple

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from portfolio_twin.adapters.qdrant.points import COLLECTIONS, PointKind
from portfolio_twin.model.config import LIVE_DIMENSIONS

PAYLOAD_INDEXES: dict[PointKind, dict[str, str]] = {
    "properties": {
        "tenant_id": "tenant",
        "model_version": "keyword",
        "property_type": "keyword",
        "zipcode": "keyword",
        "listing_status": "keyword",
        "listing_price": "float",
        "bedrooms": "float",
        "bathrooms": "float",
        "square_footage": "float",
        "location": "geo",
    },
    "users": {"tenant_id": "tenant", "model_version": "keyword"},
}


class Layout(NamedTuple):
    """How a collection lies on the nodes; of one that is there already it changes nothing."""

    shards: int = 1
    replicas: int = 1
    on_disk: bool = False


def ensure_collection(client: QdrantClient, kind: PointKind, layout: Layout) -> None:
    """Creates the collection when it is missing, and its payload indexes, which to ask for twice costs nothing."""
    name = COLLECTIONS[kind]
    if not client.collection_exists(name):
        _create(client, name, layout)
    for field, schema in PAYLOAD_INDEXES[kind].items():
        client.create_payload_index(name, field, field_schema=_schema(schema), wait=True)


def _create(client: QdrantClient, name: str, layout: Layout) -> None:
    vectors = models.VectorParams(size=LIVE_DIMENSIONS, distance=models.Distance.COSINE, on_disk=layout.on_disk or None)
    try:
        client.create_collection(name, vectors, shard_number=layout.shards, replication_factor=layout.replicas)
    except UnexpectedResponse:
        if not client.collection_exists(name):  # it exists when another process was quicker
            raise


def _schema(name: str) -> models.PayloadSchemaType | models.KeywordIndexParams:
    if name == "tenant":  # keeps a tenant's points together on disk
        return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
    return models.PayloadSchemaType(name)
