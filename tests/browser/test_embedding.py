"""The six elements in a page of somebody else's, on another origin, with React and without any framework."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeExplorer
from tests.browser.fixtures.explorer import Explorer, number

HOSTS = Path(__file__).parent / "hosts"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: what is asked here interests nobody."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HOSTS)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def foreign(make_explorer: MakeExplorer, host: str, request: pytest.FixtureRequest) -> Explorer:
    explorer = make_explorer(lenient=True)  # the page itself comes from another origin
    fragment = urlencode({"api": explorer.market.url, "token": explorer.market.token()})
    explorer.page.goto(f"{host}/{request.param}.html#{fragment}")
    return explorer


both_hosts = pytest.mark.parametrize("foreign", ["plain", "react"], indirect=True)


@both_hosts
def test_the_six_elements_work_in_a_page_of_somebody_else_s(foreign: Explorer) -> None:
    page = foreign.page
    answer = foreign.api("POST", "/predict", {"user_id": 374, "property_id": "HV-00231"})
    score = page.locator("match-score").first.locator("b")
    expect(score).to_be_visible()
    assert abs(number(score.inner_text()) / 100 - answer["affinity_score"]) <= 0.0051
    expect(page.locator(".waterfall")).to_be_visible()
    expect(page.locator("similar-properties li")).to_have_count(3)
    expect(page.locator("recommendation-feed property-card")).to_have_count(3)
    expect(page.locator("embedding-space point-plot")).to_have_count(1)
    assert foreign.faults == []


@both_hosts
def test_a_host_hears_of_a_thumb(foreign: Explorer) -> None:
    thumbs = foreign.page.locator("feedback-thumbs").first
    with foreign.page.expect_response("**/feedback"):
        thumbs.get_by_role("button", name="Like", exact=True).click()
    expect(foreign.page).to_have_title("like HV-00231")
    with foreign.page.expect_response("**/feedback"):
        thumbs.get_by_role("button", name="Dislike").click()


@pytest.mark.parametrize("foreign", ["react"], indirect=True)
def test_react_hands_over_objects_as_they_are(foreign: Explorer) -> None:
    expect(foreign.page.locator("recommendation-feed property-card")).to_have_count(3)
    for card in foreign.page.locator("recommendation-feed property-card .name").all():
        assert "Condo" in card.inner_text()
