"""Every key of the bucket, one function each: nobody else spells one. All that ends with "/" is a prefix."""

from typing import Literal
from uuid import UUID

from portfolio_twin.domain.versions import is_version
from portfolio_twin.errors import InvalidInput

Entry = Literal["retrain", "upload"]  # how a bundle came to be judged
REPORT = ".report.json"  # behind the name of a file that was put
VERDICTS: dict[Entry, str] = {"retrain": "gates.json", "upload": "upload_gates.json"}


def roots(tenant_id: UUID) -> tuple[str, str, str]:
    """The folders of a tenant: its own, and those that others put bundles and data into."""
    return f"{tenant_id}/", f"uploads/{tenant_id}/", imports(tenant_id)


def live(tenant_id: UUID) -> str:
    return f"{tenant_id}/live.json"


def lease(tenant_id: UUID) -> str:
    return f"{tenant_id}/lease.json"


def models(tenant_id: UUID) -> str:
    return f"{tenant_id}/models/"


def model(tenant_id: UUID, version: str) -> str:
    """A published bundle."""
    return f"{models(tenant_id)}{version}/"


def snapshots(tenant_id: UUID) -> str:
    return f"{tenant_id}/snapshots/"


def snapshot(tenant_id: UUID, snapshot_id: str) -> str:
    return f"{snapshots(tenant_id)}{snapshot_id}/"


def trainings(tenant_id: UUID) -> str:
    return f"{tenant_id}/training/"


def training(tenant_id: UUID, version: str) -> str:
    """What one run of the retrain machine leaves: the bundle before its gates, checkpoints, reports."""
    return f"{trainings(tenant_id)}{version}/"


def upload(tenant_id: UUID, version: str) -> str:
    """A bundle that somebody put by hand."""
    return f"uploads/{tenant_id}/{version}/"


def imports(tenant_id: UUID) -> str:
    """Data that somebody put, for the import machine; what became of each file lies beside it."""
    return f"imports/{tenant_id}/"


def import_report(tenant_id: UUID, name: str) -> str:
    return f"{imports(tenant_id)}{name}{REPORT}"


def import_lease(tenant_id: UUID) -> str:
    return f"{tenant_id}/import/lease.json"


def read_import(key: str) -> UUID:
    """Whose data an object is; raises InvalidInput."""
    parts = key.split("/")
    try:
        if len(parts) != 3 or parts[0] != "imports":
            raise ValueError(f"{key!r} does not")
        return UUID(parts[1])
    except ValueError as error:
        raise InvalidInput(f"data lies under imports/TENANT/, by the tenant's id: {error}") from error


def source(tenant_id: UUID, version: str, entry: Entry) -> str:
    """Where a bundle lies before it is published."""
    return upload(tenant_id, version) if entry == "upload" else training(tenant_id, version)


def data_report(tenant_id: UUID, version: str) -> str:
    return training(tenant_id, version) + "data_report.json"


def check(tenant_id: UUID, version: str) -> str:
    return training(tenant_id, version) + "check.json"


def verdict(tenant_id: UUID, version: str, entry: Entry) -> str:
    """Never under uploads/: whoever may put a bundle there could put its verdict as well."""
    return training(tenant_id, version) + VERDICTS[entry]


def read_verdict(name: str) -> tuple[str, Entry] | None:
    """Whose verdict an object below `trainings` is; None where it is none."""
    version, _, file = name.partition("/")
    entry = next((entry for entry, verdict in VERDICTS.items() if file == verdict), None)
    return (version, entry) if entry and is_version(version) else None


def indexed_until(tenant_id: UUID, version: str) -> str:
    return f"{tenant_id}/index/{version}.json"


RUNS = "runs/"


def run_list(execution: str) -> str:
    """Which tenants a run of a machine is about; `execution` is its name."""
    return f"{RUNS}{execution}/tenants.json"


def run_results(execution: str) -> str:
    """Where the machine leaves what became of them."""
    return f"{RUNS}{execution}/results/"


def deletion(tenant_id: UUID) -> str:
    """The receipt of a tenant's deletion: below no folder of the tenant, so that it outlives all of them."""
    return f"deletions/{tenant_id}.json"


def version_of(tenant_id: UUID, key: str) -> str | None:
    """Which version an object of a tenant belongs to, whatever its kind; None for the pointer and the lease."""
    own, uploads, _ = roots(tenant_id)
    place = 0 if key.startswith(uploads) else 1
    parts = key.removeprefix(uploads).removeprefix(own).split("/")
    name = parts[place].removesuffix(".json") if len(parts) > place else ""
    return name if is_version(name) else None


def read_upload(key: str) -> tuple[UUID, str]:
    """Whose upload an object belongs to, and its version; raises InvalidInput."""
    parts = key.split("/")
    if len(parts) != 4 or parts[0] != "uploads" or not is_version(parts[2]):
        raise InvalidInput("an upload lies under uploads/TENANT/VERSION/")
    try:
        return UUID(parts[1]), parts[2]
    except ValueError as error:
        raise InvalidInput(f"an upload lies under uploads/TENANT/VERSION/: {error}") from error
