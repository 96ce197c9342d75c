"""The contract of the vector index, over the fake and over the real thing."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import numpy as np
import pytest

from portfolio_twin.adapters.qdrant.index import UserPoint
from portfolio_twin.domain.criteria import Filters, GeoRadius, Range
from portfolio_twin.errors import NotFound
from tests.integration.fixtures.qdrant import (
    KINDS,
    VERSION,
    Index,
    either_index,
    investors,
    property_names,
    property_rows,
    unit_vectors,
)

N = 60
OTHER_VERSION = "20261108T030000Z-ffffffff"


@pytest.fixture(scope="module", params=KINDS)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with either_index(request.param, tmp_path_factory.mktemp("qdrant")) as index:
        index.ensure_collections()
        yield index


@pytest.fixture
def tenant(index: Index) -> UUID:
    """A tenant of its own for each test, with N properties and N investors."""
    tenant = uuid4()
    index.upsert_properties(tenant, VERSION, property_names(N), unit_vectors(N), property_rows(N))
    index.upsert_users(tenant, VERSION, investors(N))
    return tenant


def found(index: Index, tenant: UUID, filters: Filters) -> set[int]:
    hits = index.search(tenant, VERSION, unit_vectors(1)[0], limit=N, filters=filters)
    return {int(hit.property_id[1:]) for hit in hits}


def test_the_nearest_come_first_with_their_cosines(index: Index, tenant: UUID) -> None:
    vectors = unit_vectors(N)
    hits = index.search(tenant, VERSION, vectors[7], limit=5)
    cosines = vectors @ vectors[7]  # (N,)
    assert [hit.property_id for hit in hits] == [f"p{i}" for i in np.argsort(-cosines)[:5]]
    assert [hit.score for hit in hits] == pytest.approx(np.sort(cosines)[::-1][:5], abs=1e-5)


def test_several_vectors_at_once_answer_as_one_by_one(index: Index, tenant: UUID) -> None:
    vectors = unit_vectors(3, seed=5)
    together = index.search_many(tenant, VERSION, vectors, limit=4)
    assert together == [index.search(tenant, VERSION, vector, limit=4) for vector in vectors]
    assert index.search_many(tenant, VERSION, vectors[:0], limit=4) == []


def test_a_property_comes_back_as_it_was_handed_in(index: Index, tenant: UUID) -> None:
    found = index.get_properties(tenant, VERSION, ["p3", "p7", "missing"])
    assert {i: hit.payload for i, hit in found.items()} == {"p3": property_rows(8)[3], "p7": property_rows(8)[7]}
    assert found["p3"].vector == pytest.approx(unit_vectors(N)[3], abs=1e-6)


def test_vectors_come_only_when_asked_for(index: Index, tenant: UUID) -> None:
    vector = unit_vectors(N)[3]
    assert index.search(tenant, VERSION, vector, limit=1)[0].vector is None
    assert index.search(tenant, VERSION, vector, limit=1, with_vectors=True)[0].vector == pytest.approx(
        vector, abs=1e-6
    )


def test_filters_keep_what_matches_and_drop_what_lacks_the_field(index: Index, tenant: UUID) -> None:
    priced = [i for i in range(N) if i % 7]
    assert found(index, tenant, Filters(property_type=("Condo", "Land"))) == {i for i in range(N) if i % 3 < 2}
    assert found(index, tenant, Filters(zipcode=("12204",))) == {i for i in range(N) if i % 5 == 4}
    assert found(index, tenant, Filters(listing_status=("Active",))) == {i for i in range(N) if i % 2}
    assert found(index, tenant, Filters(price=Range(max=110_000.0))) == {i for i in priced if i <= 10}
    assert found(index, tenant, Filters(price=Range(min=150_000.0))) == {i for i in priced if i >= 50}
    assert found(index, tenant, Filters(bedrooms=Range(min=4.0, max=4.0))) == {i for i in range(N) if i % 6 == 4}
    assert found(index, tenant, Filters(bathrooms=Range(min=1.5))) == {i for i in range(N) if i % 4 == 3}
    assert found(index, tenant, Filters(square_footage=Range(max=1003.0))) == {0, 1, 2, 3}
    assert found(index, tenant, Filters(price=Range())) == set(range(N))


def test_a_circle_is_measured_in_kilometres(index: Index, tenant: UUID) -> None:
    # One step north is 0.01 degrees = 1.11 km: from p10, 2.5 km reach two steps either way.
    circle = GeoRadius(lat=42.1, lon=-73.75, radius_km=2.5)
    assert found(index, tenant, Filters(location=circle)) == {8, 9, 10, 11, 12}


def test_filters_all_apply_together(index: Index, tenant: UUID) -> None:
    both = Filters(listing_status=("Active",), price=Range(min=110_000.0, max=115_000.0))
    assert found(index, tenant, both) == {11, 13, 15}


def test_a_search_can_be_kept_to_some_and_away_from_others(index: Index, tenant: UUID) -> None:
    vector = unit_vectors(1)[0]
    hits = index.search(tenant, VERSION, vector, limit=N, only=["p1", "p2", "p3", "nowhere"], exclude=["p2"])
    assert {hit.property_id for hit in hits} == {"p1", "p3"}
    assert index.search(tenant, VERSION, vector, limit=N, only=[]) == []


def test_look_alikes_leave_the_reference_out(index: Index, tenant: UUID) -> None:
    cosines = unit_vectors(N) @ unit_vectors(N)[4]
    hits = index.similar(tenant, VERSION, "p4", limit=3)
    assert [hit.property_id for hit in hits] == [f"p{i}" for i in np.argsort(-cosines)[1:4]]
    land = index.similar(tenant, VERSION, "p4", limit=N, filters=Filters(property_type=("Land",)))
    assert {hit.property_id for hit in land} == {f"p{i}" for i in range(N) if i % 3 == 1 and i != 4}


def test_what_is_missing_and_what_is_not_yours_are_the_same(index: Index, tenant: UUID) -> None:
    stranger = uuid4()
    for owner, version in ((stranger, VERSION), (tenant, OTHER_VERSION)):
        with pytest.raises(NotFound, match=r"^no such property$"):
            index.similar(owner, version, "p4", limit=3)
        assert index.get_properties(owner, version, ["p4"]) == {}
        assert index.get_user(owner, version, 4) is None
        assert index.search(owner, version, unit_vectors(1)[0], limit=N) == []
        assert index.search_users(owner, version, unit_vectors(1)[0], N) == []
        assert index.count(owner, version, "properties") == 0
        assert list(index.property_ids(owner, version)) == []


def test_the_same_ids_and_vectors_of_two_tenants_stay_apart(index: Index, tenant: UUID) -> None:
    other = uuid4()
    index.upsert_properties(other, VERSION, ["p1"], unit_vectors(N)[1:2], [{"zipcode": "other"}])
    mine = index.search(tenant, VERSION, unit_vectors(N)[1], limit=1)[0]
    theirs = index.search(other, VERSION, unit_vectors(N)[1], limit=N)
    assert (mine.property_id, mine.payload["zipcode"]) == ("p1", "12201")
    assert [(hit.property_id, hit.payload) for hit in theirs] == [("p1", {"zipcode": "other"})]
    index.delete_properties(other, VERSION, ["p1", "p2"])
    assert index.count(tenant, VERSION, "properties") == N


def test_an_investor_comes_back_as_stored(index: Index, tenant: UUID) -> None:
    stored = investors(N)[9]
    user = index.get_user(tenant, VERSION, 9)
    assert user == stored
    assert user is not None
    assert user.vector == pytest.approx(stored.vector, abs=1e-6)
    assert index.get_user(tenant, VERSION, N) is None


def test_the_largest_user_id_is_kept(index: Index, tenant: UUID) -> None:
    user = UserPoint(2**63 - 1, unit_vectors(1)[0])
    index.upsert_users(tenant, VERSION, [user])
    assert index.get_user(tenant, VERSION, 2**63 - 1) == user


def test_the_nearest_investors_come_first(index: Index, tenant: UUID) -> None:
    vectors = np.stack([user.vector for user in investors(N)])
    hits = index.search_users(tenant, VERSION, vectors[9], 3)
    assert [hit.user_id for hit in hits] == np.argsort(-(vectors @ vectors[9]))[:3].tolist()
    assert hits[0].evidence == {"view": 3, "deal": 1}


def test_indexing_again_replaces_and_adds_nothing(index: Index, tenant: UUID) -> None:
    index.upsert_properties(tenant, VERSION, ["p0"], unit_vectors(1, seed=9), [{"zipcode": "new"}])
    index.upsert_users(tenant, VERSION, investors(N))
    assert index.count(tenant, VERSION, "properties") == N
    assert index.count(tenant, VERSION, "users") == N
    assert index.get_properties(tenant, VERSION, ["p0"])["p0"].payload == {"zipcode": "new"}


def test_more_points_than_one_batch_or_page_are_all_there(index: Index) -> None:
    tenant, n = uuid4(), 4321
    index.upsert_properties(tenant, VERSION, property_names(n), unit_vectors(n), property_rows(n))
    index.upsert_users(tenant, VERSION, investors(n))
    assert sorted(index.property_ids(tenant, VERSION)) == sorted(property_names(n))
    assert sorted(index.user_ids(tenant, VERSION)) == list(range(n))
    assert set(index.get_properties(tenant, VERSION, property_names(n))) == set(property_names(n))


def test_old_versions_go_and_the_kept_ones_and_other_tenants_stay(index: Index, tenant: UUID) -> None:
    neighbour = uuid4()
    for owner, version in ((tenant, "v1"), (tenant, "v2"), (neighbour, "v1")):
        index.upsert_properties(owner, version, ["p1"], unit_vectors(1), [{}])
        index.upsert_users(owner, version, investors(1))
    index.delete_versions(tenant, keep=[VERSION, "v2"])
    for kind, n in (("properties", N), ("users", N)):
        assert index.count(tenant, VERSION, kind) == n  # type: ignore[arg-type]  # mypy widens the literals of a loop
        assert index.count(tenant, "v1", kind) == 0  # type: ignore[arg-type]  # as above
        assert index.count(tenant, "v2", kind) == 1  # type: ignore[arg-type]  # as above
        assert index.count(neighbour, "v1", kind) == 1  # type: ignore[arg-type]  # as above


def test_deleted_properties_are_gone_and_only_they(index: Index, tenant: UUID) -> None:
    index.delete_properties(tenant, VERSION, ["p1", "p2", "missing"])
    index.delete_properties(tenant, VERSION, [])
    assert set(index.property_ids(tenant, VERSION)) == set(property_names(N)) - {"p1", "p2"}
