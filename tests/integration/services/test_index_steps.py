import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.errors import BundleRejected, IndexIncomplete, IndexUnavailable, ModelNotFound
from portfolio_twin.model.bundle.files import Provenance, pack
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.facts.refresh import refresh
from portfolio_twin.services.pipeline import index_shard
from portfolio_twin.services.pipeline.plan_index import ShardSizes, check_index
from portfolio_twin.services.pipeline.verify_index import verify_index
from tests.fakes.twins import narrow_twin, plain_layer, small_catalogue, small_twin
from tests.integration.fixtures.index import Market, make_market
from tests.integration.fixtures.s3 import FIRST, SECOND, THIRD

ALL = [f"p{i:02d}" for i in range(20)]


def test_a_model_of_other_dimensions_than_the_indexs_is_not_indexed(market: Market) -> None:
    twin = narrow_twin(small_catalogue(), THIRD)
    provenance = Provenance(market.tenant.tenant_id, {}, None, {}, "test")
    market.tenant.bucket.models.publish(THIRD, pack(twin, provenance, small_catalogue().take(np.arange(1)), {}))
    with pytest.raises(BundleRejected, match="embedding_dim is 8: what goes live must have 16"):
        check_index(market.run(THIRD))


def test_every_property_and_every_investor_is_indexed(market: Market) -> None:
    assert market.reindex() == {"properties": 20, "users": 2}
    assert market.indexed() == ALL


def test_a_property_is_indexed_with_what_is_known_of_it(market: Market) -> None:
    market.reindex()
    hit = market.index().get_properties(["p03"])["p03"]
    assert hit.payload == {"listing_price": 300_000.0, "square_footage": 1500.0, "property_type": "Condo"}


def test_a_property_carries_how_much_goes_on_around_it_and_every_reindex_counts_what_came_since(market: Market) -> None:
    tenant = market.tenant
    catalogue = Catalogue.from_rows(ALL, [{"listing_price": 3e5, "square_footage": 900.0 + i} for i in range(20)])
    twin = small_twin(catalogue, version=THIRD)
    layer, until = plain_layer(20, twin.schema.width), int(time.time())
    ranked = replace(twin, ranking=layer, learnt_until=until)
    provenance = Provenance(tenant.tenant_id, {}, None, {}, "test")
    tenant.bucket.models.publish(THIRD, pack(ranked, provenance, catalogue.take(np.arange(1)), {}))
    market.reindex(THIRD)
    assert activity(market, "p01", "p05") == {"p01": [1, 1, 1, 1], "p05": [0, 0, 0, 0]}
    market.act(7, "p05", "view", minutes_ago=0)
    market.act(8, "p05", "dislike", minutes_ago=0)
    market.act(9, "p05", "like", minutes_ago=60 * 24 * 45)
    assert market.plan(THIRD).mode == "changes"
    market.reindex(THIRD)
    assert activity(market, "p01", "p05") == {"p01": [1, 1, 1, 1], "p05": [2, 2, 2, 1]}
    market.act(10, "p01", "deal", minutes_ago=0)
    assert activity(market, "p01") == {"p01": [1, 1, 1, 1]}
    with_live = FixedTwin(tenant.tenant_id, tenant.stores, ranked)
    assert refresh(with_live, [10], ["p01", "gone"])
    assert activity(market, "p01") == {"p01": [2, 2, 2, 2]}
    point = market.index(THIRD).get_user(10)
    assert point is not None
    assert (point.acted_on, point.normaliser is not None) == (("p01",), True)


@dataclass(frozen=True)
class FixedTwin(Tenant):
    """A tenant whose live model is this one."""

    model: Twin

    def twin(self, *, fresh: bool = False) -> Twin:
        return self.model


def activity(market: Market, *names: str) -> dict[str, list[int]]:
    """Interactions in each window, as the points have them."""
    hits = market.index(THIRD).get_properties(names)
    return {name: np.expm1(np.array(hit.activity)).round().astype(int).tolist() for name, hit in hits.items()}


