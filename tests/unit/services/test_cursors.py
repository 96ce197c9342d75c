"""Where a list goes on: what a cursor carries, and what it is refused for."""

import base64
import json
from uuid import UUID

import pytest

from portfolio_twin.errors import CursorExpired, InvalidInput
from portfolio_twin.services.browse.find_properties import PropertySearch
from portfolio_twin.services.cursors import read_cursor, write_cursor

ASKED = PropertySearch(text="12200", top_k=5)
POINT = UUID(int=7)
CURSOR = write_cursor(str(POINT), "v1", ASKED)


def test_a_cursor_gives_back_where_it_was_written_whatever_the_size_of_the_page() -> None:
    again = PropertySearch(text="12200", top_k=50, cursor=CURSOR)
    assert read_cursor(CURSOR, "v1", again, UUID) == POINT


def test_a_cursor_of_a_model_before_has_expired() -> None:
    with pytest.raises(CursorExpired, match="without the cursor"):
        read_cursor(CURSOR, "v2", ASKED, UUID)


def test_a_cursor_of_another_question_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another question"):
        read_cursor(CURSOR, "v1", PropertySearch(text="12201"), UUID)


@pytest.mark.parametrize(
    "content", [b"", b"no json", b"7", b"[]", b'["v1", "x"]', b'["v1", "x", "no id"]', b"\xff", b"null"]
)
def test_garbage_is_no_cursor(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="none that an answer gave"):
        read_cursor(base64.urlsafe_b64encode(content).decode().rstrip("="), "v1", ASKED, UUID)


def test_a_cursor_whose_place_was_changed_by_hand_is_no_cursor() -> None:
    version, digest, _ = json.loads(base64.urlsafe_b64decode(CURSOR + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([version, digest, "'; --"]).encode()).decode().rstrip("=")
    with pytest.raises(InvalidInput):
        read_cursor(forged, "v1", ASKED, UUID)
