"""A tenant's end: its rows, its points, its objects with all their versions; a receipt stays."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.tenant_rows import erase_rows, tenant_name
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.errors import NotFound, TenantBusy

HOLDER, LEASE_SECONDS = "a deletion", 3600  # of the tenant's lease, so that no run begins meanwhile
ROWS = 20_000  # erased in one transaction
SECONDS = 12.0  # of the 28 that a function behind the API has; the last step may take its time

Store = Literal["rows", "points", "objects"]


class Deletion(BaseModel):
    """The receipt: counts, when, and by whom; nothing that says who the tenant was."""

    tenant_id: UUID
    state: Literal["deleting", "deleted"]
    requested_at: datetime
    requested_by: str = Field(description="the subject of the operator's token")
    finished_at: datetime | None = None
    erased: dict[Store, int] = Field(description="objects: their versions and the markers of deleted ones, each")
    remaining: list[Store] = Field(description="where there may be more: send the same request again")


def delete_tenant(
    stores: Stores, tenant_id: UUID, by: str, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
) -> Deletion:
    """As much as can be done in so many seconds: asked again, it goes on. Deleted, it erases what came since.

    Raises NotFound for a tenant that never was, and TenantBusy while a run of the retrain machine holds its lease.
    """
    tenant, end = stores.of(tenant_id), clock() + seconds
    receipt = _begin(tenant, by)
    receipts = stores.bucket.receipts
    stores.index.ensure_collections()
    steps: dict[Store, Iterator[int]] = {
        "rows": _rows(tenant),
        "points": stores.index.all_versions_of(tenant_id).erase(),
        "objects": tenant.bucket.erase(),  # the lease goes with the last of them
    }
    try:
        for store in list(receipt.remaining):
            for erased in steps[store]:
                receipt.erased[store] += erased
                if erased and clock() >= end:
                    return receipt
            receipt.remaining.remove(store)
        receipt.state, receipt.finished_at = "deleted", receipt.finished_at or datetime.now(UTC)
        return receipt
    finally:
        receipts.write(tenant_id, receipt.model_dump(mode="json"))


def _begin(tenant: Tenant, by: str) -> Deletion:
    """The receipt of the deletion under way, or of a new one, stored before anything is erased."""
    receipts = tenant.stores.bucket.receipts
    stored = receipts.find(tenant.tenant_id)
    with tenant.session() as session:
        exists = tenant_name(session) is not None
    if not exists and stored is None:
        raise NotFound("no such tenant")
    if exists and not tenant.bucket.lease.acquire(HOLDER, LEASE_SECONDS):
        raise TenantBusy("a retraining of this tenant is under way: ask again when it has ended, in six hours at most")
    receipt = None if stored is None else Deletion.model_validate(stored)
    if receipt is None or (exists and receipt.state == "deleted"):
        receipt = Deletion(
            tenant_id=tenant.tenant_id, state="deleting", requested_at=datetime.now(UTC), requested_by=by,
            erased={"rows": 0, "points": 0, "objects": 0}, remaining=[],
        )  # fmt: skip
        receipts.write(tenant.tenant_id, receipt.model_dump(mode="json"))
    return receipt.model_copy(update={"remaining": ["rows", "points", "objects"]})


def _rows(tenant: Tenant) -> Iterator[int]:
    erased = ROWS
    while erased == ROWS:
        with tenant.session() as session:
            erased = sum(erase_rows(session, ROWS).values())
            session.commit()
        yield erased
