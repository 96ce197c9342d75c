"""When something is down, slow or gone: told in a sentence, tried once more, and nothing lost."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import MakeExplorer
from tests.browser.fixtures.explorer import Explorer

USER = 374


def failing(explorer: Explorer, pattern: str, status: int, times: int) -> list[int]:
    """The next answers of a path fail; how often it was asked."""
    asked: list[int] = []

    def fail(route: Route) -> None:
        asked.append(status)
        if len(asked) <= times:
            code = {503: "IndexUnavailable", 500: "InternalError", 429: "TooMany"}[status]
            route.fulfill(
                status=status,
                json={"error": {"code": code, "message": "the index cannot be reached", "request_id": "r-42"}},
            )
        else:
            route.continue_()

    explorer.answer(pattern, fail)
    return asked


def test_what_is_down_for_a_moment_is_asked_again(make_explorer: MakeExplorer) -> None:
    explorer = make_explorer(lenient=True)
    asked = failing(explorer, "/recommend$", 503, times=1)
    explorer.feed(USER)
    assert len(asked) == 2
    expect(explorer.cards).to_have_count(20)


@pytest.mark.parametrize(
    ("status", "sentence", "asks"), [(503, "Asked twice", 2), (500, "report r-42", 1), (429, "wait a moment", 1)]
)
def test_what_stays_down_is_told_with_a_way_on(
    make_explorer: MakeExplorer, status: int, sentence: str, asks: int
) -> None:
    explorer = make_explorer(lenient=True)
    page = explorer.feed(40).page
    asked = failing(explorer, "/recommend$", status, times=asks)
    explorer.go(f"feed/{USER}")
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    assert len(asked) == asks
    page.get_by_role("button", name="Try again").click()
    expect(explorer.cards).to_have_count(20)


def test_offline_is_told_and_what_was_there_stays(explorer: Explorer) -> None:
    page = explorer.feed(USER).page
    page.context.set_offline(True)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("alert").filter(has_text="are you online?")).to_be_visible()
    expect(explorer.cards).to_have_count(20)
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_slow_answer_is_told_while_one_waits(explorer: Explorer) -> None:
    def slow(route: Route) -> None:
        time.sleep(5)
        route.continue_()

    explorer.answer("/recommend$", slow)
    page = explorer.sign_in(f"feed/{USER}").page
    expect(page.get_by_text("still waiting").first).to_be_visible()
    expect(explorer.cards).to_have_count(20)


def test_a_degraded_answer_is_told(explorer: Explorer) -> None:
    def degraded(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"degraded": True})

    explorer.answer("/predict$", degraded)
    explorer.sign_in(f"feed/{USER}?open=HV-00231")
    expect(explorer.drawer.get_by_text("the index is down")).to_be_visible()


def test_a_tenant_without_a_model_is_told_what_is_missing(explorer: Explorer) -> None:
    explorer.answer("/models$", lambda route: route.fulfill(json={"live": None, "versions": []}))
    explorer.sign_in("model")
    expect(explorer.page.get_by_text("has no model yet")).to_be_visible()


@pytest.mark.parametrize(
    "place", ["#/feed/374?filters=nonsense", "#/nowhere", "#/feed/%E0%A4%A", "#/explore/374?view=sideways", "#///"]
)
def test_a_broken_link_still_leads_somewhere(explorer: Explorer, place: str) -> None:
    page = explorer.sign_in().page
    page.goto(f"{explorer.market.url}/{place}")
    page.reload()
    expect(page.locator("main h1").first).to_be_visible()


def test_a_first_visit_asks_little(explorer: Explorer) -> None:
    asked: list[Any] = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    explorer.sign_in()
    explorer.cards.first.wait_for()
    assert len([url for url in asked if re.search("/explorer/", url)]) <= 25
