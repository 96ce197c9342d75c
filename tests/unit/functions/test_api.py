"""The functions behind fakes: what they answer to good, bad and hostile requests (CASES 1 to 10)."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest

from portfolio_twin.adapters.qdrant.points import UserPoint
from portfolio_twin.domain.interactions import Event
from tests.fakes.api_client import Answer, ApiClient
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import Untouchable, fake_stores, serving
from tests.fakes.twins import TENANT_A, TENANT_B, small_catalogue, small_twin

A, B = ApiClient(TENANT_A), ApiClient(TENANT_B)
HOUSE = small_catalogue().row(3)
TWINS = {TENANT_A: small_twin(), TENANT_B: small_twin(seed=5)}
HISTORY = (Event("p1", "like", 100), Event("p2", "view", 90))


@pytest.fixture(autouse=True)
def index() -> Iterator[FakeVectorIndex]:
    fake = FakeVectorIndex()
    investor = UserPoint(1, TWINS[TENANT_A].user_vectors[0], {"like": 1, "view": 1}, HISTORY, ("p1",))
    fill(fake, TENANT_A, TWINS[TENANT_A], small_catalogue(), investor)
    with serving(fake_stores(TWINS, fake)):
        yield fake


def refused(answer: Answer, status: int) -> str:
    assert answer.status == status, answer.text
    error = answer.body["error"]
    assert set(error) == {"code", "message", "request_id"}
    assert "Traceback" not in answer.text
    return str(error["message"])


def test_predict_answers_with_score_confidence_version_and_strategy() -> None:
    answer = A.post("/predict", {"user_id": 1, "property_features": HOUSE, "explain": True})
    assert answer.status == 200
    assert 0 < answer.body["affinity_score"] < 1
    assert 0 < answer.body["confidence"] < 1
    assert (answer.body["strategy"], answer.body["model_version"]) == ("twin", small_twin().version)
    assert answer.body["reasons"]


def test_a_property_by_its_id_scores_as_by_its_features() -> None:
    by_id = A.post("/predict", {"user_id": 1, "property_id": "p3"})
    by_features = A.post("/predict", {"user_id": 1, "property_features": HOUSE})
    assert by_id.body["affinity_score"] == pytest.approx(by_features.body["affinity_score"], abs=1e-6)


def test_an_audience_without_those_who_acted_goes_on_until_it_is_full(index: FakeVectorIndex) -> None:
    """A hundred who have bought it are nearer to it than the ten who have not."""
    twin = small_twin()
    nearest, farthest = twin.property_vectors[3], -twin.property_vectors[3]
    index.of(TENANT_A, twin.version).upsert_users(
        [UserPoint(10 + i, nearest if i < 100 else farthest, acted_on=("p3",) if i < 100 else ()) for i in range(110)]
    )
    fresh = A.get("/properties/p3/audience?exclude_acted=true&top_k=5").body["investors"]
    assert len(fresh) == 5
    assert not any(investor["acted_on"] for investor in fresh)


@pytest.mark.case(7)
def test_an_unknown_user_gets_the_markets_taste_and_it_is_called_so() -> None:
    for path, rest in (("/predict", {"property_features": HOUSE}), ("/recommend", {})):
        answer = A.post(path, {"user_id": 987654321, **rest})
        assert (answer.status, answer.body["strategy"]) == (200, "popular")


def test_the_embedding_has_sixteen_numbers_of_norm_one() -> None:
    vector = A.post("/embedding", {"property_features": HOUSE}).body["embedding"]
    assert len(vector) == 16
    assert sum(x * x for x in vector) == pytest.approx(1, abs=1e-5)


def test_recommendations_are_ranked_and_never_repeat_what_was_acted_on() -> None:
    items = A.post("/recommend", {"user_id": 1, "top_k": 60}).body["recommendations"]
    ids, scores = [f["property_id"] for f in items], [f["affinity_score"] for f in items]
    assert scores == sorted(scores, reverse=True)
    assert "p1" not in ids  # liked
    assert "p2" in ids  # only looked at
    assert len(set(ids)) == 59
    assert items[0]["reasons"]
    assert "tenant_id" not in json.dumps(items)


def test_the_three_ways_to_ask_for_recommendations_agree() -> None:
    answers = [
        A.post("/recommend", {"user_id": 1, "top_k": 3}),
        A.post("/search/recommend", {"user_id": 1, "top_k": 3}),
        A.get("/properties/recommendations?user_id=1&top_k=3"),
    ]
    assert answers[0].body == answers[1].body == answers[2].body


def test_filters_candidates_and_buy_box_narrow() -> None:
    condos = A.post("/recommend", {"user_id": 1, "top_k": 50, "filters": {"property_type": ["Condo"]}})
    assert {f["property"]["property_type"] for f in condos.body["recommendations"]} == {"Condo"}
    named = A.post("/recommend", {"user_id": 1, "candidate_property_ids": ["p5", "p6", "nobody's"]})
    assert {f["property_id"] for f in named.body["recommendations"]} == {"p5", "p6"}
    box = A.post("/recommend", {"user_id": 9, "buy_box": {"price": {"max": 300000}, "property_type": ["Condo"]}})
    assert box.body["strategy"] == "buy_box"
    assert all(f["property"]["listing_price"] <= 300000 for f in box.body["recommendations"])
    twice = A.post("/recommend", {"user_id": 1, "filters": {"price": {"max": 3}}, "buy_box": {"price": {"max": 3}}})
    assert "price" in refused(twice, 422)


@pytest.fixture
def with_sold(index: FakeVectorIndex) -> dict[str, str | None]:
    """The status of each property, when a third of them are sold, withdrawn or of unknown status."""
    statuses = {f"p{i}": status for i, status in zip(range(3, 12), ("Sold", "Off Market", None) * 3, strict=True)}
    own, twin = index.of(TENANT_A, small_twin().version), small_twin()
    for i, (name, status) in enumerate(statuses.items(), start=3):
        own.upsert_properties(
            [name], twin.property_vectors[i : i + 1], [small_catalogue().row(i) | {"listing_status": status}]
        )
    return {f"p{i}": small_catalogue().row(i)["listing_status"] for i in range(60)} | statuses


def test_what_is_recommended_is_on_the_market_unless_a_status_is_named(with_sold: dict[str, str | None]) -> None:
    def statuses(**more: Any) -> set[str | None]:
        items = A.post("/recommend", {"user_id": 1, "top_k": 100, **more}).body["recommendations"]
        assert {f["property_id"]: f["property"].get("listing_status") for f in items}.items() <= with_sold.items()
        return {f["property"].get("listing_status") for f in items}

    assert statuses() == statuses(filters={"bedrooms": {"min": 0}}) == {"Active", "Pending", None}
    assert statuses(filters={"listing_status": ["Sold"]}) == statuses(buy_box={"listing_status": ["Sold"]}) == {"Sold"}
    by_query = A.get("/properties/recommendations?user_id=1&top_k=100&listing_status=Off+Market").body[
        "recommendations"
    ]
    assert {f["property"]["listing_status"] for f in by_query} == {"Off Market"}


def test_look_alikes_show_what_is_sold_too_and_say_so(with_sold: dict[str, str | None]) -> None:
    everything = A.get("/properties/p20/similar?top_k=100").body
    assert {f["property"].get("listing_status") for f in everything["results"]} == set(with_sold.values())
    assert everything["listing_status"] == ["Active", "Pending", "Sold", "Off Market", "unknown"]
    sold = A.get("/properties/p20/similar?top_k=100&listing_status=Sold").body
    assert {f["property"]["listing_status"] for f in sold["results"]} == set(sold["listing_status"]) == {"Sold"}


def test_a_candidate_that_is_not_recommended_is_told_with_the_reason(with_sold: dict[str, str | None]) -> None:
    candidates = ["nobody's", "p1", "p20", "p3", "p21", "p22", "p20"]
    body = {"user_id": 1, "candidate_property_ids": candidates, "top_k": 1, "filters": {"zipcode": ["12200", "12201"]}}
    answer = A.post("/recommend", body).body
    best = answer["recommendations"][0]["property_id"]
    (other,) = {"p20", "p21"} - {best}
    reasons = {"nobody's": "unknown", "p1": "acted_on", "p3": "off_market", "p22": "filtered", other: "outranked"}
    told = [(each["property_id"], each["reason"]) for each in answer["left_out"]]
    assert told == [(name, reasons[name]) for name in dict.fromkeys(candidates) if name != best]
    named = A.post("/recommend", body | {"filters": {"listing_status": ["Active"]}}).body["left_out"]
    assert {"property_id": "p3", "reason": "filtered"} in named
    assert A.post("/recommend", {"user_id": 1}).body["left_out"] == []


def test_all_of_a_thousand_candidates_are_ranked_or_told(index: FakeVectorIndex) -> None:
    twin, catalogue = small_twin(), small_catalogue(600, prefix="many")
    rows = [catalogue.row(i) for i in range(600)]
    index.of(TENANT_A, twin.version).upsert_properties(list(catalogue.ids), twin.embed(catalogue), rows)
    body = {"user_id": 1, "candidate_property_ids": [*catalogue.ids, *(f"gone{i}" for i in range(400))], "top_k": 100}
    answer = A.post("/recommend", body).body
    counts = Counter(each["reason"] for each in answer["left_out"])
    assert (len(answer["recommendations"]), counts) == (100, {"outranked": 500, "unknown": 400})


def test_diversity_spreads_the_answers() -> None:
    twin = small_twin()

    def likeness(diversity: float) -> float:
        body = {"user_id": 1, "top_k": 5, "diversity": diversity}
        items = A.post("/recommend", body).body["recommendations"]
        vectors = twin.property_vectors[[twin.property_rows[f["property_id"]] for f in items]]
        return float((vectors @ vectors.T).mean())

    assert likeness(0.9) < likeness(0.3) < likeness(0.0)


def test_discover_new_leaves_the_markets_share_out() -> None:
    usual = A.post("/recommend", {"user_id": 1}).body["recommendations"]
    new = A.post("/recommend", {"user_id": 1, "discover_new": True}).body["recommendations"]
    assert [f["affinity_score"] for f in usual] != [f["affinity_score"] for f in new]


def test_look_alikes_leave_the_reference_out_and_agree_by_both_names() -> None:
    one, two = A.get("/properties/p3/similar?top_k=5"), A.get("/search/look-alikes/p3?top_k=5")
    assert one.body == two.body
    assert "p3" not in {f["property_id"] for f in one.body["results"]}
    assert len(one.body["results"]) == 5


def test_similar_by_embedding_finds_the_property_itself_first() -> None:
    vector = A.post("/embedding", {"property_features": HOUSE}).body["embedding"]
    first = A.post("/search/similar", {"embedding": vector, "top_k": 1}).body["results"][0]
    assert first["property_id"] == "p3"
    assert first["similarity_score"] == pytest.approx(1, abs=1e-5)


def similar(**body: Any) -> Answer:
    return A.post("/search/similar", {"top_k": 60} | body)


def test_look_alikes_of_several_are_near_to_their_mean_and_far_from_what_is_not_wanted() -> None:
    twin = small_twin()
    p2, p3, p8 = (twin.property_vectors[twin.property_rows[name]] for name in ("p2", "p3", "p8"))
    answer = similar(positive=["p2", "p3"], negative=["p8"])
    direction = (p2 + p3) / 2 - p8 / 2
    cosines = twin.property_vectors @ direction / np.linalg.norm(direction)
    best = [name for _, name in sorted(zip(-cosines, twin.property_ids, strict=True)) if name not in {"p2", "p3", "p8"}]
    assert [each["property_id"] for each in answer.body["results"]] == best
    first = answer.body["results"][0]
    assert first["similarity_score"] == pytest.approx(float(cosines[twin.property_rows[best[0]]]), abs=1e-5)


def test_an_embedding_is_an_example_like_a_property() -> None:
    vector = A.post("/embedding", {"property_features": HOUSE}).body["embedding"]
    scaled = [7 * number for number in vector]
    both = [
        similar(**each).body["results"]
        for each in ({"embedding": scaled, "positive": ["p8"]}, {"positive": ["p3", "p8"]})
    ]
    assert [each["property_id"] for each in both[0] if each["property_id"] != "p3"] == [
        each["property_id"] for each in both[1]
    ]


@pytest.mark.parametrize(
    "body", [{}, {"negative": ["p1"]}, {"positive": ["p1"], "negative": ["p1", "p1"], "embedding": None, "top_k": 0},
             {"positive": ["p1"] * 101}, {"positive": [3]}, {"positive": "p1"}],
)  # fmt: skip
def test_examples_that_say_nothing_are_422(body: dict[str, Any]) -> None:
    refused(similar(**body), 422)


def test_an_example_that_is_not_there_or_anothers_is_404_and_named_by_its_position() -> None:
    assert "negative.1" in refused(similar(positive=["p1"], negative=["p2", "never-was"]), 404)
    theirs, missing = (B.post("/search/similar", {"positive": [name]}) for name in ("p1", "never-was"))
    assert refused(theirs, 404) == refused(missing, 404)


def test_the_audience_of_a_property_is_ranked_by_affinity() -> None:
    body = A.get("/properties/p3/audience").body
    assert [(i["user_id"], i["evidence"]) for i in body["investors"]] == [(1, {"like": 1, "view": 1})]


def test_what_was_acted_on_is_marked_in_the_audience_the_prediction_and_the_explanation(
    index: FakeVectorIndex,
) -> None:
    """p1 is liked, p2 only looked at, p3 unknown to investor 1; investor 2 dislikes p3 and nothing else."""
    own, twin = index.of(TENANT_A, small_twin().version), small_twin()
    own.upsert_users([UserPoint(2, twin.market.vector, {"dislike": 1}, (Event("p3", "dislike", 1),), ("p3",))])

    def marks(property_id: str) -> dict[int, bool]:
        return {i["user_id"]: i["acted_on"] for i in A.get(f"/properties/{property_id}/audience").body["investors"]}

    assert [marks(name) for name in ("p1", "p2", "p3")] == [
        {1: True, 2: False},
        {1: False, 2: False},
        {1: False, 2: True},
    ]
    fresh = A.get("/properties/p3/audience?exclude_acted=true").body["investors"]
    assert [investor["user_id"] for investor in fresh] == [1]
    for user, name, acted in ((1, "p1", True), (1, "p2", False), (2, "p3", True), (77, "p3", False)):
        about = {"user_id": user, "property_id": name}
        assert A.post("/predict", about).body["acted_on"] is acted
        explained = A.post("/explain", {"user_id": user, "property": {"property_id": name}})
        assert explained.body["acted_on"] is acted
    by_features = A.post("/predict", {"user_id": 1, "property_features": HOUSE})
    assert by_features.body["acted_on"] is None


@pytest.mark.parametrize(("number", "truth"), [(0, False), (1, True), (1.0, True)])
def test_zero_and_one_are_no_and_yes(number: float, truth: bool) -> None:
    by_number, by_truth = (
        A.post("/predict", {"user_id": 1, "property_features": HOUSE | {"renovation_needed": value}})
        for value in (number, truth)
    )
    assert (by_number.status, by_number.body) == (200, by_truth.body)


@pytest.mark.parametrize(
    ("path", "body", "term"),
    [
        ("/recommend", {"user_id": 1, "filters": {"property_type": "Condo"}}, "array"),
        ("/recommend", {"user_id": 1, "filters": {"property_type": []}}, "Array"),
        ("/recommend", {"user_id": 1, "filters": 3}, "object"),
        ("/recommend", {"user_id": 1, "candidate_property_ids": []}, "Array"),
        ("/predict", {"user_id": 1, "property_features": []}, "object"),
        ("/interactions", {"interactions": {}}, "array"),
    ],
)
def test_a_fault_is_told_in_the_words_of_json(path: str, body: dict[str, Any], term: str) -> None:
    message = refused(A.post(path, body), 422)
    assert term in message
    assert not re.search("tuple|list|dictionary|instance", message, re.IGNORECASE)


def test_the_explanation_adds_up() -> None:
    body = A.post("/explain", {"user_id": 1, "property": {"property_id": "p3"}}).body
    total = sum(part["contribution"] for part in body["contributions"])
    log_odds = [math.log(p / (1 - p)) for p in (body["affinity_score"], body["baseline_score"])]
    assert total == pytest.approx(log_odds[0] - log_odds[1], abs=1e-3)
    assert body["nearest_liked"][0]["property_id"] == "p1"


@pytest.mark.case(1)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("path", ["/predict", "/batch_predict"])
def test_json_in_another_encoding_than_utf_8_is_400_and_says_so(path: str, encoding: str) -> None:
    sound = {"user_id": 1} | ({"properties": [HOUSE]} if path == "/batch_predict" else {"property_features": HOUSE})
    assert A.post(path, raw=json.dumps(sound).encode()).status == 200
    assert "UTF-8" in refused(A.post(path, raw=json.dumps(sound).encode(encoding)), 400)


def test_a_body_that_no_encoding_could_have_made_is_400() -> None:
    from functions.api.predict import app as predict
    from infra.local.cloud.http_event import HttpRequest
    from infra.local.cloud.lambda_context import LambdaContext

    event = HttpRequest("POST", "/predict").event({"tenant_id": str(TENANT_A)}) | {"body": '{"x": "\ud800"}'}
    assert predict.lambda_handler(event, LambdaContext("test", "request-1"))["statusCode"] == 400


@pytest.mark.case(1)
@pytest.mark.parametrize("raw", [b"{", b"not json", b'{"user_id": 1', b"\xff\xfe{", b"[" * 100_000])
@pytest.mark.parametrize("path", ["/predict", "/batch_predict", "/recommend"])
def test_a_body_that_cannot_be_read_is_400(path: str, raw: bytes) -> None:
    refused(A.post(path, raw=raw), 400)


@pytest.mark.case(1)
@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"3", b'"x"'])
@pytest.mark.parametrize(
    "path", ["/predict", "/batch_predict", "/recommend", "/explain", "/search/similar", "/interactions"]
)
def test_a_body_that_is_no_object_is_422(path: str, raw: bytes) -> None:
    refused(A.post(path, raw=raw), 422)


@pytest.mark.case(2, 3, 5)
@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", "true", '"12"', "-1", "[]", "{}", "1" * 400, '"\\ud800"']
)
def test_what_is_no_price_is_422(value: str) -> None:
    raw = b'{"user_id": 1, "property_features": {"listing_price": %s}}' % value.encode()
    refused(A.post("/predict", raw=raw), 422)


@pytest.mark.case(3, 5, 8)
@pytest.mark.parametrize(
    "features",
    [
        {"lat": 91.0}, {"lon": -181.0}, {"year_built": 3000}, {"year_built": 1990.5}, {"condition_score": 1.1},
        {"zipcode": "a\x00b"}, {"zipcode": "\ud800"}, {"zipcode": 12345}, {"property_type": "Castle"},
        {"listing_status": "sold"}, {"renovation_needed": 2}, {"renovation_needed": "1"},
        {"attributes": {"\ud800": 1.0}}, {"attributes": {"a": [1]}},
        {"tenant_id": str(TENANT_B)}, {"model_version": "x"}, {"surprise": 1},
    ],
)  # fmt: skip
def test_a_field_that_breaks_its_rule_is_422_and_never_echoed(features: dict[str, Any]) -> None:
    answer = A.post("/predict", {"user_id": 1, "property_features": features})
    refused(answer, 422)
    assert str(TENANT_B) not in answer.text


@pytest.mark.case(4, 5)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", {"user_id": 1}),
        ("/predict", {"user_id": 1, "property_id": "p1", "property_features": {}}),
        ("/predict", {"user_id": -1, "property_features": {}}),
        ("/predict", {"user_id": 2**64, "property_features": {}}),
        ("/predict", {"user_id": "1", "property_features": {}}),
        ("/predict", {"user_id": 1, "property_features": {}, "tenant_id": str(TENANT_B)}),
        ("/recommend", {"user_id": 1, "top_k": 0}),
        ("/recommend", {"user_id": 1, "top_k": -1}),
        ("/recommend", {"user_id": 1, "top_k": 10**9}),
        ("/recommend", {"user_id": 1, "filters": {"price": {"min": 5, "max": 4}}}),
        ("/recommend", {"user_id": 1, "filters": {"property_type": []}}),
        ("/recommend", {"user_id": 1, "filters": {"location": {"lat": 91, "lon": 0, "radius_km": 1}}}),
        ("/recommend", {"user_id": 1, "diversity": 1.5}),
        ("/recommend", {"user_id": 1, "candidate_property_ids": []}),
        ("/recommend", {"user_id": 1, "buy_box": {"bedrooms": {"min": -1}}}),
        ("/search/similar", {"embedding": [0.0] * 16}),
        ("/search/similar", {"embedding": [1.0] * 15}),
        ("/search/similar", {"embedding": []}),
        ("/search/similar", {"embedding": [1e308] * 16}),
        ("/batch_predict", {"user_id": 1, "properties": []}),
        ("/batch_predict", {"user_id": 1, "properties": [{}] * 10_001}),
        ("/interactions", {"interactions": []}),
        ("/interactions", {"interactions": [{}] * 1_001}),
        ("/properties/p1/feedback", {"user_id": 1, "kind": "love"}),
        ("/properties/p1/feedback", {"user_id": 1, "kind": "like", "occurred_at": "2020-01-01T00:00:00Z"}),
    ],
)
def test_a_request_that_breaks_a_rule_is_422_before_any_store_is_touched(path: str, body: dict[str, Any]) -> None:
    refused(A.post(path, body), 422)


@pytest.mark.parametrize(
    "query", ["", "?user_id=x", "?user_id=1&top_k=0", "?user_id=1&top_k=1000000000", "?user_id=-1"]
)
def test_a_query_that_breaks_a_rule_is_422(query: str) -> None:
    refused(A.get(f"/properties/recommendations{query}"), 422)


@pytest.mark.case(4)
def test_one_bad_item_in_a_hundred_gives_one_error_in_its_place() -> None:
    items: list[dict[str, Any]] = [HOUSE] * 100
    items[41] = {"lat": 91.0, "\ud800": 1}
    answer = A.post("/batch_predict", {"user_id": 1, "properties": items})
    assert (answer.status, answer.body["user_id"]) == (200, 1)
    errors = [position for position, result in enumerate(answer.body["results"]) if "error" in result]
    assert errors == [41]
    assert answer.body["results"][0] == pytest.approx(answer.body["results"][99])
    single = A.post("/predict", {"user_id": 1, "property_features": HOUSE}).body
    assert answer.body["results"][0]["affinity_score"] == pytest.approx(single["affinity_score"], abs=1e-6)


@pytest.mark.case(6)
def test_a_body_of_six_megabytes_is_413() -> None:
    assert refused(A.post("/predict", raw=b" " * 6_000_000), 413)


@pytest.mark.case(2)
def test_the_next_hundred_requests_after_hostile_ones_are_right() -> None:
    right = A.post("/predict", {"user_id": 1, "property_features": HOUSE}).body
    for raw in (b'{"user_id": 1, "property_features": {"zipcode": "\\ud800"}}', b"{", b"NaN"):
        A.post("/predict", raw=raw)
        for _ in range(100):
            assert A.post("/predict", {"user_id": 1, "property_features": HOUSE}).body == right


@pytest.mark.case(9)
def test_another_tenants_property_is_the_same_404_as_a_missing_one() -> None:
    for path in ("/properties/{}/similar", "/search/look-alikes/{}", "/properties/{}/audience"):
        assert refused(B.get(path.format("p3")), 404) == refused(B.get(path.format("never-was")), 404)
    theirs, missing = (B.post("/predict", {"user_id": 1, "property_id": name}) for name in ("p3", "never-was"))
    assert refused(theirs, 404) == refused(missing, 404)


@pytest.mark.case(8)
def test_header_and_query_cannot_name_a_tenant() -> None:
    headers = {"x-tenant-id": str(TENANT_A), "tenant_id": str(TENANT_A)}
    assert B.get("/properties/recommendations?user_id=1", headers=headers).body["recommendations"] == []
    for answer in (
        B.get(f"/properties/recommendations?user_id=1&tenant_id={TENANT_A}"),
        B.post(f"/recommend?tenant_id={TENANT_A}", {"user_id": 1}),
    ):
        assert "tenant_id" in refused(answer, 422)


@pytest.mark.case(10)
@pytest.mark.parametrize("claim", [None, "", "not-a-uuid", ["x"], 7])
def test_a_claim_that_names_no_tenant_is_403(claim: Any) -> None:
    claims = {} if claim is None else {"tenant_id": claim}
    refused(ApiClient(TENANT_A, claims=claims).post("/recommend", {"user_id": 1}), 403)


@pytest.mark.case(10)
def test_a_handler_without_claims_answers_401() -> None:
    refused(ApiClient(TENANT_A, claims=None).post("/recommend", {"user_id": 1}), 401)


def test_without_a_model_the_answer_is_503_with_a_time_to_try_again() -> None:
    answer = ApiClient(UUID(int=7)).post("/recommend", {"user_id": 1})
    refused(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.case(22)
def test_when_the_index_is_down_predict_answers_degraded_and_recommend_is_503(index: FakeVectorIndex) -> None:
    index.down = True
    for body in ({"property_features": HOUSE}, {"property_id": "p3"}):
        answer = A.post("/predict", {"user_id": 3, **body})
        assert (answer.status, answer.body["degraded"], answer.body["acted_on"]) == (200, True, None)
        assert answer.body["strategy"] == "twin"
    refused(A.post("/recommend", {"user_id": 1}), 503)
    refused(A.get("/properties/p3/similar"), 503)


def test_an_unknown_route_and_a_wrong_method_are_told_in_the_same_shape() -> None:
    refused(A.post("/predict/nothing", {}), 404)
    refused(A.send("DELETE", "/recommend"), 405)


def test_a_fault_of_ours_is_500_without_a_trace(index: FakeVectorIndex) -> None:
    broken = fake_stores(TWINS, index)
    broken.twins = cast("Any", Untouchable())
    with serving(broken, "predict"):
        assert refused(A.post("/predict", {"user_id": 1, "property_features": HOUSE}), 500)
