"""Clients of the gateway in a process of their own: `python -m tests.benchmarks.load.clients <plan >answers`.

Each is a thread with one kept connection, which sends its share of the requests one after another.
"""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from uuid import uuid4

import numpy as np

MIX = {"predict": 0.4, "recommend": 0.2, "search": 0.15, "feedback": 0.15, "property": 0.05, "batch": 0.05}
TIMEOUT_SECONDS = 40


@dataclass(frozen=True)
class Plan:
    """What is sent, by how many, to whom."""

    port: int
    token: str
    clients: int
    requests: int
    users: list[int]
    property_ids: list[str]
    rows: list[dict[str, Any]]
    embedding: list[float]
    seed: int


@dataclass(frozen=True)
class Answered:
    """One request, and what the checks need of its answer."""

    route: str
    at: float  # time.time() when it was sent
    ms: float
    status: int
    key: str | None = None
    version: str | None = None
    hits: Sequence[tuple[str, float]] = ()


class Client:
    def __init__(self, plan: Plan, number: int) -> None:
        self.plan, self.rng = plan, np.random.default_rng([plan.seed, number])
        self.connection = HTTPConnection("127.0.0.1", plan.port, timeout=TIMEOUT_SECONDS)
        self.headers = {"Authorization": f"Bearer {plan.token}", "Content-Type": "application/json"}

    def run(self) -> list[Answered]:
        routes = self.rng.choice(list(MIX), size=self.plan.requests // self.plan.clients, p=list(MIX.values()))
        return [self.ask(str(route)) for route in routes]

    def ask(self, route: str) -> Answered:
        key = uuid4().hex if route == "feedback" else None
        method, path, body = self.request(route)
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        at, started = time.time(), time.perf_counter()
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        ms = (time.perf_counter() - started) * 1000
        told: dict[str, Any] = json.loads(text)
        found = told.get("results", ()) if route == "search" else ()
        hits = [(hit["property_id"], hit["similarity_score"]) for hit in found]
        return Answered(route, at, ms, answer.status, key, told.get("model_version"), hits)

    def request(self, route: str) -> tuple[str, str, Any]:
        user, name = self.rng.choice(self.plan.users).item(), str(self.rng.choice(self.plan.property_ids))
        rows = self.plan.rows
        if route == "predict":
            return "POST", "/predict", {"user_id": user, "property_features": rows[self.rng.integers(len(rows))]}
        if route == "batch":
            return "POST", "/batch_predict", {"user_id": user, "properties": rows[:10]}
        if route == "recommend":
            return "POST", "/recommend", {"user_id": user, "top_k": 10}
        if route == "search":
            return "POST", "/search/similar", {"embedding": self.plan.embedding, "top_k": 10}
        if route == "feedback":
            return "POST", f"/properties/{name}/feedback", {"user_id": user, "kind": "view"}
        return "GET", f"/properties/{name}", None


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    with ThreadPoolExecutor(plan.clients) as threads:
        answers = [each for part in threads.map(lambda n: Client(plan, n).run(), range(plan.clients)) for each in part]
    json.dump([each.__dict__ for each in answers], sys.stdout)


if __name__ == "__main__":
    main()
