"""Predict inside the warm handler, from API Gateway's event to its answer; Qdrant's time apart."""

import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from infra.local.cloud.http_event import HttpRequest
from infra.local.cloud.lambda_context import LambdaContext
from portfolio_twin.adapters.qdrant.points import UserPoint
from portfolio_twin.domain.interactions import Event
from portfolio_twin.model.twin import Twin
from tests.benchmarks.bench_imports import ENVIRONMENT
from tests.benchmarks.figures import milliseconds, publish
from tests.fakes.stores import FakeVectorIndex
from tests.fakes.tenant import fake_stores
from tests.fakes.twins import TENANT_A, small_catalogue, small_twin

BATCH = 10_000


def index_of(twin: Twin) -> FakeVectorIndex:
    """Answers at once what Qdrant would of the one investor who asks."""
    index = FakeVectorIndex()
    index.ensure_collections()
    investor = UserPoint(1, twin.user_vectors[0], {"like": 3}, (Event("p1", "like", 0),), ("p1",))
    index.of(TENANT_A, twin.version).upsert_users([investor])
    return index


def event_of(path: str, body: dict[str, Any]) -> dict[str, Any]:
    claims = {"tenant_id": str(TENANT_A)}
    headers = {"content-type": "application/json"}
    return HttpRequest("POST", path, headers=headers, body=json.dumps(body).encode()).event(claims)


def main() -> None:
    os.environ.update(ENVIRONMENT)
    from functions.api.predict import app as function

    catalogue = small_catalogue(2000)
    twin = small_twin(catalogue)
    rows = [catalogue.row(i) for i in range(len(catalogue))]
    one = event_of("/predict", {"user_id": 1, "property_features": rows[3]})
    many = event_of("/batch_predict", {"user_id": 1, "properties": [rows[i % len(rows)] for i in range(BATCH)]})
    context = LambdaContext("predict", "bench")
    function.app.state.stores = fake_stores({TENANT_A: twin}, index_of(twin))
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),  # where each request's metrics go; writing them is a part of what is measured
    ):
        if (answer := function.lambda_handler(one, context))["statusCode"] != 200:
            raise SystemExit(f"the handler answered {answer}")
        predict = milliseconds(lambda: function.lambda_handler(one, context), 2000)
        batch = milliseconds(lambda: function.lambda_handler(many, context), 11, warm_up=2)
    x = twin.schema.vectorise(catalogue.take(np.arange(1)))
    forward = milliseconds(lambda: twin.encoder(x), 2000)
    figures = {"handler_p50_ms": predict["p50_ms"], "handler_p99_ms": predict["p99_ms"]}
    publish("predict", figures | {"batch_10000_p50_ms": batch["p50_ms"], "numpy_forward_p50_ms": forward["p50_ms"]})


if __name__ == "__main__":
    main()
