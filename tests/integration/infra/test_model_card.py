"""From a version in the registry to what its card is made of."""

import json

import pytest

from infra.local.twin.model_card.card import read_bundle
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import NotFound
from tests.integration.fixtures.gates import NEW, WORLD, bundle_of, freeze, judge_files
from tests.integration.fixtures.taste_world import knowing_twin


def test_a_card_is_made_of_the_bundle_and_of_the_verdict_on_it(tenant: Tenant) -> None:
    freeze(tenant, WORLD, NEW)
    files = bundle_of(tenant, knowing_twin(WORLD, NEW))
    verdict = judge_files(tenant, files)
    tenant.bucket.models.publish(NEW, files | {"metrics.json": b'{"f1": 1}'})
    bundle = read_bundle(tenant, NEW)
    assert bundle.manifest == json.loads(files["manifest.json"])
    assert bundle.metrics == {"f1": 1}
    assert bundle.gates is not None
    assert bundle.gates["gates"] == verdict["gates"]


def test_a_bundle_that_was_uploaded_is_looked_up_where_it_was_judged(tenant: Tenant) -> None:
    tenant.bucket.models.publish(NEW, {"manifest.json": b"{}", "metrics.json": b"{}"})
    assert read_bundle(tenant, NEW).gates is None
    tenant.bucket.runs.write_verdict(NEW, "upload", {"decision": "passed"})
    assert read_bundle(tenant, NEW).gates == {"decision": "passed"}


def test_a_version_without_metrics_has_no_card(tenant: Tenant) -> None:
    tenant.bucket.models.publish(NEW, {"manifest.json": b"{}"})
    with pytest.raises(NotFound):
        read_bundle(tenant, NEW)
