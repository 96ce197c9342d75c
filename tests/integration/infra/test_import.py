"""`twin import`: what is stored, what is refused and with which reason, on a real PostgreSQL."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from infra.local.twin.importer import find_tenant, import_canonical
from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue, copy_log, watermark
from portfolio_twin.adapters.postgres.database import Database, TenantSession
from portfolio_twin.errors import ImportRefused
from portfolio_twin.services.imports.import_data import ImportReport, list_bad_rows
from tests.integration.fixtures.database import Answer, counts, read

PROPERTIES = """property_id,listing_price,lat,lon,property_type,renovation_needed,source_system,confidence,rooms,zone
a,425000,42.6,-73.7,Condo,true,MLS,0.9,3,R-1
b,,42.7,-73.8,Land,,MLS,0.9,,
"c, the ""corner"" one",99.5,,,Townhouse,False,,,4.5,1
"""
INTERACTIONS = """user_id,property_id,kind,occurred_at
7,a,deal,2026-01-02T12:00:00Z
7,b,view,2026-01-01T12:00:00+02:00
8,"c, the ""corner"" one",dislike,2026-01-03T12:00:00Z
7,a,deal,2026-01-02T12:00:00Z
"""


class Importer:
    """Imports texts as files, under a tenant's name that nobody else has."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.name = database, folder, f"investors {uuid4()}"

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(
        self, properties: str | bytes, interactions: str | bytes | None = None, *, skip_bad_rows: bool = False
    ) -> ImportReport:
        given = self.write("properties.csv", properties)
        events = None if interactions is None else self.write("interactions.csv", interactions)
        return import_canonical(self.database, self.name, given, events, skip_bad_rows=skip_bad_rows).report

    @property
    def tenant(self) -> UUID:
        return find_tenant(self.database, self.name).tenant_id

    def read(self, question: Callable[[TenantSession], Answer]) -> Answer:
        return read(self.database, self.tenant, question)

    def stored(self) -> tuple[int, int]:
        return counts(self.database, self.tenant)


@pytest.fixture
def importer(pipeline_database: Database, tmp_path: Path) -> Importer:
    return Importer(pipeline_database, tmp_path)


def test_what_was_imported_is_read_back(importer: Importer) -> None:
    report = importer.run(PROPERTIES, INTERACTIONS)
    assert (report.properties, report.interactions) == (3, 4)
    assert (report.stored_properties, report.stored_interactions) == (3, 3)  # one event is there twice
    catalogue, log = importer.read(copy_catalogue), importer.read(copy_log)
    assert catalogue.row(0) == {
        "listing_price": 425_000.0, "lat": 42.6, "lon": -73.7, "property_type": "Condo", "renovation_needed": True,
        "source_system": "MLS", "confidence": 0.9, "attributes": {"rooms": 3.0, "zone": "R-1"},
    }  # fmt: skip
    assert catalogue.row(2)["attributes"] == {"rooms": 4.5, "zone": "1"}  # a column with one text in it is text
    assert catalogue.ids[2] == log.properties[2] == 'c, the "corner" one'
    assert log.users.tolist() == [7, 7, 8]


def test_running_it_twice_changes_nothing(importer: Importer) -> None:
    assert importer.run(PROPERTIES, INTERACTIONS).changed
    moment = importer.read(watermark)
    assert not importer.run(PROPERTIES, INTERACTIONS).changed
    assert len(importer.read(partial(copy_catalogue, changed_since=moment))) == 0


def test_only_what_really_changed_is_touched(importer: Importer) -> None:
    importer.run(PROPERTIES)
    moment = importer.read(watermark)
    assert importer.run(PROPERTIES.replace("425000", "430000")).stored_properties == 1
    assert importer.read(partial(copy_catalogue, changed_since=moment)).ids.tolist() == ["a"]


def test_a_second_source_overwrites_the_columns_that_it_has_and_no_others(importer: Importer) -> None:
    importer.run(PROPERTIES)
    importer.run("property_id,listing_price,confidence,source_system,zone,pool\na,400000,0.3,Broker,,yes\n")
    row = importer.read(partial(copy_catalogue, until="a")).row(0)
    assert (row["listing_price"], row["property_type"]) == (400_000.0, "Condo")
    assert row["attributes"] == {"rooms": 3.0, "pool": "yes"}
    assert row["confidence"] == pytest.approx((0.3 + 4 * 0.9) / 5)  # price by the broker, four fields by the MLS


