"""Who is let in, and what the others are told."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from playwright.sync_api import Route, expect

from infra.local.twin.tokens import AUDIENCE, ISSUER, signing_key
from tests.browser.conftest import MakeExplorer
from tests.browser.fixtures.explorer import Explorer
from tests.browser.fixtures.issuer import CLIENT, Issuer
from tests.browser.fixtures.market import TRAINED, Market


def test_the_link_signs_in_and_forgets_its_token(explorer: Explorer) -> None:
    explorer.sign_in()
    explorer.cards.first.wait_for()
    token = explorer.market.token()
    assert token not in explorer.page.url
    assert token not in json.dumps(explorer.page.evaluate("history.state"))
    explorer.page.reload()
    explorer.cards.first.wait_for()
    assert not [path for _, path, _ in explorer.sent if token in path]


def test_without_a_token_one_is_told_how_to_get_one(explorer: Explorer) -> None:
    explorer.page.goto(explorer.market.url)
    expect(explorer.page.get_by_text("You are not signed in.")).to_be_visible()
    explorer.page.get_by_label("token").fill(explorer.market.token())
    explorer.page.get_by_role("button", name="Open").click()
    explorer.cards.first.wait_for()


@pytest.mark.parametrize("fault", ["expired", "foreign"])
def test_a_token_that_is_not_valid_shows_nothing_but_a_way_on(make_explorer: MakeExplorer, fault: str) -> None:
    explorer = make_explorer()
    ends = datetime.now(UTC) + timedelta(hours=-1 if fault == "expired" else 1)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": ends,
        "tenant_id": str(explorer.market.tenants[TRAINED]),
        "scope": "twin/read",
    }
    key = signing_key(explorer.market.system.state) if fault == "expired" else "x" * 40
    explorer.page.goto(f"{explorer.market.url}/#token={jwt.encode(claims, key)}")
    expect(explorer.page.get_by_text("sign in again")).to_be_visible()
    expect(explorer.page.get_by_text("You are not signed in.")).to_be_visible()
    assert explorer.cards.count() == 0
    assert "harborview" not in explorer.page.content()


def test_signing_out_leaves_nothing(explorer: Explorer) -> None:
    explorer.sign_in()
    explorer.cards.first.wait_for()
    explorer.page.get_by_role("button", name="Sign out").click()
    expect(explorer.page.get_by_text("You are not signed in.")).to_be_visible()
    assert explorer.cards.count() == 0
    assert explorer.page.evaluate("sessionStorage.length") == 0


@pytest.fixture
def issuer(market: Market) -> Iterator[Issuer]:
    running = Issuer(market.token())
    yield running
    running.stop()


def test_pkce_signs_in_renews_by_refresh_token_and_signs_out(make_explorer: MakeExplorer, issuer: Issuer) -> None:
    """The issuer is another origin, which the policy names where it is configured: tests/unit/test_settings.py."""
    explorer = make_explorer(lenient=True, bypass_csp=True)
    explorer.page.context.grant_permissions(["local-network-access"])  # a page that a test answers has no address

    def configured(route: Route) -> None:
        route.fulfill(json={"authority": issuer.url, "client_id": CLIENT})

    explorer.answer("/explorer/config.json", configured)
    page = explorer.page
    page.goto(f"{explorer.market.url}/#/feed/374")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Investor 374").wait_for()
    explorer.cards.first.wait_for()
    assert "code=" not in page.url
    assert issuer.grants[0] == "authorization_code"
    assert "refresh_token" in issuer.grants
    with page.expect_response(re.compile("/logout")):  # the page shows "Sign in" before the issuer has heard of it
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert issuer.signed_out
    assert {url.split("/")[2] for url in explorer.foreign} == {issuer.url.split("/")[2]}


def test_two_tenants_in_two_tabs_see_nothing_of_each_other(make_explorer: MakeExplorer) -> None:
    one, other = make_explorer().feed(374), make_explorer(tenant="newcomer")
    other.sign_in("feed/1")
    other.cards.first.wait_for()
    assert all(name.startswith("HV-") for name in one.ids())
    assert all(name.startswith("MS-") for name in other.ids())
    other.go("property/HV-00231")
    expect(other.drawer.get_by_role("alert")).to_contain_text("no such property")
    assert "HV-0" not in other.drawer.inner_text().replace("HV-00231", "")
