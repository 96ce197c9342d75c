"""From a version in the registry to what its card is made of."""

import json

import pytest

from infra.local.twin.model_card.card import read_bundle
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.errors import NotFound
from portfolio_twin.services.pipeline.verdicts import keep_verdict
from tests.fakes.twins import TENANT_A
from tests.integration.fixtures.gates import NEW, WORLD, freeze, judge, put, registry, s3
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin

__all__ = ["registry", "s3"]  # pytest finds the fixtures by their names here


def test_a_card_is_made_of_the_bundle_and_of_the_verdict_on_it(registry: Registry) -> None:
    freeze(registry, WORLD, NEW)
    files = as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW)
    verdict = judge(registry, put(registry, files))
    registry.publish(TENANT_A, NEW, files | {"metrics.json": b'{"f1": 1}'})
    bundle = read_bundle(registry, TENANT_A, NEW)
    assert bundle.manifest == json.loads(files["manifest.json"])
    assert bundle.metrics == {"f1": 1}
    assert bundle.gates is not None
    assert bundle.gates["gates"] == verdict["gates"]


def test_a_bundle_that_was_uploaded_is_looked_up_where_it_was_judged(registry: Registry) -> None:
    registry.publish(TENANT_A, NEW, {"manifest.json": b"{}", "metrics.json": b"{}"})
    assert read_bundle(registry, TENANT_A, NEW).gates is None
    keep_verdict(registry, TENANT_A, NEW, f"uploads/{TENANT_A}/{NEW}/", {"decision": "passed"})
    assert read_bundle(registry, TENANT_A, NEW).gates == {"decision": "passed"}


def test_a_version_without_metrics_has_no_card(registry: Registry) -> None:
    registry.publish(TENANT_A, NEW, {"manifest.json": b"{}"})
    with pytest.raises(NotFound):
        read_bundle(registry, TENANT_A, NEW)
