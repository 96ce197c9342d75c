"""Random sequences of requests of two tenants through warm functions: no answer carries a mark of the other."""

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from tests.fakes.api_client import Answer
from tests.integration.fixtures.s3 import FIRST
from tests.integration.isolation.two_markets import SHARED, Sides, leaks, make_sides, serving_both

LEAST_REQUESTS = 5_000
EXAMPLES, STEPS = 112, 50  # some 49 requests each
HOUSE: dict[str, Any] = {"listing_price": 310_000.0, "square_footage": 1450.0, "property_type": "Condo"}
EXPECTED = {200, 201, 404, 409, 422}
WHO = st.sampled_from([0, 1])
WHOSE = st.sampled_from(["own", "other", *SHARED[:6], "never-was"])
USERS = st.sampled_from(["own", "other", 1, 2, 77])
NEVER = "20260101T000000Z-ffffffff"
VERSIONS = st.sampled_from(["own", "other", FIRST, NEVER])
KINDS = st.sampled_from(["view", "outreach", "deal", "like", "dislike"])


@pytest.fixture(scope="module")
def sides(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Sides:
    return make_sides(server, pipeline_database, index)


@pytest.fixture(autouse=True)
def functions(server: S3Server, app_database: Database, index: VectorIndex) -> Iterator[None]:
    with serving_both(server, app_database, index):
        yield


class TwoTenants(RuleBasedStateMachine):
    """Each rule is a request of one of them, with ids that are its own, the other's, shared or nobody's."""

    sides: ClassVar[Sides]
    requests: ClassVar[int] = 0

    def ask(self, who: int, method: str, path: str, body: object = None, **options: Any) -> Answer:
        other = self.sides[1 - who]
        answer = self.sides[who].client.send(method, path, body, **options)
        type(self).requests += 1
        assert answer.status in EXPECTED, answer.text
        sent = path + repr(body)  # an answer names the investor that it was asked about
        assert [mark for mark in leaks(answer, other) if mark not in sent] == [], (method, path, answer.text)
        return answer

    def name(self, who: int, whose: str) -> str:
        return {"own": self.sides[who].mark, "other": self.sides[1 - who].mark}.get(whose, whose)

    def user(self, who: int, user: str | int) -> int:
        return {"own": self.sides[who].user, "other": self.sides[1 - who].user}.get(str(user), 0) or int(user)

    @rule(who=WHO, user=USERS, discover=st.booleans())
    def recommend(self, who: int, user: str | int, discover: bool) -> None:
        self.ask(who, "POST", "/recommend", {"user_id": self.user(who, user), "top_k": 40, "discover_new": discover})

    @rule(who=WHO, user=USERS, whose=WHOSE)
    def predict(self, who: int, user: str | int, whose: str) -> None:
        body = {"user_id": self.user(who, user), "property_id": self.name(who, whose), "explain": True}
        answer = self.ask(who, "POST", "/predict", body)
        assert answer.status == (404 if whose in ("other", "never-was") else 200)

    @rule(who=WHO, user=USERS)
    def predict_batch(self, who: int, user: str | int) -> None:
        self.ask(who, "POST", "/batch_predict", {"user_id": self.user(who, user), "properties": [HOUSE, {}]})

    @rule(who=WHO, whose=WHOSE, route=st.sampled_from(["/similar?top_k=40", "/audience?top_k=40", ""]))
    def read(self, who: int, whose: str, route: str) -> None:
        answer = self.ask(who, "GET", f"/properties/{self.name(who, whose)}{route}")
        assert answer.status == (404 if whose in ("other", "never-was") else 200)

    @rule(
        who=WHO,
        whose=WHOSE,
        user=st.sampled_from(["own", 1, 2, 77]),
        kind=KINDS,
        key=st.sampled_from([None, "k1", "k2"]),
    )
    def give_feedback(self, who: int, whose: str, user: str | int, kind: str, key: str | None) -> None:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"user_id": self.user(who, user), "kind": kind}
        self.ask(who, "POST", f"/properties/{self.name(who, whose)}/feedback", body, headers=headers)

    @rule(who=WHO, whose=st.sampled_from(["own", *SHARED[:6]]), price=st.integers(1, 10**6))
    def write(self, who: int, whose: str, price: int) -> None:
        changed = {"listing_price": float(price), "zipcode": self.sides[who].mark}
        assert self.ask(who, "PATCH", f"/properties/{self.name(who, whose)}", {"property": changed}).status == 200

    @rule(who=WHO)
    def write_anothers(self, who: int) -> None:
        changed = {"property": {"listing_price": 1.0}}
        assert self.ask(who, "PATCH", f"/properties/{self.sides[1 - who].mark}", changed).status == 404

    @rule(who=WHO)
    def delete_anothers(self, who: int) -> None:
        assert self.ask(who, "DELETE", f"/properties/{self.sides[1 - who].mark}").status == 404

    @rule(who=WHO, user=USERS)
    def export(self, who: int, user: str | int) -> None:
        self.ask(who, "GET", f"/investors/{self.user(who, user)}/export")

    @rule(who=WHO)
    def search(self, who: int) -> None:
        self.ask(who, "POST", "/search/similar", {"embedding": [0.25] * 16, "top_k": 40})

    @rule(who=WHO, user=USERS, known=st.booleans())
    def browse(self, who: int, user: str | int, known: bool) -> None:
        body = {"top_k": 40} | ({"user_id": self.user(who, user)} if known else {})
        listed = [each["property_id"] for each in self.ask(who, "POST", "/properties/search", body).body["results"]]
        assert set(listed) == {*SHARED, self.sides[who].mark}

    @rule(who=WHO, whose=WHOSE, how=st.sampled_from(["id", "zip code", "filter"]))
    def look_up(self, who: int, whose: str, how: str) -> None:
        name = self.name(who, whose)
        body = {"filters": {"zipcode": [name]}} if how == "filter" else {"text": name}
        results = self.ask(who, "POST", "/properties/search", body).body["results"]
        assert not results or whose not in ("other", "never-was")

    @rule(who=WHO, own=st.booleans(), route=st.sampled_from(["/investors", "/properties/search"]))
    def turn_a_page(self, who: int, own: bool, route: str) -> None:
        """With a cursor that this tenant was given, or the other."""
        first = self.page(who if own else 1 - who, route, None)
        cursor = first.body["next_cursor"]
        assert cursor
        answer = self.page(who, route, cursor)
        assert answer.status == 200 if own else answer.status in (200, 409, 422)

    def page(self, who: int, route: str, cursor: str | None) -> Answer:
        if route == "/properties/search":
            return self.ask(who, "POST", route, {"top_k": 2, "cursor": cursor})
        return self.ask(who, "GET", f"{route}?top_k=1" + (f"&cursor={quote(cursor)}" if cursor else ""))

    @rule(who=WHO, user=USERS, route=st.sampled_from(["", "/atlas"]))
    def look_at_an_investor(self, who: int, user: str | int, route: str) -> None:
        answer = self.ask(who, "GET", f"/investors/{self.user(who, user)}{route}")
        assert answer.status == 200
        assert user != "other" or route or not answer.body["history"]

    @rule(who=WHO)
    def list_investors(self, who: int) -> None:
        listed = self.ask(who, "GET", "/investors?top_k=100").body["investors"]
        assert {self.sides[who].user, 1, 2} <= {each["user_id"] for each in listed}

    @rule(who=WHO)
    def list_models(self, who: int) -> None:
        assert self.ask(who, "GET", "/models").body["live"]["version"] == self.sides[who].version

    @rule(who=WHO, whose=VERSIONS, route=st.sampled_from(["/models/{}", "/models/{}/report", "/atlas/{}"]))
    def look_at_a_model(self, who: int, whose: str, route: str) -> None:
        version = {"own": self.sides[who].version, "other": self.sides[1 - who].version}.get(whose, whose)
        answer = self.ask(who, "GET", route.format(version))
        assert answer.status == (404 if whose in ("other", NEVER) else 200)


@pytest.mark.case(8, 9, 11)
def test_five_thousand_requests_of_two_tenants_show_no_mark_of_the_other(sides: Sides) -> None:
    TwoTenants.sides, TwoTenants.requests = sides, 0
    run_state_machine_as_test(
        TwoTenants,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert TwoTenants.requests >= LEAST_REQUESTS