@pytest.mark.parametrize("at_once", [index_shard.USERS_AT_ONCE, 1])
def test_an_investor_is_indexed_as_the_twin_sees_them(
    at_once: int, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_shard, "USERS_AT_ONCE", at_once)
    assert market.reindex()["users"] == 2
    twin = market.run().twin()
    liked = market.index().get_properties(["p01"])["p01"].vector
    assert liked is not None
    point = market.index().get_user(1)
    assert point is not None
    assert point.vector == pytest.approx(twin.user_vector(liked[None], np.array([1.0])), abs=1e-5)
    assert (point.evidence, point.acted_on) == ({"like": 1}, ("p01",))


def test_indexing_twice_leaves_no_duplicates(market: Market) -> None:
    market.reindex()
    market.index_shards(market.plan(recreate=True).shards[:1])
    assert market.index().count("properties") == 20


def test_what_is_new_or_changed_is_all_that_the_next_run_indexes(market: Market) -> None:
    market.reindex()
    market.put("p05", price=999_000.0)
    market.put("p20")
    market.act(3, "p20")
    plan = market.plan()
    assert plan.mode == "changes"
    properties, users = plan.shards
    assert (market.index_shards([properties]), market.index_shards([users])) == (2, 1)
    assert market.index().get_properties(["p05"])["p05"].payload["listing_price"] == 999_000.0
    point = market.index().get_user(3)
    assert point is not None
    assert point.acted_on == ("p20",)


def test_more_than_a_tenth_missing_means_everything_anew(market: Market) -> None:
    market.reindex()
    market.index().delete_properties(ALL[:2])
    assert market.plan().mode == "changes"
    market.index().delete_properties(ALL[:3])
    assert market.plan().mode == "full"


def test_shards_cover_every_property_and_user_exactly_once(market: Market) -> None:
    plan = market.plan(sizes=ShardSizes(properties=7, users=1))
    assert [(shard.kind, market.index_shards([shard])) for shard in plan.shards] == [
        ("properties", 7), ("properties", 7), ("properties", 6), ("users", 1), ("users", 1),
    ]  # fmt: skip
    assert market.indexed() == ALL


@pytest.mark.case(29)
@pytest.mark.parametrize("shards_done", [1, 5, 9])
def test_a_reindex_killed_on_its_way_disturbs_no_reader_and_completes_when_run_again(
    market: Market, shards_done: int
) -> None:
    market.reindex(FIRST)
    before = market.index().search(np.ones(16) / 4, limit=20)
    tenths = market.plan(SECOND, sizes=ShardSizes(properties=2)).shards
    market.index_shards(tenths[:shards_done], SECOND)
    after = market.index().search(np.ones(16) / 4, limit=20)
    assert [(hit.property_id, hit.score) for hit in after] == [(hit.property_id, hit.score) for hit in before]
    assert market.reindex(SECOND) == {"properties": 20, "users": 2}
    assert market.index(SECOND).count("properties") == 20


@pytest.mark.case(23)
def test_points_of_properties_that_have_gone_are_dropped(market: Market) -> None:
    market.reindex()
    market.index().upsert_properties(["ghost"], np.ones((1, 16)) / 4, [{}])
    market.reindex()
    assert market.indexed() == ALL


def test_an_index_that_lacks_too_much_is_not_taken_for_whole(market: Market) -> None:
    plan = market.plan()
    market.index_shards(plan.shards)
    market.index().delete_properties(["p00"])
    assert verify_index(market.run(), plan.started_at)["properties"] == 19  # 95 %
    market.index().delete_properties(["p01"])
    with pytest.raises(IndexIncomplete, match="18 of 20"):
        verify_index(market.run(), plan.started_at)


def test_a_tenants_reindex_never_touches_anothers_points(market: Market) -> None:
    other = make_market(market.tenant.stores)
    other.put("only-theirs")
    market.reindex()
    other.reindex()
    assert (market.indexed(), other.indexed()) == (ALL, ["only-theirs", *ALL])


def test_an_index_that_does_not_answer_and_a_model_that_is_not_there_are_said_at_once(market: Market) -> None:
    with pytest.raises(ModelNotFound):
        check_index(market.run("20261109T020000Z-00000009"))
    market.tenant.stores.index = VectorIndex("http://127.0.0.1:9", None, 0.2)
    with pytest.raises(IndexUnavailable):
        check_index(market.run())
