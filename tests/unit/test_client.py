"""The client against servers that misbehave, and against the gateway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.cloud.gateway import Gateway, content_of
from infra.local.cloud.http_event import HttpRequest
from infra.local.twin.tokens import issue_token
from portfolio_twin import errors
from portfolio_twin.client import TwinClient
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import fake_stores, serving
from tests.fakes.twins import TENANT_A, small_catalogue, small_twin

DOWN = httpx.Response(503, json={"error": {"code": "IndexUnavailable", "message": "down", "request_id": "r"}})


class Server(httpx.BaseTransport):
    """Answers with one after the other; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.asked = list(answers), list[httpx.Request]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(server: httpx.BaseTransport, **options: Any) -> TwinClient:
    return TwinClient("http://twin", "token", transport=server, **options)


def test_what_is_down_is_asked_again_with_the_same_key() -> None:
    refused = httpx.Response(503, headers={"retry-after": "0"}, json={})
    server = Server(refused, httpx.ConnectError("nobody there"), httpx.Response(201, json={"kind": "like"}))
    assert client(server).feedback("p/1", 7, "like") == {"kind": "like"}
    assert len({request.headers["idempotency-key"] for request in server.asked}) == 1
    assert [request.url.raw_path for request in server.asked] == [b"/properties/p%2F1/feedback"] * 3
    assert server.asked[0].headers["authorization"] == "Bearer token"


def test_each_feedback_has_a_key_of_its_own() -> None:
    server = Server(httpx.Response(201, json={}), httpx.Response(201, json={}))
    twin = client(server)
    for _ in range(2):
        twin.feedback("p1", 7, "like")
    assert len({request.headers["idempotency-key"] for request in server.asked}) == 2


@pytest.mark.parametrize(
    ("last", "error"), [(DOWN, errors.IndexUnavailable), (httpx.ReadTimeout("slow"), errors.Unavailable)]
)
def test_what_stays_down_raises_in_the_end(last: Any, error: type[Exception]) -> None:
    server = Server(last, last)
    with pytest.raises(error):
        client(server, tries=2).get("/models")
    assert len(server.asked) == 2


def test_a_refusal_is_raised_by_its_name_and_not_asked_again() -> None:
    server = Server(httpx.Response(404, json={"error": {"code": "NotFound", "message": "no such property"}}))
    with pytest.raises(errors.NotFound, match="no such property"):
        client(server).similar("p1")
    other = Server(httpx.Response(403, json={"message": "Forbidden"}))  # API Gateway's own
    with pytest.raises(errors.TwinError, match="Forbidden"):
        client(other).get("/models")


def test_a_file_is_answered_as_its_bytes() -> None:
    atlas, media = b"\x08\x00\xff{}", {"content-type": "application/octet-stream"}
    server = Server(httpx.Response(200, content=atlas, headers=media))
    assert client(server).get("/investors/374/atlas") == atlas


def test_a_large_file_is_fetched_from_the_link_without_the_token() -> None:
    linked = httpx.Response(307, headers={"location": "https://bucket/atlas?signed"})
    server = Server(linked, httpx.Response(200, content=b"\xff", headers={"content-type": "binary/octet-stream"}))
    assert client(server).get("/atlas/v1") == b"\xff"
    assert server.asked[1].url == "https://bucket/atlas?signed"
    assert "authorization" not in server.asked[1].headers


def test_a_token_can_be_a_function_that_is_asked_each_time() -> None:
    tokens = iter(("one", "two"))
    server = Server(DOWN, httpx.Response(200, json={}))
    TwinClient("http://twin", lambda: next(tokens), transport=server).get("/models")
    assert [request.headers["authorization"] for request in server.asked] == ["Bearer one", "Bearer two"]


def test_many_events_go_in_requests_of_a_thousand() -> None:
    server = Server(*(httpx.Response(200, json={"results": [{"n": n}]}) for n in range(3)))
    assert list(client(server).record({"user_id": n} for n in range(2_500))) == [{"n": 0}, {"n": 1}, {"n": 2}]


class Behind(httpx.BaseTransport):
    """The local gateway, in process."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        asked = HttpRequest(request.method, path, query, dict(request.headers), request.read())
        answer = self.gateway.workers.submit(self.gateway.invoke, asked).result()
        return httpx.Response(answer["statusCode"], headers=answer.get("headers"), content=content_of(answer))


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[TwinClient]:
    index = FakeVectorIndex()
    fill(index, TENANT_A, small_twin(), small_catalogue())
    gateway = Gateway(tmp_path)
    made = TwinClient("http://twin", issue_token(tmp_path, TENANT_A), transport=Behind(gateway))
    with serving(fake_stores({TENANT_A: small_twin()}, index)), made:
        yield made
    gateway.close()


def test_the_client_reads_every_page_of_the_gateway(twin: TwinClient) -> None:
    whole = [each["property_id"] for each in twin.recommend(9, top_k=100, explain=False)]
    assert [each["property_id"] for each in twin.recommend(9, top_k=25, explain=False)] == whole
    assert len(whole) == 60
    assert next(twin.recommend(9, skip=3, top_k=1, explain=False))["property_id"] == whole[3]


def test_the_client_predicts_by_id_and_by_fields_and_finds_what_is_alike(twin: TwinClient) -> None:
    by_id, by_fields = twin.predict(9, "p3"), twin.predict(9, small_catalogue().row(3))
    assert by_id["affinity_score"] == pytest.approx(by_fields["affinity_score"], abs=1e-6)
    assert {each["property"]["zipcode"] for each in twin.similar("p3", zipcode="12201", top_k=50)} == {"12201"}
    assert twin.audience("p3") == []
    with pytest.raises(errors.InvalidInput, match="colour"):
        twin.similar("p3", colour="blue")
