"""Importing 100 000 properties and 1 000 000 interactions from S3: seconds, and the importing process's memory."""

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from uuid import uuid4

import numpy as np

from infra.local.system import LocalSystem
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.services.tenants.add_tenant import TenantRequest, add_tenant
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied
from tests.benchmarks.measure.systems import temporary_system

PROPERTIES, INTERACTIONS = 100_000, 1_000_000


def main() -> None:
    with temporary_system() as system:
        tenant_id = uuid4()
        add_tenant(system.stores, TenantRequest(name="bench", tenant_id=tenant_id))
        _put(system, keys.imports(tenant_id), multiplied(PROPERTIES, INTERACTIONS))
        command = [sys.executable, "-m", "tests.benchmarks.imports.importing", str(tenant_id)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    publish("import", {f"import_1000000_{name}": value for name, value in figures.items()})


def _put(system: LocalSystem, folder: str, dataset: Dataset) -> None:
    """As canonical CSV, packed."""
    catalogue, log = dataset.catalogue, dataset.log
    properties = zip(catalogue.ids, *catalogue.columns.values(), strict=True)
    kinds = np.array(list(KIND_CODE))[np.searchsorted(sorted(KIND_CODE.values()), log.kinds)]
    times = np.char.add(log.times.astype("datetime64[s]").astype(str), "Z")
    files = {
        "properties.csv.gz": (["property_id", *catalogue.columns], properties),
        "interactions.csv.gz": (
            ["user_id", "property_id", "kind", "occurred_at"], zip(log.users, log.properties, kinds, times, strict=True)
        ),
    }  # fmt: skip
    for name, (head, rows) in files.items():
        connect().put_object(Bucket=system.s3.bucket, Key=f"{folder}{name}", Body=_packed(head, rows))


def _packed(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    packed = io.BytesIO()
    with gzip.open(packed, "wt", compresslevel=1, newline="") as text:
        writer = csv.writer(text)
        writer.writerow(head)
        writer.writerows(["" if value is None or value != value else value for value in row] for row in rows)  # NaN
    return packed.getvalue()


if __name__ == "__main__":
    main()
