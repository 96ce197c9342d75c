"""What each route is asked, as API Gateway hands it over."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.local.cloud.http_event import HttpRequest

BATCH = 10_000
Event = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Who asks, and about what."""

    tenant_id: str
    user_id: int
    property_id: str
    rows: list[dict[str, Any]]
    embedding: list[float]

    def event(self, method: str, path: str, query: str = "", body: Any = None) -> Event:
        data = b"" if body is None else json.dumps(body).encode()
        request = HttpRequest(method, path, query, {"content-type": "application/json"}, data)
        return request.event({"tenant_id": str(UUID(self.tenant_id))})

    def post(self, path: str, **body: Any) -> Event:
        return self.event("POST", path, body=body)

    def routes(self) -> dict[str, dict[str, Event]]:
        """By function and by the name of the figure."""
        me, one = {"user_id": self.user_id}, f"/properties/{self.property_id}"
        features = {"property_features": self.rows[0]}
        by_id = {"property_id": self.property_id}
        return {
            "predict": {
                "predict": self.post("/predict", **me, **features),
                "predict_by_id": self.post("/predict", **me, **by_id),
                "predict_explained": self.post("/predict", **me, **by_id, explain=True),
                "embedding": self.post("/embedding", **features),
                "explain": self.post("/explain", **me, property=by_id),
                "batch_10000": self.post(
                    "/batch_predict", **me, properties=[self.rows[i % len(self.rows)] for i in range(BATCH)]
                ),
            },
            "recommend": {
                "recommend_10": self.post("/recommend", **me, top_k=10),
                "recommend_100": self.post("/recommend", **me, top_k=100),
                "recommend_20_plain": self.post("/recommend", **me, top_k=20, explain=False),
            },
            "lookalike": {
                "similar_10": self.event("GET", f"{one}/similar", "top_k=10"),
                "audience_10": self.event("GET", f"{one}/audience", "top_k=10"),
                "search_similar_10": self.post("/search/similar", embedding=self.embedding),
            },
        }
