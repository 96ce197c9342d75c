"""Files that an import cannot take, in every way that one can be bad; and those in Parquet, which it can."""

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.files.sheets import Reading
from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue, copy_log
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.errors import ImportRefused
from portfolio_twin.services.imports.given_files import GivenFile, GivenFiles
from portfolio_twin.services.imports.import_data import ImportReport, import_data
from tests.integration.fixtures.database import Two, counts, make_tenant, read

ROOT = Path(__file__).resolve().parents[3]
PROPERTIES = b"property_id,listing_price,zipcode\na,425000,01220\nb,,\n"
INTERACTIONS = b"user_id,property_id,kind,occurred_at\n7,a,deal,2026-01-02T12:00:00Z\n7,b,view,2026-01-01T12:00:00Z\n"
LIMIT_BYTES = 5_000_000  # of text out of one file

BAD: dict[str, tuple[bytes, str]] = {
    "no CSV": (bytes(range(1, 256)) * 20, "column user_id, property_id, kind, occurred_at is missing"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64), "is not UTF-8"),
    "another header": (b"who,what,how,when\n7,a,deal,2026-01-02T12:00:00Z\n", "column user_id, property_id, kind"),
    "empty": (b"", "the file is empty"),
    "a gzip that ends too soon": (gzip.compress(INTERACTIONS)[:-12], "the gzip file is damaged"),
    "a gzip bomb": (gzip.compress(INTERACTIONS + (b" " * 999 + b"\n") * 20_000), "holds more than 5,000,000 bytes of"),
    "one endless line": (gzip.compress(b"user_id," * 1_000_000), "a line is longer than 1,048,576 bytes"),
    "no UTF-8": (INTERACTIONS.replace(b"b,view", "caf\xe9,view".encode("latin-1")), "line 3 is not UTF-8"),
    "NUL": (INTERACTIONS.replace(b"b,view", b"b\0,view"), ":3: property_id: 'b\\x00'"),
    "an unknown kind": (INTERACTIONS.replace(b"view", b"buy"), ":3: kind: 'buy' is none of"),
    "a date in the future": (INTERACTIONS.replace(b"2026-01-01", b"2126-01-01"), ":3: occurred_at: "),
    "an unknown property": (INTERACTIONS.replace(b",b,", b",zzz,"), ":3: property_id: 'zzz' is no known property"),
    "a quote that is never closed": (INTERACTIONS + b'"7,a,deal', "line 4 is no CSV"),
    "a Parquet file that ends too soon": (b"PAR1" + bytes(200), "the Parquet file is damaged"),
}  # fmt: skip


def given(folder: Path, properties: bytes | None, interactions: bytes | None = None) -> GivenFiles:
    reading = Reading(unpacked_limit_bytes=LIMIT_BYTES)
    for name, content in (("properties", properties), ("interactions", interactions)):
        if content is not None:
            (folder / name).write_bytes(content)
    return GivenFiles(
        None if properties is None else GivenFile("properties", folder / "properties", reading),
        None if interactions is None else GivenFile("interactions", folder / "interactions", reading),
    )


def run(database: Database, tenant: UUID, files: GivenFiles) -> ImportReport:
    with database.tenant_session(tenant) as session:
        report = import_data(session, files)
        session.commit()
    return report


