"""The bucket, a tenant at a time: `bucket.of(tenant_id)` reaches that tenant's keys and no others."""

from collections.abc import Callable, Iterator
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
    from portfolio_twin.adapters.s3.deletions import Receipts
    from portfolio_twin.adapters.s3.machine_runs import MachineRuns
    from portfolio_twin.adapters.s3.put_files import PutFiles
    from portfolio_twin.adapters.s3.snapshots import Snapshots

BUNDLE_LIMIT_BYTES = 512 * 1024 * 1024


class TenantBucket:
    """What one tenant has in S3, a door to each kind of it."""

    def __init__(self, objects: Objects, tenant_id: UUID, bundle_limit_bytes: int) -> None:
        self.objects, self._tenant_id = objects, tenant_id
        self.models = ModelRegistry(objects, tenant_id, bundle_limit_bytes)
        self.lease = Lease(objects, keys.lease(tenant_id))
        self.import_lease = Lease(objects, keys.import_lease(tenant_id))
        self.runs = RunRecords(objects, tenant_id)

    @cached_property
    def snapshots(self) -> "Snapshots":
        from portfolio_twin.adapters.s3.snapshots import Snapshots  # CSVs and the split: no answer needs them

        return Snapshots(self.objects, self._tenant_id)

    @cached_property
    def put_files(self) -> "PutFiles":
        from portfolio_twin.adapters.s3.put_files import PutFiles

        return PutFiles(self.objects, self._tenant_id)

    def count(self) -> int:
        """Every version of every object, whatever its kind, and every marker of one that was deleted."""
        return sum(len(page) for root in keys.roots(self._tenant_id) for page in self.objects.versions(root))

    def erase(self) -> Iterator[int]:
        """Erases all of them, the pointer first and the lease last: after each page, how many it was."""
        lease = keys.lease(self._tenant_id)
        for prefix in (keys.live(self._tenant_id), *keys.roots(self._tenant_id), lease):
            for page in self.objects.versions(prefix):
                now = [version for version in page if prefix == lease or version.key != lease]
                self.objects.erase(now)
                yield len(now)

    def erase_versions(self, unwanted: Callable[[str], bool]) -> int:
        """Erases all objects of those versions: models, snapshots, trainings, uploads. How many it was."""
        erased = 0
        for prefix in keys.roots(self._tenant_id):
            for page in self.objects.versions(prefix):
                now = [
                    stored for stored in page
                    if (version := keys.version_of(self._tenant_id, stored.key)) and unwanted(version)
                ]  # fmt: skip
                self.objects.erase(now)
                erased += len(now)
        return erased


class Bucket:
    """The bucket of all tenants; nothing in it can be read or written without naming one."""

    def __init__(self, name: str, client: Any = None, bundle_limit_bytes: int = BUNDLE_LIMIT_BYTES) -> None:
        self.name, self._bundle_limit_bytes = name, bundle_limit_bytes
        self._s3 = client or connect()

    def of(self, tenant_id: UUID) -> TenantBucket:
        return TenantBucket(Objects(self.name, keys.roots(tenant_id), self._s3), tenant_id, self._bundle_limit_bytes)

    @cached_property
    def receipts(self) -> "Receipts":
        from portfolio_twin.adapters.s3.deletions import Receipts  # of the operator's function alone

        return Receipts(self.name, self._s3)

    @cached_property
    def machine_runs(self) -> "MachineRuns":
        from portfolio_twin.adapters.s3.machine_runs import MachineRuns  # of ListTenants alone

        return MachineRuns(self.name, self._s3)

    def healthy(self) -> bool:
        """Does S3 answer, and is the bucket ours to read?"""
        try:
            self._s3.head_bucket(Bucket=self.name)
        except (ClientError, BotoCoreError):
            return False
        return True
