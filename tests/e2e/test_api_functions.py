"""The API functions, built, in Lambda's container: by event, and behind `sam local start-api`."""

import json
import re
from uuid import uuid4

import httpx
import pytest
from safetensors.numpy import load

from infra.local.system import LocalSystem
from infra.local.twin.tokens import issue_token
from tests.e2e.containers import Answer, Pipeline, event_of, invoke


def ask(function: str) -> Answer:
    answer = invoke(function, event_of(function))
    assert answer["statusCode"] in (200, 201), answer
    body: Answer = json.loads(answer["body"])
    return body


def test_predict_answers_its_event(promoted: Pipeline) -> None:
    body = ask("Predict")
    assert 0 <= body["affinity_score"] <= 1
    assert body["model_version"] == promoted.event("PromoteModel")["version"]
    assert body["reasons"]


def test_recommend_answers_its_event(promoted: Pipeline) -> None:
    body = ask("Recommend")
    assert len(body["recommendations"]) == 5
    assert {item["property"]["property_type"] for item in body["recommendations"]} == {"Condo"}


def test_lookalike_answers_its_event(promoted: Pipeline) -> None:
    similar = ask("Lookalike")["results"]
    assert len(similar) == 5
    assert "HV-00001" not in [item["property_id"] for item in similar]


def test_browse_answers_its_event(promoted: Pipeline) -> None:
    live = ask("Browse")["live"]
    assert live["version"] == promoted.event("PromoteModel")["version"]


def test_feedback_answers_its_event(promoted: Pipeline) -> None:
    assert ask("Feedback")["twin_updated"] is True


@pytest.mark.usefixtures("system")
def test_the_explorer_answers_its_event_under_its_strict_policy() -> None:
    answer = invoke("Explorer", event_of("Explorer"))
    assert (answer["statusCode"], "default-src 'none'" in answer["headers"]["content-security-policy"]) == (200, True)


def test_predict_answers_over_http(api: httpx.Client) -> None:
    answer = api.post("/predict", json={"user_id": 57, "property_id": "HV-00003"})
    assert answer.status_code == 200, answer.text
    assert 0 <= answer.json()["affinity_score"] <= 1


def test_lookalike_answers_over_http(api: httpx.Client) -> None:
    answer = api.get("/properties/HV-00003/similar", params={"top_k": 3})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["results"]) == 3


def test_feedback_over_http_changes_the_next_recommendations(api: httpx.Client) -> None:
    investor = {"user_id": 900_001, "top_k": 5}
    before = api.post("/recommend", json=investor).json()
    liked = before["recommendations"][0]["property_id"]
    stored = api.post(f"/properties/{liked}/feedback", json={"user_id": 900_001, "kind": "like"})
    assert stored.status_code == 201, stored.text
    after = api.post("/recommend", json=investor).json()
    assert liked not in [item["property_id"] for item in after["recommendations"]]


def test_the_explorer_s_page_and_its_modules_arrive_over_http(api: httpx.Client) -> None:
    """Without a token, compressed, each as its own kind, and with what tells a browser to run nothing else."""
    page = httpx.get(str(api.base_url), timeout=60)
    assert (page.status_code, "default-src 'none'" in page.headers["content-security-policy"]) == (200, True)
    paths = re.findall(r'(?:src|href)="(/explorer/[^"]+)"', page.text)
    assert len(paths) >= 4
    for path in paths:
        file = httpx.get(f"{api.base_url}{path}", timeout=60)
        assert file.status_code == 200, path
        if path.endswith(".js"):
            assert "javascript" in file.headers["content-type"]
            assert file.headers["content-encoding"] == "gzip" or len(file.content) < 1000
            assert re.search(r"\b(import|export)\b", file.text), path


def test_browse_answers_over_http(api: httpx.Client, promoted: Pipeline) -> None:
    (first, *_) = api.get("/investors", params={"top_k": 3}).json()["investors"]
    investor = api.get(f"/investors/{first['user_id']}")
    assert (investor.status_code, bool(investor.json()["history"])) == (200, True), investor.text
    listed = api.post("/properties/search", json={"text": "HV-00003", "user_id": 57})
    assert [item["property_id"] for item in listed.json()["results"]] == ["HV-00003"], listed.text
    version = promoted.event("PromoteModel")["version"]
    details = api.get(f"/models/{version}").json()
    assert details["gates"]["decision"] == "passed"


def test_the_atlas_arrives_over_http_byte_for_byte(api: httpx.Client, promoted: Pipeline) -> None:
    version = promoted.event("PromoteModel")["version"]
    atlas, seen = api.get(f"/atlas/{version}"), api.get("/investors/57/atlas")
    assert (atlas.status_code, seen.status_code) == (200, 200), (atlas.text, seen.text)
    places, own = load(atlas.content), load(seen.content)
    assert len(places["x"]) == len(own["affinity"]) == 1500


def test_another_tenant_s_token_finds_nothing(api: httpx.Client, system: LocalSystem) -> None:
    stranger = {"Authorization": f"Bearer {issue_token(system.state, uuid4())}"}
    answer = api.post("/predict", json={"user_id": 57, "property_id": "HV-00003"}, headers=stranger)
    assert answer.status_code in (404, 503)
    assert "HV-00003" not in answer.text


@pytest.mark.parametrize("token", ["", "Bearer forged.token.here"])
def test_without_a_valid_token_nothing_is_answered(api: httpx.Client, token: str) -> None:
    answer = api.post("/predict", json={"user_id": 57, "property_id": "HV-00003"}, headers={"Authorization": token})
    assert answer.status_code in (401, 403)


def test_health_answers_without_a_token(api: httpx.Client) -> None:
    answer = httpx.get(f"{api.base_url}/health", timeout=60)
    assert answer.status_code == 200, answer.text