@pytest.fixture
def tenant(pipeline_database: Database) -> UUID:
    return make_tenant(pipeline_database)


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_its_reason_and_nothing_of_the_good_one_beside_it_is_stored(
    pipeline_database: Database, tenant: UUID, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        run(pipeline_database, tenant, given(tmp_path, PROPERTIES, content))
    assert reason in str(refused.value)
    assert "interactions" in str(refused.value)
    assert counts(pipeline_database, tenant) == (0, 0)
    assert run(pipeline_database, tenant, given(tmp_path, PROPERTIES, INTERACTIONS)).stored_interactions == 2


def test_two_tenants_import_the_same_files_each_for_itself(
    pipeline_database: Database, two_tenants: Two, tmp_path: Path
) -> None:
    one, other = two_tenants
    run(pipeline_database, one, given(tmp_path, PROPERTIES))
    with pytest.raises(ImportRefused, match="'a' is no known property"):  # it is the other tenant's
        run(pipeline_database, other, given(tmp_path, None, INTERACTIONS))
    assert counts(pipeline_database, other) == (0, 0)
    assert run(pipeline_database, other, given(tmp_path, PROPERTIES, INTERACTIONS)).stored_properties == 2
    assert counts(pipeline_database, one) == (2, 0)


@pytest.fixture
def as_parquet(tmp_path: Path) -> Callable[[str], bytes]:
    def written(query: str) -> bytes:
        duckdb.connect().execute(f"copy ({query}) to '{tmp_path / 'written'}' (format parquet)")
        return (tmp_path / "written").read_bytes()

    return written


def test_parquet_says_what_the_same_csv_says(
    pipeline_database: Database, tenant: UUID, tmp_path: Path, as_parquet: Callable[[str], bytes]
) -> None:
    properties = as_parquet("""
        select 'p' || i as property_id, 100000.5 + i as listing_price, 1990 + i as year_built,
        i = 1 as renovation_needed, case when i > 0 then 'Condo' end as property_type, i::decimal(9, 2) as rooms,
        'R-' || i as zone from range(3) t(i)
    """)
    interactions = as_parquet("""
        select 7::bigint as user_id, 'p' || i as property_id, 'deal' as kind,
        timestamptz '2026-01-02 12:00:00+00' + interval (i) hour as occurred_at from range(3) t(i)
    """)
    report = run(pipeline_database, tenant, given(tmp_path, properties, interactions))
    assert (report.stored_properties, report.stored_interactions, report.stored_positives) == (3, 3, 3)
    catalogue, log = read(pipeline_database, tenant, copy_catalogue), read(pipeline_database, tenant, copy_log)
    assert catalogue.row(1) == {
        "listing_price": 100_001.5, "year_built": 1991, "renovation_needed": True, "property_type": "Condo",
        "attributes": {"rooms": 1.0, "zone": "R-1"},
    }  # fmt: skip
    assert (log.times - log.times[0]).tolist() == [0, 3600, 7200]


def test_a_time_without_a_zone_in_parquet_is_a_bad_row(
    pipeline_database: Database, tenant: UUID, tmp_path: Path, as_parquet: Callable[[str], bytes]
) -> None:
    naive = as_parquet("select 7 as user_id, 'a' as property_id, 'deal' as kind, timestamp '2026-01-02' as occurred_at")
    with pytest.raises(ImportRefused, match=r"interactions:1: occurred_at: .* has no time or no time zone"):
        run(pipeline_database, tenant, given(tmp_path, PROPERTIES, naive))


@pytest.mark.parametrize("moment", ["reading", "storing"])
def test_killed_half_way_nothing_is_half_stored_and_the_next_run_completes(
    pipeline_database: Database, postgres_urls: Urls, tenant: UUID, tmp_path: Path, moment: str
) -> None:
    properties = b"property_id,lat\n" + b"".join(b"p%d,1\n" % i for i in range(30_000))
    events = b"".join(b"%d,p%d,view,2026-01-01T12:00:00Z\n" % (i % 99, i % 30_000) for i in range(60_000))
    files = given(tmp_path, properties, INTERACTIONS.splitlines(keepends=True)[0] + events)
    call = [sys.executable, "-m", "tests.integration.imports.killed_import", moment, tmp_path, tenant]
    killed = subprocess.run(
        [str(part) for part in call], cwd=ROOT, text=True, capture_output=True, check=False, timeout=180,
        env=os.environ | {"DATABASE_URL": postgres_urls.pipeline},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-4000:]
    assert counts(pipeline_database, tenant) == (0, 0)
    assert run(pipeline_database, tenant, files).stored_interactions == 60_000
    assert counts(pipeline_database, tenant) == (30_000, 60_000)
