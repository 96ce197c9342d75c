"""A client that a public generator makes of docs/openapi.json, against the gateway on real stores.

Where the generator cannot be installed this fails: a client that nobody could generate is no client.
"""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import gateway
from infra.local.stores.s3_server import S3Server
from infra.local.twin.tokens import issue_token
from infra.openapi.__main__ import ROOT, document
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.entrypoints.document import operations
from portfolio_twin.settings import WriteSettings
from tests.fakes.tenant import serving
from tests.integration.fixtures.index import live_markets, stores_over

PATIENCE_SECONDS = 300  # the first time, an environment is made


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("generated")
    command, environment = [ROOT / "infra/openapi/generate.sh", folder], os.environ | {"PYTHON": sys.executable}
    made = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder / "twin_api"
    sys.path.remove(str(folder))


def of(module: str) -> Any:
    return importlib.import_module(f"twin_api.{module}")


@pytest.fixture
def client(
    package: Path, server: S3Server, pipeline_database: Database, app_database: Database, index: VectorIndex,
    tmp_path: Path,
) -> Iterator[Any]:  # fmt: skip
    market = live_markets(server, pipeline_database, index)[0]
    stores = stores_over(WriteSettings(bucket=server.bucket), app_database, index)
    with serving(stores):
        token = issue_token(tmp_path, market.tenant.tenant_id)
        with of("client").AuthenticatedClient(gateway.start(tmp_path, 0), token) as made:
            yield made


def test_every_route_of_the_document_has_a_function(package: Path) -> None:
    made = {path.stem for path in package.glob("api/*/*.py") if path.stem != "__init__"}
    assert made == {operation["operationId"] for _, _, operation in operations(document())}


def test_what_is_sent_by_the_generated_client_is_stored_and_answered(client: Any) -> None:
    models = of("models")
    features = models.PropertyFeatures(listing_price=310_000.0, property_type="Condo", bedrooms=3.0)
    stored = of("api.properties.put_property").sync("a/b c", client=client, body=models.PutPropertyRequest(features))
    assert (stored.property_id, stored.indexed) == ("a/b c", True)
    wanted = models.RecommendRequest(user_id=950, candidate_property_ids=["a/b c", "p03"], explain=False, top_k=1)
    first = of("api.recommendations.post_recommend").sync(client=client, body=wanted)
    wanted.cursor = first.next_cursor
    second = of("api.recommendations.post_recommend").sync(client=client, body=wanted)
    listed = {each.property_id: each.affinity_score for each in first.recommendations + second.recommendations}
    assert listed.keys() == {"a/b c", "p03"}
    asked = models.PredictRequest(user_id=950, property_id="p03", explain=True)
    predicted = of("api.predictions.post_predict").sync(client=client, body=asked)
    assert predicted.affinity_score == pytest.approx(listed["p03"])
    assert predicted.reasons
    thumb = models.FeedbackRequest(user_id=950, kind=models.FeedbackRequestKind.DISLIKE, because=["listing_price"])
    said = of("api.feedback.post_feedback").sync("p03", client=client, body=thumb, idempotency_key="generated")
    assert (said.twin_updated, said.because) == (True, ["listing_price"])
    known = of("api.investors.get_investor").sync(950, client=client)
    assert [each.property_id for each in known.history] == ["p03"]


def test_a_refusal_comes_back_as_the_documents_error(client: Any) -> None:
    refused = of("api.look_alikes.get_similar").sync_detailed("never-was", client=client)
    assert (refused.status_code, refused.parsed.error.code) == (404, "NotFound")