def test_a_column_says_how_far_a_field_of_each_row_can_be_trusted(importer: Importer) -> None:
    header = "property_id,lat,bedrooms,confidence,confidence.bedrooms\n"
    importer.run(header + "a,1,3,0.8,0.4\nb,1,3,0.8,\n")
    stored = importer.read(partial(copy_catalogue, until="b"))
    assert [stored.row(i)["confidence"] for i in (0, 1)] == pytest.approx([0.6, 0.8])
    assert importer.run(header + "a,1,3,0.8,0.4\nb,1,3,0.8,\n").stored_properties == 0
    assert importer.run(header + "a,1,3,0.8,0.4\nb,1,3,0.8,0.2\n").stored_properties == 1
    assert importer.read(partial(copy_catalogue, until="b")).row(1)["confidence"] == pytest.approx(0.5)


@pytest.mark.parametrize("packed", [gzip.compress, bytes])
def test_gzip_is_told_by_content_and_a_byte_order_mark_is_no_harm(importer: Importer, packed: type[bytes]) -> None:
    assert importer.run(packed(PROPERTIES.encode("utf-8-sig")), packed(INTERACTIONS.encode())).properties == 3


def test_windows_line_ends_and_columns_in_another_order_are_no_harm(importer: Importer) -> None:
    report = importer.run(
        "lat,property_id\r\n42,a\r\n\r\n", "kind,occurred_at,property_id,user_id\r\nlike,2026-01-01T00:00:00Z,a,1\r\n"
    )
    assert (report.stored_properties, report.stored_interactions) == (1, 1)


def test_interactions_may_refer_to_properties_of_an_earlier_import(importer: Importer) -> None:
    importer.run(PROPERTIES)
    assert importer.run("property_id,lat\nd,1\n", INTERACTIONS).stored_interactions == 3


HEADER = "property_id,listing_price,lat,property_type\n"
TRUSTED = "property_id,lat,confidence.lat\n"
EVENTS = "user_id,property_id,kind,occurred_at\n"


