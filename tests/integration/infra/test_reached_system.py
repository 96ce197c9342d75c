import os
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.system import ADDRESSES, local_system, reached_system
from infra.local.twin.cli_models import models
from portfolio_twin.services.tenants.add_tenant import TenantRequest, add_tenant


def test_reads_go_through_the_system_that_runs_and_start_it_where_none_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "PIPELINE_DATABASE_URL", "OWNER_DATABASE_URL", "QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)  # its own stores, not those that the environment names
    tenant = uuid4()
    with local_system(tmp_path) as running:
        add_tenant(running.stores, TenantRequest(name="acme", tenant_id=tenant))
        with reached_system(tmp_path) as reached:
            assert [one.name for one in reached.database.list_tenants()] == ["acme"]
            assert reached.tenant(tenant).bucket.models.versions() == []
            models("acme", tmp_path)
        assert (tmp_path / ADDRESSES).stat().st_mode & 0o077 == 0
    assert "PIPELINE_DATABASE_URL" not in os.environ
    assert not (tmp_path / ADDRESSES).exists()
    with reached_system(tmp_path) as reached:
        assert [one.name for one in reached.database.list_tenants()] == ["acme"]
