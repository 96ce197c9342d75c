"""The contract of the vector index, over the fake and over the real thing."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest

from portfolio_twin.adapters.qdrant.filters import EVERYTHING
from portfolio_twin.adapters.qdrant.index import TenantIndex
from portfolio_twin.adapters.qdrant.points import UserPoint, UserRecord
from portfolio_twin.domain.criteria import Filters, GeoRadius, Narrowing, Range
from portfolio_twin.errors import NotFound
from tests.fakes.stores import FakeTenantIndex
from tests.integration.fixtures import qdrant

Own = TenantIndex | FakeTenantIndex
N = 60
OTHER_VERSION = "20261108T030000Z-ffffffff"


@pytest.fixture(scope="module", params=qdrant.KINDS)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[qdrant.Index]:
    with qdrant.either_index(request.param, tmp_path_factory.mktemp("qdrant")) as index:
        index.ensure_collections()
        yield index


@pytest.fixture
def tenant() -> UUID:
    """A tenant of its own for each test."""
    return uuid4()


@pytest.fixture
def own(index: qdrant.Index, tenant: UUID) -> Own:
    """The tenant's index, with N properties and N qdrant.investors."""
    own = index.of(tenant, qdrant.VERSION)
    own.upsert_properties(qdrant.property_names(N), qdrant.unit_vectors(N), qdrant.property_rows(N))
    own.upsert_users(qdrant.investors(N))
    return own


def passing(own: Own, filters: Filters) -> set[int]:
    hits = own.search(qdrant.unit_vectors(1)[0], limit=N, narrowing=Narrowing(filters))
    return {int(hit.property_id[1:]) for hit in hits}


def test_the_activity_of_a_property_is_set_and_nothing_else_of_it_changes(own: Own, index: qdrant.Index) -> None:
    others = index.of(uuid4(), qdrant.VERSION)
    others.upsert_properties(["p3"], qdrant.unit_vectors(1), qdrant.property_rows(1), np.full((1, 4), 9.0))
    before = own.get_properties(["p3", "p4"])
    assert before["p3"].activity is None
    priced = passing(own, Filters(price=Range(min=0.0)))
    own.set_activity(["p3", "missing"], np.array([[3.0, 2.0, 1.0, 0.5], [1.0, 1.0, 1.0, 1.0]]))
    after = own.get_properties(["p3", "p4", "missing"])
    assert after.keys() == {"p3", "p4"}
    assert after["p3"].activity == pytest.approx([3, 2, 1, 0.5])
    assert (after["p3"].payload, after["p4"]) == (before["p3"].payload, before["p4"])
    assert after["p3"].vector == pytest.approx(before["p3"].vector)
    assert passing(own, Filters(price=Range(min=0.0))) == priced
    assert others.get_properties(["p3"])["p3"].activity == pytest.approx([9] * 4)


def test_the_nearest_come_first_with_their_cosines(own: Own) -> None:
    vectors = qdrant.unit_vectors(N)
    hits = own.search(vectors[7], limit=5)
    cosines = vectors @ vectors[7]  # (N,)
    assert [hit.property_id for hit in hits] == [f"p{i}" for i in np.argsort(-cosines)[:5]]
    assert [hit.score for hit in hits] == pytest.approx(np.sort(cosines)[::-1][:5], abs=1e-5)


def test_several_vectors_at_once_answer_as_one_by_one(own: Own) -> None:
    vectors = qdrant.unit_vectors(3, seed=5)
    together = own.nearest(vectors, limit=4)
    assert [own.take(each) for each in together] == [
        [replace(hit, score=0.0) for hit in own.search(vector, limit=4)] for vector in vectors
    ]
    assert own.nearest(vectors[:0], limit=4) == []


def test_the_nearest_are_taken_in_any_order_and_what_has_gone_or_is_not_yours_is_not(
    own: Own, index: qdrant.Index
) -> None:
    nearest = own.nearest(qdrant.unit_vectors(1, seed=5), limit=4)[0]
    hits = own.take(nearest)
    assert own.take([nearest[2], str(uuid4()), nearest[0]]) == [hits[2], hits[0]]
    assert [hit.vector for hit in hits] == [None] * 4
    assert index.of(uuid4(), qdrant.VERSION).take(nearest) == []


def test_a_property_comes_back_as_it_was_handed_in(own: Own) -> None:
    hits = own.get_properties(["p3", "p7", "missing"])
    assert {i: hit.payload for i, hit in hits.items()} == {
        "p3": qdrant.property_rows(8)[3],
        "p7": qdrant.property_rows(8)[7],
    }
    assert hits["p3"].vector == pytest.approx(qdrant.unit_vectors(N)[3], abs=1e-6)


