"""Everything that the product asks of the index, as named questions whose answers can be compared."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.vector_index import PropertyHit, VectorIndex
from portfolio_twin.domain.criteria import Filters, GeoRadius, Range
from tests.integration.qdrant_fixtures import VERSION, investors, property_names, property_rows, unit_vectors

TENANT, OTHER = UUID(int=1), UUID(int=2)
N = 300
VECTOR = unit_vectors(1, seed=3)[0]


def ranked(hits: list[PropertyHit]) -> list[Any]:
    return [(hit.property_id, round(hit.score, 4), hit.payload) for hit in hits]


def search(**options: Any) -> Callable[[VectorIndex], Any]:
    return lambda index: ranked(index.search(TENANT, VERSION, VECTOR, limit=20, **options))


def narrowed(**criteria: Any) -> Callable[[VectorIndex], Any]:
    return search(filters=Filters(**criteria))


QUESTIONS: dict[str, Callable[[VectorIndex], Any]] = {
    "health": lambda index: index.healthy(),
    "search": search(),
    "by type": narrowed(property_type=("Condo", "Land")),
    "by zip code": narrowed(zipcode=("12201", "12203")),
    "by status": narrowed(listing_status=("Active",)),
    "by price": narrowed(price=Range(min=120_000.0, max=250_000.0)),
    "by bedrooms": narrowed(bedrooms=Range(min=3.0)),
    "by bathrooms": narrowed(bathrooms=Range(max=0.5)),
    "by size": narrowed(square_footage=Range(min=1100.0, max=1150.0)),
    "by place": narrowed(location=GeoRadius(lat=42.6, lon=-73.75, radius_km=7.3)),
    "by all of them": narrowed(
        property_type=("Condo",),
        listing_status=("Active",),
        price=Range(min=110_000.0),
        location=GeoRadius(lat=43.0, lon=-73.75, radius_km=150.0),
    ),
    "left out": search(exclude=property_names(200)),
    "only these": search(only=[*property_names(30), "missing"], exclude=["p3"]),
    "vectors": lambda index: [
        hit.vector.round(4).tolist()
        for hit in index.search(TENANT, VERSION, VECTOR, limit=5, with_vectors=True)
        if hit.vector is not None
    ],
    "many": lambda index: [ranked(a) for a in index.search_many(TENANT, VERSION, unit_vectors(4, seed=4), limit=7)],
    "similar": lambda index: ranked(index.similar(TENANT, VERSION, "p5", limit=9)),
    "properties": lambda index: sorted(index.get_properties(TENANT, VERSION, ["p1", "p2", "missing"]).items()),
    "user": lambda index: (index.get_user(TENANT, VERSION, 8), index.get_user(TENANT, VERSION, 10**6)),
    "audience": lambda index: [
        (u.user_id, round(u.score, 4), u.evidence) for u in index.search_users(TENANT, VERSION, VECTOR, 9)
    ],
    "count": lambda index: [index.count(t, VERSION, "properties") for t in (TENANT, OTHER, UUID(int=3))],
    "ids": lambda index: (sorted(index.property_ids(TENANT, VERSION)), sorted(index.user_ids(TENANT, VERSION))),
}


def fill(index: VectorIndex) -> None:
    index.ensure_collections()
    for seed, tenant in enumerate((TENANT, OTHER)):
        index.upsert_properties(tenant, VERSION, property_names(N), unit_vectors(N, seed), property_rows(N))
        index.upsert_users(tenant, VERSION, investors(N))
