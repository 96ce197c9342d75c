"""A tenant of any size with a model that nobody has trained: what indexing costs does not ask how good it is."""

import json
import subprocess
import sys
from dataclasses import replace
from uuid import uuid4

import numpy as np

from infra.local.system import LocalSystem
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.model.bundle.files import Provenance, pack
from portfolio_twin.model.twin import Twin
from tests.benchmarks.measure.tenants import store_facts
from tests.fakes.twins import plain_layer, small_twin

VERSION = "20260101T000000Z-00000000"


def untrained(dataset: Dataset) -> Twin:
    """Random weights in the shapes of a trained one, a ranking layer among them."""
    twin = small_twin(dataset.catalogue, version=VERSION)
    return replace(twin, ranking=plain_layer(len(dataset.catalogue), twin.schema.width))


def published(system: LocalSystem, dataset: Dataset) -> tuple[Tenant, Twin]:
    """Its facts in PostgreSQL, its bundle in S3, nothing in the index."""
    tenant, twin = system.tenant(uuid4()), untrained(dataset)
    store_facts(tenant, dataset)
    provenance = Provenance(tenant.tenant_id, {"id": "bench"}, None, {}, "bench")
    tenant.bucket.models.publish(VERSION, pack(twin, provenance, dataset.catalogue.take(np.arange(1)), {}))
    return tenant, twin


def index_in_a_process(tenant: Tenant) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.index.indexing", str(tenant.tenant_id), VERSION]
    figures: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return figures
