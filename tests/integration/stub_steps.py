"""Stand-ins for the nine step functions: each gives a good answer unless a test says otherwise, and is counted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.registry import Registry

Stub = Callable[[dict[str, Any]], dict[str, Any]]
VERSION = "20261121T020000Z-00000001"


class StubSteps:
    """Leases are the registry's own; everything else is made up."""

    def __init__(self, registry: Registry, *tenants: UUID) -> None:
        self.registry, self.tenants = registry, tenants
        self.calls: list[tuple[str, str | None]] = []
        self.instead: dict[str, Stub] = {}

    def handlers(self) -> dict[str, Callable[[Any, Any], Any]]:
        names = [name for name in vars(StubSteps) if name.startswith("do_")]
        return {name.removeprefix("do_"): self._recorder(name.removeprefix("do_")) for name in names}

    def count(self, name: str, tenant: UUID | None = None) -> int:
        return sum(called == name and tenant in (None, UUID(whose or "0" * 32)) for called, whose in self.calls)

    def _recorder(self, name: str) -> Callable[[Any, Any], Any]:
        def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
            self.calls.append((name, event.get("tenant_id")))
            answer: dict[str, Any] = self.instead.get(name, getattr(self, f"do_{name}"))(event)
            return answer

        return handler

    def do_list_tenants(self, event: dict[str, Any]) -> dict[str, Any]:
        given = event["input"]
        if event["purpose"] == "reindex":
            named = {"tenant_id": given.get("tenant_id"), "version": given.get("version")}
            return {"tenants": [named], "settings": {"recreate": False}}
        upload = given.get("upload")
        tenants = [UUID(upload["tenant_id"])] if upload else self.tenants
        folder, entry = ("uploads/{}/{}/", "upload") if upload else ("{}/training/{}/", "retrain")
        items = [
            {"tenant_id": str(t), "version": VERSION, "entry": entry, "source": folder.format(t, VERSION)}
            for t in tenants
        ]
        training = {"epochs": "3", "batch_size": "", "learning_rate": "", "seed": ""}
        return {"tenants": items, "settings": {"lookback_days": None, "training": training}}

    def do_check_data(self, event: dict[str, Any]) -> dict[str, Any]:
        free = self.registry.acquire_lease(UUID(event["tenant_id"]), event["execution"], 60)
        decision = "train" if free else "already_running"
        return {"decision": decision, "reasons": [], "counts": {"positives": 100}, "drift": None}

    def do_prepare_data(self, event: dict[str, Any]) -> dict[str, Any]:
        kind = "content" if event["check"]["decision"] == "content" else "twin"
        return {"snapshot_id": "s", "model_kind": kind, "prefix": "p/", "counts": {}, "as_of": "2026-11-21T02:00:00Z"}

    def do_evaluate_gates(self, event: dict[str, Any]) -> dict[str, Any]:
        free = self.registry.acquire_lease(UUID(event["tenant_id"]), event["execution"], 60)
        return {"decision": "passed" if free else "already_running", "reasons": [], "gates": {}, "kind": "twin"}

    def do_deploy_model(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "twin", "properties": 2, "users": 2}

    def do_plan_index(self, event: dict[str, Any]) -> dict[str, Any]:
        shards = {
            "property_shards": [{"after": None, "until": "m"}, {"after": "m", "until": None}],
            "user_shards": [{}],
        }
        return {"mode": "full", "started_at": datetime.now(UTC).isoformat(), **shards}

    def do_index_shard(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"indexed": 1}

    def do_verify_index(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"properties": 2, "users": 1}

    def do_promote_model(self, event: dict[str, Any]) -> dict[str, Any]:
        self.registry.release_lease(UUID(event["tenant_id"]), event["execution"])
        if event.get("release_only"):
            return {}
        counts = {"properties": 2, "users": 1}
        return {
            "version": event["version"], "previous": None, "promoted_at": "now", "indexed": counts, "caught_up": counts,
        }  # fmt: skip
