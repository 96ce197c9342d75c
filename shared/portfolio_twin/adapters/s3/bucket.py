"""The bucket, a tenant at a time: `bucket.of(tenant_id)` reaches that tenant's keys and no others."""

from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.leases import Lease
from portfolio_twin.adapters.s3.model_registry import ModelRegistry
from portfolio_twin.adapters.s3.objects import Objects, connect
from portfolio_twin.adapters.s3.runs import RunRecords

if TYPE_CHECKING:
    from portfolio_twin.adapters.s3.snapshots import Snapshots

BUNDLE_LIMIT_BYTES = 512 * 1024 * 1024


class TenantBucket:
    """What one tenant has in S3, a door to each kind of it."""

    def __init__(self, objects: Objects, tenant_id: UUID, bundle_limit_bytes: int) -> None:
        self.objects, self._tenant_id = objects, tenant_id
        self.models = ModelRegistry(objects, tenant_id, bundle_limit_bytes)
        self.lease = Lease(objects, keys.lease(tenant_id))
        self.runs = RunRecords(objects, tenant_id)

    @cached_property
    def snapshots(self) -> "Snapshots":
        from portfolio_twin.adapters.s3.snapshots import Snapshots  # CSVs and the split: no answer needs them

        return Snapshots(self.objects, self._tenant_id)


class Bucket:
    """The bucket of all tenants; nothing in it can be read or written without naming one."""

    def __init__(self, name: str, client: Any = None, bundle_limit_bytes: int = BUNDLE_LIMIT_BYTES) -> None:
        self.name, self._bundle_limit_bytes = name, bundle_limit_bytes
        self._s3 = client or connect()

    def of(self, tenant_id: UUID) -> TenantBucket:
        return TenantBucket(Objects(self.name, keys.roots(tenant_id), self._s3), tenant_id, self._bundle_limit_bytes)

    def healthy(self) -> bool:
        """Does S3 answer, and is the bucket ours to read?"""
        try:
            self._s3.head_bucket(Bucket=self.name)
        except (ClientError, BotoCoreError):
            return False
        return True