@pytest.mark.parametrize(
    ("properties", "interactions", "file", "line", "reason"),
    [
        (HEADER + "a,cheap,1,Condo\n", None, "properties.csv", 2, "listing_price: 'cheap' is not a number — write"),
        (HEADER + "\na,1,91,Condo\n", None, "properties.csv", 3, "lat: 91.0 is more than 90 — check the unit"),
        (TRUSTED + "a,1,1.4\n", None, "properties.csv", 2, "confidence.lat: 1.4 is more than 1 — check the unit"),
        (TRUSTED + "a,1,high\n", None, "properties.csv", 2, "confidence.lat: 'high' is not a number — write"),
        (TRUSTED + "a,,1\n", None, "properties.csv", 2, "confidence.lat: the row states no lat — fill in both"),
        (HEADER + "a,-5,1,Condo\n", None, "properties.csv", 2, "listing_price: -5.0 is less than 0"),
        (HEADER + "a,1,1,Castle\n", None, "properties.csv", 2, "property_type: 'Castle' is none of"),
        (HEADER + "a,1,1,Condo\na,1,1,Condo\n", None, "properties.csv", 3, "is on line 2 already — keep one row"),
        (HEADER + "a,1,000,1,Condo\n", None, "properties.csv", 2, "5 cells under 4 columns — put cells that hold"),
        (HEADER + ",1,1,Condo\n", None, "properties.csv", 2, "property_id: '' is empty"),
        (PROPERTIES, EVENTS + "1,zzz,deal,2026-01-01T00:00:00Z\n", "interactions.csv", 2, "'zzz' is no known property"),
        (PROPERTIES, EVENTS + "1,a,buy,2026-01-01T00:00:00Z\n", "interactions.csv", 2, "kind: 'buy' is none of"),
        (PROPERTIES, EVENTS + "1,a,deal,2126-01-01T00:00:00Z\n", "interactions.csv", 2, "lies in the future"),
        (PROPERTIES, EVENTS + "1,a,deal,2026-01-01\n", "interactions.csv", 2, "no time or no time zone — write it as"),
        (PROPERTIES, EVENTS + "x,a,deal,2026-01-01T00:00:00Z\n", "interactions.csv", 2, "user_id: 'x' is not a whole"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_by_file_and_line_with_a_remedy_and_nothing_is_stored(
    importer: Importer, properties: str, interactions: str | None, file: str, line: int, reason: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        importer.run(properties, interactions)
    assert f"{importer.folder / file}:{line}: " in str(refused.value)
    assert reason in str(refused.value)
    assert importer.name not in {tenant.name for tenant in importer.database.list_tenants()}
    assert importer.stored() == (0, 0)


@pytest.mark.parametrize(
    ("properties", "interactions", "reason"),
    [
        ("", None, "the file is empty — its first line names the columns"),
        (HEADER, None, "there is no row below the header — give a file with data"),
        ("id,lat\na,1\n", None, "column property_id is missing — add it to the header"),
        ("property_id\na\n", None, "there is nothing but ids"),
        ("property_id,lat,lat\na,1,2\n", None, "column lat is there twice"),
        ("property_id,lat,confidence.lot\na,1,1\n", None, "column confidence.lot is the confidence of no field — name"),
        ("property_id,lat,confidence.lon\na,1,1\n", None, "confidence.lon is here without its field — add column lon"),
        ("property_id,lat,tenant_id\na,1,x\n", None, "column tenant_id cannot be imported — remove it"),
        ("property_id,zipcode\na,caf\xe9\n".encode("latin-1"), None, "line 2 is not UTF-8 — save the file as UTF-8"),
        (gzip.compress(PROPERTIES.encode())[:-20], None, "the gzip file is damaged"),
        (PROPERTIES, "", "interactions.csv: the file is empty"),
        (PROPERTIES, "user_id,property_id,kind\n1,a,deal\n", "column occurred_at is missing"),
    ],
)
def test_a_bad_file_is_named_with_a_remedy_and_nothing_is_stored(
    importer: Importer, properties: str | bytes, interactions: str | None, reason: str
) -> None:
    for skip_bad_rows in (False, True):
        with pytest.raises(ImportRefused) as refused:
            importer.run(properties, interactions, skip_bad_rows=skip_bad_rows)
        assert reason in str(refused.value)
        assert str(importer.folder) in str(refused.value)
        assert importer.stored() == (0, 0)


def test_a_file_that_is_not_there_is_named(importer: Importer) -> None:
    with pytest.raises(ImportRefused, match=r"gone.csv: the file cannot be read — No such file"):
        import_canonical(importer.database, importer.name, importer.folder / "gone.csv", None)


def test_bad_rows_can_be_left_out_and_take_their_interactions_with_them(importer: Importer) -> None:
    report = importer.run(PROPERTIES.replace("42.6", "95"), INTERACTIONS, skip_bad_rows=True)
    assert importer.stored() == (2, 2)
    assert [row.split("/")[-1].split(" ")[0] for row in list_bad_rows(report.bad)] == [
        "properties.csv:2:", "interactions.csv:2:", "interactions.csv:5:",
    ]  # fmt: skip


def test_without_one_good_row_nothing_is_stored_even_when_bad_ones_may_be_left_out(importer: Importer) -> None:
    with pytest.raises(ImportRefused, match="without one good row"):
        importer.run(HEADER + "a,cheap,1,Condo\n", skip_bad_rows=True)
    assert importer.stored() == (0, 0)


def test_the_list_of_bad_rows_ends_and_says_how_many_there_are(importer: Importer) -> None:
    with pytest.raises(ImportRefused, match=r"^250 bad rows.*(?s:.*)… and 150 more$"):
        importer.run(HEADER + "".join(f"p{i},x,1,Condo\n" for i in range(250)))


def test_progress_is_shown(importer: Importer) -> None:
    console = Console(record=True, width=100, force_terminal=True)
    import_canonical(importer.database, importer.name, importer.write("p.csv", PROPERTIES), None, console=console)
    shown = console.export_text()
    assert "check p.csv" in shown
    assert "store" in shown
    assert "p.csv: read as attributes: rooms, zone\n" in shown


def test_a_tenant_is_found_again_by_name_and_by_id(importer: Importer) -> None:
    importer.run(PROPERTIES)
    again = import_canonical(importer.database, str(importer.tenant), importer.folder / "properties.csv", None)
    assert again.tenant_id == importer.tenant
    assert not again.report.changed
