"""The API from Python: `TwinClient("https://…", token)`. It needs httpx:
`pip install 'PATH_TO_CHECKOUT[client]'`.

An answer is the JSON that docs/api.md shows, or the bytes of a file (an atlas). A refusal raises the error of
`portfolio_twin.errors` that it names. What is down, or asked too often, is asked again: nothing is stored twice, for
every write says which one it is.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from portfolio_twin import errors

Item = TypeVar("Item")
Answer = dict[str, Any]
Fields = Mapping[str, Any]  # of a property, as PropertyFeatures has them

AGAIN = (429, 502, 503, 504)  # too many, or nobody there: the same request may be answered a moment later
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 20.0
ITEMS_AT_ONCE = 1_000


class TwinClient:
    """One tenant, which the token names; `token` may be a function that gives a fresh one."""

    def __init__(
        self, url: str, token: str | Callable[[], str], *, timeout: float = 30.0, tries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._token = token if callable(token) else lambda: token
        self._http = httpx.Client(base_url=url, timeout=timeout, transport=transport)
        self._tries = tries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # What an investor wants

    def predict(self, user_id: int, wanted: str | Fields, *, explain: bool = False) -> Answer:
        """How well a property matches, by its id or by its fields."""
        named = "property_id" if isinstance(wanted, str) else "property_features"
        return self.post("/predict", {"user_id": user_id, named: wanted, "explain": explain})

    def recommend(self, user_id: int, **question: Any) -> Iterator[Answer]:
        """The best properties, one after the other as long as there are any; `question` as of POST /recommend."""
        yield from self.pages("/recommend", {"user_id": user_id} | question, "recommendations")

    def similar(self, property_id: str, **filters: Any) -> list[Answer]:
        return list(self.get(f"/properties/{_quoted(property_id)}/similar", **filters)["results"])

    def audience(self, property_id: str, top_k: int = 10, *, exclude_acted: bool = False) -> list[Answer]:
        """Who would want it; `exclude_acted`: of those who have not acted on it yet."""
        question = {"top_k": top_k, "exclude_acted": exclude_acted}
        return list(self.get(f"/properties/{_quoted(property_id)}/audience", **question)["investors"])

    # What happened, and what there is

    def feedback(self, property_id: str, user_id: int, kind: str, because: Iterable[str] = ()) -> Answer:
        body = {"user_id": user_id, "kind": kind, "because": list(because)}
        return self.post(f"/properties/{_quoted(property_id)}/feedback", body)

    def record(self, interactions: Iterable[Fields]) -> Iterator[Answer]:
        """Any number of events: one result or one error each, in their order."""
        for some in _batches(interactions):
            yield from self.post("/interactions", {"interactions": list(some)})["results"]

    def put_properties(self, properties: Iterable[tuple[str, Fields]]) -> Iterator[Answer]:
        """Any number of (id, fields), each replaced or made: one result or one error each, in their order."""
        for some in _batches(properties):
            items = [{"property_id": name, "property": fields} for name, fields in some]
            yield from self.post("/properties", {"properties": items})["results"]

    # Any route

    def get(self, path: str, **query: Any) -> Any:
        """An Answer; bytes where the route answers with a file."""
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Fields) -> Answer:
        return dict(self.request("POST", path, body))

    def put(self, path: str, body: Fields) -> Answer:
        return dict(self.request("PUT", path, body))

    def patch(self, path: str, body: Fields) -> Answer:
        return dict(self.request("PATCH", path, body))

    def delete(self, path: str) -> Answer:
        return dict(self.request("DELETE", path))

    def pages(self, path: str, question: Fields, items: str) -> Iterator[Answer]:
        """All `items` of a question whose answers have a `next_cursor`."""
        answer = self.post(path, question)
        yield from answer[items]
        rest = {name: value for name, value in question.items() if name != "skip"}
        while cursor := answer["next_cursor"]:
            answer = self.post(path, {**rest, "cursor": cursor})
            yield from answer[items]

    def request(self, method: str, path: str, body: Fields | None = None, query: Fields | None = None) -> Any:
        """Asked again where that may help; raises what `portfolio_twin.errors` has, Unavailable in the end."""
        reads = method == "GET"  # a large atlas is a link to follow
        key = {"Idempotency-Key": str(uuid4())} if path.endswith("/feedback") else {}
        for attempt in range(self._tries):
            last = attempt == self._tries - 1
            try:
                headers = {"Authorization": f"Bearer {self._token()}", **key}
                response = self._http.request(
                    method, path, json=body, params=query, headers=headers, follow_redirects=reads
                )
            except httpx.TransportError as error:
                if last:
                    raise errors.Unavailable(f"{method} {path}: {error}") from error
                time.sleep(_wait(attempt, None))
                continue
            if response.status_code not in AGAIN or last:
                return _answer(response)
            time.sleep(_wait(attempt, response.headers.get("retry-after")))
        raise ValueError("tries must be at least 1")


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while some := list(islice(rest, ITEMS_AT_ONCE)):
        yield some


def _wait(attempt: int, retry_after: str | None) -> float:
    """Seconds: what the server asks for and a little more, else twice as long each time, never all clients at once."""
    if retry_after and retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT_SECONDS) * random.uniform(1.0, 1.25)
    doubled: float = FIRST_WAIT_SECONDS * 2**attempt
    return min(doubled, LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1.0)


def _answer(response: httpx.Response) -> Answer | bytes:
    if response.is_success:
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return dict(response.json()) if is_json else response.content
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):  # the gateway's own refusals have another shape
        error = {"code": "", "message": response.text[:200]}
    kind = getattr(errors, error["code"], errors.Unavailable if response.status_code in AGAIN else errors.TwinError)
    raise kind(f"{response.status_code}: {error['message']} (request {error.get('request_id')})")


def _quoted(property_id: str) -> str:
    return quote(property_id, safe="")
