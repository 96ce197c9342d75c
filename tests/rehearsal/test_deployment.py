"""`make deploy` into an emulated account, from a first one that fails to changes that must reach every function."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3.bucket import Bucket
from tests.infrastructure.resources import ROOT
from tests.integration.fixtures.s3 import FIRST, bundle
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.ministack import STACK, Done

PREDICT = json.loads((ROOT / "tests/events/api/predict.json").read_text())
TENANT = UUID(PREDICT["requestContext"]["authorizer"]["jwt"]["claims"]["tenant_id"])
OTHER = UUID(int=TENANT.int + 1)
FUNCTIONS = len([*ROOT.glob("functions/*/*/app.py")])


def predict(rehearsal: Rehearsal, tenant: UUID) -> dict[str, Any]:
    """Gives the tenant a model, and asks for an affinity as API Gateway would."""
    models = Bucket(rehearsal.cloud.physical_id("Bucket"), rehearsal.cloud.client("s3")).of(tenant).models
    if models.live() is None:
        models.publish(FIRST, bundle(tenant, FIRST))
        models.promote(FIRST, "rehearsal", None)
    event = json.loads(json.dumps(PREDICT))
    event["requestContext"]["authorizer"]["jwt"]["claims"]["tenant_id"] = str(tenant)
    event["body"] = json.dumps({"user_id": 1, "property_features": {"listing_price": 310_000.0}})
    return rehearsal.cloud.invoke("Predict", event)


def health(rehearsal: Rehearsal) -> dict[str, Any]:
    event = {**PREDICT, "rawPath": "/health", "routeKey": "GET /health", "body": None}
    http = PREDICT["requestContext"]["http"] | {"method": "GET", "path": "/health"}
    event["requestContext"] = {**PREDICT["requestContext"], "http": http}
    body: dict[str, Any] = json.loads(rehearsal.cloud.invoke("Predict", event)["body"])
    return body


def versions(live: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: one["Version"] for name, one in live.items()}


def layers(live: dict[str, dict[str, Any]]) -> set[tuple[str, ...]]:
    return {tuple(layer["Arn"] for layer in one["Layers"]) for one in live.values()}


def test_a_create_that_fails_leaves_nothing_behind(failed: tuple[Done, str | None, set[str]]) -> None:
    done, status, left = failed
    assert done.returncode != 0
    assert status == "ROLLBACK_COMPLETE", done.stdout[-3000:] + done.stderr[-3000:]
    assert left == set()


def test_the_next_create_succeeds_under_the_same_names(deployed: Rehearsal) -> None:
    live = deployed.cloud.live()
    assert len(live) == FUNCTIONS
    assert all(name.startswith(f"{STACK}-") for name in live)
    assert {one["LoggingConfig"]["LogGroup"] for one in live.values()} == {f"/aws/lambda/{name}" for name in live}


def test_predict_answers_under_the_function_s_own_role(deployed: Rehearsal) -> None:
    answer = predict(deployed, TENANT)
    assert answer["statusCode"] == 200, answer
    body = json.loads(answer["body"])
    assert (body["model_version"], body["degraded"]) == (FIRST, True)  # there is no Qdrant


def test_a_role_without_its_policy_is_refused(deployed: Rehearsal) -> None:
    """So what the other test shows is the role's doing."""
    iam, role = deployed.cloud.client("iam"), deployed.cloud.physical_id("PredictRole")
    policy = deployed.cloud.physical_id("ReadModels")
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    try:
        assert predict(deployed, OTHER)["statusCode"] == 503
    finally:
        iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    assert predict(deployed, OTHER)["statusCode"] == 200


def test_a_change_in_shared_moves_the_alias_of_every_function(deployed: Rehearsal, model_layer: Path) -> None:
    before = deployed.cloud.live()
    file = model_layer / "errors.py"
    text = file.read_text()
    file.unlink()  # a link to the file of the build, which stays as it is
    file.write_text(text + "\n# changed\n")
    done = deployed.deploy()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    after = deployed.cloud.live()
    assert {name for name, version in versions(after).items() if version == versions(before)[name]} == set()
    assert len(layers(after)) == 1
    assert layers(after) != layers(before)


def test_a_changed_parameter_reaches_every_function_and_health_names_the_new_release(deployed: Rehearsal) -> None:
    before = deployed.cloud.live()
    done = deployed.deploy(QdrantUrl="https://127.0.0.1:7333")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    after = deployed.cloud.live()
    assert {one["Environment"]["Variables"]["QDRANT_URL"] for one in after.values()} == {"https://127.0.0.1:7333"}
    assert {name for name, version in versions(after).items() if version == versions(before)[name]} == set()
    given = json.loads((ROOT / "build/parameters.yaml").read_text())
    assert health(deployed)["code_version"] == given["Release"]


def test_the_script_ends_with_the_address_and_a_request_to_try(deployed: Rehearsal) -> None:
    (line,) = [line for line in deployed.said.splitlines() if line.startswith("The API answers at https://")]
    assert f"curl {line.rpartition(' ')[2]}/health" in deployed.said