def test_a_search_answers_without_the_vectors(own: Own) -> None:
    assert own.search(qdrant.unit_vectors(N)[3], limit=1)[0].vector is None


def test_filters_keep_what_matches_and_drop_what_lacks_the_field(own: Own) -> None:
    priced = [i for i in range(N) if i % 7]
    assert passing(own, Filters(property_type=("Condo", "Land"))) == {i for i in range(N) if i % 3 < 2}
    assert passing(own, Filters(zipcode=("12204",))) == {i for i in range(N) if i % 5 == 4}
    assert passing(own, Filters(listing_status=("Active",))) == {i for i in range(N) if i % 2}
    assert passing(own, Filters(price=Range(max=110_000.0))) == {i for i in priced if i <= 10}
    assert passing(own, Filters(price=Range(min=150_000.0))) == {i for i in priced if i >= 50}
    assert passing(own, Filters(bedrooms=Range(min=4.0, max=4.0))) == {i for i in range(N) if i % 6 == 4}
    assert passing(own, Filters(bathrooms=Range(min=1.5))) == {i for i in range(N) if i % 4 == 3}
    assert passing(own, Filters(square_footage=Range(max=1003.0))) == {0, 1, 2, 3}
    assert passing(own, Filters(price=Range())) == set(range(N))


def test_a_circle_is_measured_in_kilometres(own: Own) -> None:
    # One step north is 0.01 degrees = 1.11 km: from p10, 2.5 km reach two steps either way.
    circle = GeoRadius(lat=42.1, lon=-73.75, radius_km=2.5)
    assert passing(own, Filters(location=circle)) == {8, 9, 10, 11, 12}


def test_filters_all_apply_together(own: Own) -> None:
    both = Filters(listing_status=("Active",), price=Range(min=110_000.0, max=115_000.0))
    assert passing(own, both) == {11, 13, 15}


def test_a_search_can_be_kept_to_some_and_away_from_others(own: Own) -> None:
    vector = qdrant.unit_vectors(1)[0]
    hits = own.search(vector, limit=N, narrowing=Narrowing(only=["p1", "p2", "p3", "nowhere"], exclude=["p2"]))
    assert {hit.property_id for hit in hits} == {"p1", "p3"}
    assert own.search(vector, limit=N, narrowing=Narrowing(only=[])) == []


def test_what_states_no_status_is_taken_to_be_on_the_market(own: Own) -> None:
    own.upsert_properties(["unknown"], qdrant.unit_vectors(1), [{"zipcode": "12201"}])
    hits = own.search(qdrant.unit_vectors(1)[0], limit=N, narrowing=Narrowing(on_market=True))
    own.delete_properties(["unknown"])
    assert {hit.property_id for hit in hits} == {"unknown", *(f"p{i}" for i in range(N) if i % 2)}


@pytest.mark.parametrize("limit", [7, N, 2 * N])
def test_page_after_page_everything_comes_once_and_never_in_another_order(own: Own, limit: int) -> None:
    def listed(narrowing: Narrowing = EVERYTHING) -> list[str]:
        ids, after = list[str](), None
        while True:
            page = own.list_properties(limit=limit, after=after, narrowing=narrowing)
            ids += [hit.property_id for hit in page.items]
            if (after := page.next) is None:
                return ids

    everything = listed()
    assert sorted(everything) == sorted(qdrant.property_names(N))
    assert listed() == everything
    condos = passing(own, Filters(property_type=("Condo",)))
    assert listed(Narrowing(Filters(property_type=("Condo",)))) == [i for i in everything if int(i[1:]) in condos]
    assert listed(Narrowing(only=["p3", "missing"])) == ["p3"]


def test_investors_are_listed_page_after_page_with_when_they_moved(own: Own) -> None:
    stored, found, after = {user.user_id: user for user in qdrant.investors(N)}, list[UserRecord](), None
    while True:
        page = own.list_users(limit=9, after=after)
        found += page.items
        if (after := page.next) is None:
            break
    assert sorted(record.user_id for record in found) == sorted(stored)
    for record in found:
        user = stored[record.user_id]
        assert (record.evidence, record.acted_on) == (user.evidence, user.acted_on)
        assert record.moved_at == max((event.time for event in user.history), default=None)


def test_look_alikes_leave_the_reference_out(own: Own) -> None:
    cosines = qdrant.unit_vectors(N) @ qdrant.unit_vectors(N)[4]
    hits = own.similar("p4", limit=3)
    assert [hit.property_id for hit in hits] == [f"p{i}" for i in np.argsort(-cosines)[1:4]]
    land = own.similar("p4", limit=N, filters=Filters(property_type=("Land",)))
    assert {hit.property_id for hit in land} == {f"p{i}" for i in range(N) if i % 3 == 1 and i != 4}


