"""A fault in the page is noticed: with one sum, filter or escape that is wrong, the other files' checks fail."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import MakeExplorer
from tests.browser.fixtures.explorer import Explorer
from tests.browser.test_drawer import markup_is_text, waterfall_adds_up
from tests.browser.test_feed import shows_what_the_api_answers


def waterfall(explorer: Explorer) -> None:
    explorer.sign_in("feed/374?open=HV-00231")
    waterfall_adds_up(explorer)


def feed(explorer: Explorer) -> None:
    explorer.feed(374)
    shows_what_the_api_answers(explorer, 374)


def escape(explorer: Explorer) -> None:
    markup_is_text(explorer)
    assert explorer.reports() == []


Check = Callable[[Explorer], None]
WHY, FEED = "elements/why-this-match.js", "elements/recommendation-feed.js"
WRITES_MARKUP = "updated() { for (const td of this.renderRoot.querySelectorAll('td')) td.innerHTML = td.textContent; } "
MUTATIONS: dict[str, tuple[str, str, str, Check]] = {
    "a sum": (WHY, "at += reason.contribution", "at += Math.abs(reason.contribution)", waterfall),
    "a number": ("formats.js", "(share * 100).toFixed(1)", "(share * 90).toFixed(1)", waterfall),
    "a filter": (FEED, "filters: this.filters", "filters: { listing_status: ['Sold'] }", feed),
    "an order": (FEED, "repeat(this.shown,", "repeat(this.shown.toReversed(),", feed),
    "a sign": ("elements/property-card.js", 'reason.contribution > 0 ? "▲"', 'reason.contribution < 0 ? "▲"', feed),
    "an escape": (
        "elements/property-fields.js",
        "render() {",
        f"{WRITES_MARKUP} render() {{",
        escape,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_fault_in_the_page_is_noticed(make_explorer: MakeExplorer, what: str) -> None:
    path, was, becomes, check = MUTATIONS[what]
    mutant = make_explorer(lenient=True)
    found: list[bool] = []

    def mutated(route: Route) -> None:
        answer = route.fetch()
        found.append(was in answer.text())
        route.fulfill(response=answer, body=answer.text().replace(was, becomes))

    mutant.answer(f"/explorer/.*{path}$", mutated)
    with pytest.raises(AssertionError):
        check(mutant)
    assert found
    assert all(found), f"{path} no longer holds what this mutation changes"


@pytest.mark.parametrize("check", [waterfall, feed, escape])
def test_without_a_fault_the_same_checks_pass(make_explorer: MakeExplorer, check: Check) -> None:
    check(make_explorer())
