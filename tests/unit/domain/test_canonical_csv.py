"""The canonical CSV form, written and read."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio_twin.domain.csv import canonical
from portfolio_twin.domain.csv.checks import (
    KEPT_BAD_ROWS,
    BadRow,
    CheckedInteractions,
    CheckedProperties,
    PropertyRow,
)
from portfolio_twin.domain.csv.columns import MAIN_INPUTS
from portfolio_twin.domain.csv.sheets import read_csv
from portfolio_twin.domain.interactions import KINDS, Interaction
from portfolio_twin.domain.properties import NUMERIC_INPUTS, Catalogue, PropertyFeatures
from portfolio_twin.errors import UnreadableInput
from tests.fakes.logs import log_of

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FEATURES = st.builds(
    PropertyFeatures,
    listing_price=st.none() | st.floats(0, 1e11),
    cap_rate=st.none() | st.floats(-1, 10),
    year_built=st.none() | st.integers(1600, 2100),
    renovation_needed=st.none() | st.booleans(),
    property_type=st.sampled_from([None, "Condo", "Land"]),
    zipcode=st.none() | TEXT,
    attributes=st.fixed_dictionaries({}, optional={"walk": FINITE, "zone": TEXT, "lot code": st.just("007")}),
)


def lines(rows: object) -> io.StringIO:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]  # rows of cells
    text.seek(0)
    return text


def check_properties(given: Iterable[str]) -> tuple[CheckedProperties, list[PropertyRow]]:
    checked = CheckedProperties(read_csv(given))
    return checked, [row for _, row in checked.good()]


def check_interactions(given: Iterable[str]) -> tuple[list[BadRow], list[Interaction]]:
    checked = CheckedInteractions(read_csv(given))
    good = [row for _, row in checked.good()]
    return checked.bad.listed, good


def assert_same(read: Catalogue, written: Catalogue) -> None:
    assert read.ids.tolist() == written.ids.tolist()
    assert [read.row(i) for i in range(len(read))] == [written.row(i) for i in range(len(written))]


@given(st.lists(st.tuples(TEXT, FEATURES), min_size=1, max_size=5))
def test_a_catalogue_comes_back_to_the_last_digit(properties: list[tuple[str, PropertyFeatures]]) -> None:
    ids, features = zip(*properties, strict=True)
    written = Catalogue.of(ids, features)
    assert_same(canonical.read_catalogue(lines(canonical.write_catalogue(written))), written)


def test_a_catalogue_longer_than_one_part_comes_back_in_order() -> None:
    n = canonical.ROWS_AT_ONCE + 3
    late: list[Any] = [{"late": "x"} if i > canonical.ROWS_AT_ONCE else {} for i in range(n)]
    features = [PropertyFeatures(lat=i % 90 / 2, attributes=attributes) for i, attributes in enumerate(late)]
    written = Catalogue.of([f"p{i}" for i in range(n)], features)
    assert_same(canonical.read_catalogue(lines(canonical.write_catalogue(written))), written)


def test_attributes_come_as_columns_and_as_json_and_numbers_are_told_from_texts() -> None:
    read = canonical.read_catalogue([
        "property_id,lat,walk,attributes.zone,attributes\n",
        '1,2.5,7,R-1,"{""code"": ""0042"", ""pool"": true}"\n',
        "2,,,,\n",
        "3,,8.5,9,{}\n",
    ])  # fmt: skip
    assert read.row(0) == {"lat": 2.5, "attributes": {"walk": 7.0, "zone": "R-1", "code": "0042", "pool": 1.0}}
    assert read.row(1) == {}
    assert read.row(2) == {"attributes": {"walk": 8.5, "zone": "9"}}


def test_columns_that_a_file_lacks_are_missing_not_zero() -> None:
    read = canonical.read_catalogue(["property_id\n", "1\n"])
    assert all(np.isnan(read.columns[name]).all() for name in NUMERIC_INPUTS)
    assert len(canonical.read_catalogue(["property_id\n"])) == 0


@given(
    st.lists(st.tuples(st.integers(0, 2**63 - 1), TEXT, st.sampled_from(KINDS), st.integers(0, 4 * 10**9)), max_size=5)
)
def test_a_log_comes_back_in_the_order_of_time(events: list[tuple[int, str, str, int]]) -> None:
    written = log_of(*events).in_time_order()
    read = canonical.read_interactions(lines(canonical.write_interactions(written)))
    for column in ("users", "properties", "kinds", "times"):
        assert getattr(read, column).tolist() == getattr(written, column).tolist()


@pytest.mark.parametrize("text", ["1", "-2.5", "1e-3", "0042", " 7 "])
def test_a_number_is_a_number(text: str) -> None:
    assert canonical.is_number(text)


@pytest.mark.parametrize("text", ["", "abc", "1_000", "nan", "inf", "1e999", "$5", "1,000"])
def test_what_python_alone_takes_for_a_number_is_none(text: str) -> None:
    assert not canonical.is_number(text)


@given(st.lists(FEATURES, min_size=1, max_size=4))
def test_what_was_written_passes_the_checks_of_an_import(features: list[PropertyFeatures]) -> None:
    written = Catalogue.of([f"p{i}" for i in range(len(features))], features)
    checked, rows = check_properties(lines(canonical.write_catalogue(written)))
    assert checked.bad.listed == []
    assert [row.property_id for row in rows] == written.ids.tolist()
    for row, original in zip(rows, features, strict=True):
        assert row.model_dump(exclude={"property_id", "attributes", "field_confidence"}) == original.model_dump(
            exclude={"attributes"}
        )
        texts = {name: value for name, value in original.attributes.items() if isinstance(value, str)}
        assert row.attributes.items() >= texts.items()


def test_each_fault_of_a_row_is_told_with_a_remedy() -> None:
    checked, rows = check_properties([
        "property_id,listing_price,year_built,renovation_needed,zipcode,attributes\n",
        "good,1,1987.0,YES,01220,\n",
        "two,-1,19.5,maybe,01220,\n",
        'bad json,1,,,,"{""a"": "\n',
        'no object,1,,,,"[1]"\n',
        'deep,1,,,,"{""a"": {""b"": 1}}"\n',
        'nan,1,,,,"{""a"": NaN}"\n',
        f"long,1,,,{'x' * 300},\n",
        "nul,1,,,a\0b,\n",
    ])  # fmt: skip
    assert rows[0].model_dump(exclude_none=True) == {
        "property_id": "good", "listing_price": 1.0, "year_built": 1987, "renovation_needed": True, "zipcode": "01220",
        "attributes": {}, "field_confidence": {},
    }  # fmt: skip
    assert [row.line for row in checked.bad.listed] == [3, 4, 5, 6, 7, 8, 9]
    reasons = [row.reason for row in checked.bad.listed]
    assert all(" — " in reason for reason in reasons)
    assert reasons[0].count(";") == 2  # three fields, three faults
    assert reasons[1].startswith("attributes: no JSON")
    assert reasons[2].startswith("attributes: [1] is no JSON object")
    assert reasons[3].startswith("attributes.a: ")
    assert "too long — shorten it to 256" in reasons[5]
    assert "control character" in reasons[6]


@pytest.mark.parametrize("occurred_at", ["20260101", "1767225600", "", "yesterday", "2026-01-01T00:00:00"])
def test_a_time_must_be_said_in_full(occurred_at: str) -> None:
    rows = ["user_id,property_id,kind,occurred_at\n", f"1,a,like,{occurred_at}\n"]
    reason = check_interactions(rows)[0][0].reason
    assert "occurred_at: " in reason
    assert "future" not in reason


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    rows = ["user_id,property_id,kind,occurred_at\n", "1,a,like,2026-01-01T02:00:00+02:00\n"]
    moment = Interaction.model_validate(
        {"user_id": 1, "property_id": "a", "kind": "like", "occurred_at": "2026-01-01T00:00:00Z"}
    ).occurred_at
    assert [row.occurred_at for row in check_interactions(rows)[1]] == [moment]


def test_more_attributes_than_a_property_may_have_are_refused_at_the_header() -> None:
    header = "property_id,lat," + ",".join(f"a{i}" for i in range(101))
    with pytest.raises(UnreadableInput, match="are too many — keep 100"):
        check_properties([header + "\n", "1" + "," * 102 + "\n"])


def test_json_attributes_keep_their_own_numbers() -> None:
    row = io.StringIO(newline="")
    csv.writer(row).writerow(["1", json.dumps({"walk": 1e-7, "rank": 3})])
    checked, rows = check_properties(["property_id,attributes\n", row.getvalue()])
    assert rows[0].attributes == {"walk": 1e-7, "rank": 3.0}
    assert checked.numeric == {"walk": True, "rank": True}


def test_an_attribute_is_a_number_when_every_cell_of_its_column_is_one() -> None:
    checked, _ = check_properties(
        ["property_id,rooms,zone,attributes\n", '1,3,7,"{""code"": ""0042""}"\n', "2,,R-1,\n"]
    )
    assert checked.numeric == {"rooms": True, "zone": False, "code": False}


@pytest.mark.parametrize("attributes", ["[" * 100_000, '{"a": ' + "1" * 5_000 + "}"], ids=["deep", "long"])
def test_json_that_python_itself_gives_up_on_is_a_bad_row(attributes: str) -> None:
    row = io.StringIO(newline="")
    csv.writer(row).writerow(["1", attributes])
    checked, _ = check_properties(["property_id,attributes\n", row.getvalue()])
    assert [bad.reason.startswith("attributes: no JSON") for bad in checked.bad.listed] == [True]


def test_an_id_of_thousands_of_digits_is_a_bad_row() -> None:
    bad, _ = check_interactions(
        ["user_id,property_id,kind,occurred_at\n", f"{'1' * 5_000},a,like,2026-01-01T00:00:00Z\n"]
    )
    assert [row.reason.startswith("user_id: ") for row in bad] == [True]


def test_of_many_bad_rows_the_first_are_kept_and_all_are_counted() -> None:
    checked, _ = check_properties(["property_id,lat\n", *(f"p{i},x\n" for i in range(KEPT_BAD_ROWS + 5))])
    assert (checked.bad.count, len(checked.bad.listed)) == (KEPT_BAD_ROWS + 5, KEPT_BAD_ROWS)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [(['"a,1\n', *["x,1\n"] * 50_000], "check its quotes"), (["a,01\n", 'b,"02\n', "c,03\n", "d,04\n"], "line 3")],
    ids=["long", "short"],
)
def test_a_quote_that_is_never_closed_is_refused_with_the_line_where_it_opens(rows: list[str], reason: str) -> None:
    with pytest.raises(UnreadableInput, match=reason):
        check_properties(["property_id,zipcode\n", *rows])


def test_columns_that_are_probably_misnamed_are_told_with_the_name_that_is_meant() -> None:
    checked, _ = check_properties(
        ["property_id,price,beds,sqft,Bathroom,zone,address,lat,lon\n", "a,1,2,900,1,R-1,Elm St,42,\n"]
    )
    assert checked.remarks == [
        "read as attributes: price (did you mean listing_price?), beds (did you mean bedrooms?), "
        "sqft (did you mean square_footage?), Bathroom (did you mean bathrooms?), zone",
        "no row has listing_price, property_type, bedrooms, bathrooms, square_footage, lon",
    ]


def test_a_file_with_the_main_inputs_and_no_columns_of_its_own_gets_no_remark() -> None:
    header = ",".join(["property_id", *MAIN_INPUTS])
    assert check_properties([f"{header}\n", "a,1,Condo,2,1,900,42,-73\n"])[0].remarks == []


def test_interactions_given_as_properties_are_refused() -> None:
    with pytest.raises(
        UnreadableInput, match="user_id, property_id, kind, occurred_at are the columns of interactions"
    ):
        check_properties(["user_id,property_id,kind,occurred_at\n", "7,a,like,2026-01-01T00:00:00Z\n"])