def test_what_is_missing_and_what_is_not_yours_are_the_same(index: qdrant.Index, tenant: UUID, own: Own) -> None:
    assert own.count("properties") == N
    for others in (index.of(uuid4(), qdrant.VERSION), index.of(tenant, OTHER_VERSION)):
        with pytest.raises(NotFound, match=r"^no such property$"):
            others.similar("p4", limit=3)
        assert others.get_properties(["p4"]) == {}
        assert others.get_user(4) is None
        assert others.search(qdrant.unit_vectors(1)[0], limit=N) == []
        assert others.search_users(qdrant.unit_vectors(1)[0], N) == []
        assert others.count("properties") == 0
        assert list(others.property_ids()) == []


@pytest.mark.case(14)
def test_the_same_ids_and_vectors_of_two_tenants_stay_apart(index: qdrant.Index, own: Own) -> None:
    theirs = index.of(uuid4(), qdrant.VERSION)
    theirs.upsert_properties(["p1"], qdrant.unit_vectors(N)[1:2], [{"zipcode": "other"}])
    mine = own.search(qdrant.unit_vectors(N)[1], limit=1)[0]
    hits = theirs.search(qdrant.unit_vectors(N)[1], limit=N)
    assert (mine.property_id, mine.payload["zipcode"]) == ("p1", "12201")
    assert [(hit.property_id, hit.payload) for hit in hits] == [("p1", {"zipcode": "other"})]
    theirs.delete_properties(["p1", "p2"])
    assert own.count("properties") == N


def test_an_investor_comes_back_as_stored(own: Own) -> None:
    stored = qdrant.investors(N)[9]
    user = own.get_user(9)
    assert user == stored
    assert user is not None
    assert user.vector == pytest.approx(stored.vector, abs=1e-6)
    assert own.get_user(N) is None


def test_the_largest_user_id_is_kept(own: Own) -> None:
    user = UserPoint(2**63 - 1, qdrant.unit_vectors(1)[0])
    own.upsert_users([user])
    assert own.get_user(2**63 - 1) == user


def test_the_nearest_investors_come_first(own: Own) -> None:
    vectors = np.stack([user.vector for user in qdrant.investors(N)])
    hits = own.search_users(vectors[9], 3)
    assert [hit.user_id for hit in hits] == np.argsort(-(vectors @ vectors[9]))[:3].tolist()
    assert (hits[0].evidence, hits[0].acted_on) == ({"view": 3, "deal": 1}, qdrant.investors(N)[9].acted_on)


def test_indexing_again_replaces_and_adds_nothing(own: Own) -> None:
    own.upsert_properties(["p0"], qdrant.unit_vectors(1, seed=9), [{"zipcode": "new"}])
    own.upsert_users(qdrant.investors(N))
    assert own.count("properties") == N
    assert own.count("users") == N
    assert own.get_properties(["p0"])["p0"].payload == {"zipcode": "new"}


def test_more_points_than_one_batch_or_page_are_all_there(index: qdrant.Index) -> None:
    own, n = index.of(uuid4(), qdrant.VERSION), 4321
    own.upsert_properties(qdrant.property_names(n), qdrant.unit_vectors(n), qdrant.property_rows(n))
    own.upsert_users(qdrant.investors(n))
    assert sorted(own.property_ids()) == sorted(qdrant.property_names(n))
    assert sorted(own.user_ids()) == list(range(n))
    assert set(own.get_properties(qdrant.property_names(n))) == set(qdrant.property_names(n))


def test_old_versions_go_and_the_kept_ones_and_other_tenants_stay(index: qdrant.Index, tenant: UUID, own: Own) -> None:
    old, newer, neighbours = index.of(tenant, "v1"), index.of(tenant, "v2"), index.of(uuid4(), "v1")
    for each in (old, newer, neighbours):
        each.upsert_properties(["p1"], qdrant.unit_vectors(1), [{}])
        each.upsert_users(qdrant.investors(1))
    own.delete_all_versions_but([qdrant.VERSION, "v2"])
    assert [each.count("properties") for each in (own, old, newer, neighbours)] == [N, 0, 1, 1]
    assert [each.count("users") for each in (own, old, newer, neighbours)] == [N, 0, 1, 1]


def test_deleted_properties_are_gone_and_only_they(own: Own) -> None:
    own.delete_properties(["p1", "p2", "missing"])
    own.delete_properties([])
    assert set(own.property_ids()) == set(qdrant.property_names(N)) - {"p1", "p2"}
