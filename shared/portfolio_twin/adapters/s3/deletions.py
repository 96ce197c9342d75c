"""What is kept of a tenant that was deleted: the receipt, and nothing else."""

import json
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import Objects

Receipt = dict[str, Any]


class Receipts:
    """One for each tenant whose deletion was begun; that of an earlier deletion of the same id is an older version."""

    def __init__(self, bucket: str, client: Any) -> None:
        self._bucket, self._s3 = bucket, client

    def find(self, tenant_id: UUID) -> Receipt | None:
        stored = self._objects(tenant_id).find(keys.deletion(tenant_id))
        return None if stored is None else json.loads(stored.body)

    def write(self, tenant_id: UUID, receipt: Receipt) -> None:
        self._objects(tenant_id).write(keys.deletion(tenant_id), json.dumps(receipt, indent=1).encode())

    def _objects(self, tenant_id: UUID) -> Objects:
        return Objects(self._bucket, [keys.deletion(tenant_id)], self._s3)
