"""Another model goes live while one looks: told, and everything on the screen is of the new one."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from portfolio_twin.services.pipeline.promote_model import roll_back
from tests.browser.fixtures.explorer import Explorer

USER, OTHER, PROPERTY = 374, 40, "HV-00231"
SWITCHED_SECONDS = 60.0
Switch = Callable[[], str]


def answered(explorer: Explorer) -> set[str]:
    """The versions that the API's functions answer with."""
    ask, person = explorer.api, {"user_id": USER}
    answers = [
        ask("POST", "/predict", person | {"property_id": PROPERTY}),
        ask("POST", "/recommend", person | {"top_k": 1}),
        ask("GET", f"/properties/{PROPERTY}/similar?top_k=1"),
        ask("GET", f"/investors/{USER}"),
    ]
    return {answer["model_version"] for answer in answers}


@pytest.fixture
def switch(explorer: Explorer) -> Iterator[Switch]:
    """The product's own rollback, known to every function when it returns; the model that was live is so again."""
    market = explorer.market
    tenant = market.system.tenant(market.tenants[explorer.tenant])

    def switched() -> str:
        version = roll_back(tenant, by="twin rollback").version
        deadline = time.monotonic() + SWITCHED_SECONDS
        while answered(explorer) != {version}:
            assert time.monotonic() < deadline, f"{version} is live, and not every function knows it"
            time.sleep(0.2)
        return version

    live = tenant.bucket.models.live()
    assert live is not None
    yield switched
    now = tenant.bucket.models.live()
    if now is not None and now.version != live.version:
        explorer.page.goto("about:blank")
        switched()


def test_a_switch_seen_in_the_drawer_renews_the_feed(explorer: Explorer, switch: Switch) -> None:
    page = explorer.feed(USER).page
    version = switch()
    with page.expect_response("**/recommend"):
        explorer.cards.first.locator("button.name").click()
    expect(page.get_by_text(f"A new model is live ({version})")).to_be_visible()
    expect(page.locator("footer")).to_contain_text(version)
    asked = {"user_id": USER, "top_k": 20, "filters": {"listing_status": ["Active"]}}
    now = explorer.api("POST", "/recommend", asked)["recommendations"]
    for place, item in enumerate(now):
        expect(explorer.cards.nth(place).locator("article")).to_have_attribute("aria-label", item["property_id"])


def test_more_cards_after_a_switch_are_all_of_one_order(explorer: Explorer, switch: Switch) -> None:
    page = explorer.feed(USER).page
    switch()
    page.get_by_role("button", name="Show more").click()
    expect(explorer.cards).to_have_count(40)
    expect(page.get_by_text("A new model is live")).to_be_visible()
    asked = {"user_id": USER, "top_k": 40, "filters": {"listing_status": ["Active"]}}
    now = explorer.api("POST", "/recommend", asked)["recommendations"]
    for place, item in enumerate(now):
        expect(explorer.cards.nth(place).locator("article")).to_have_attribute("aria-label", item["property_id"])


def test_a_switch_seen_in_the_drawer_renews_the_map(explorer: Explorer, switch: Switch) -> None:
    """The atlas of the one model is never coloured by the other."""
    page = explorer.sign_in(f"explore/{USER}").page
    page.get_by_role("heading", name="The best matches").wait_for()
    space = page.locator("embedding-space")
    version = switch()
    page.locator("explore-screen td button").first.click()
    expect(page.get_by_text(f"A new model is live ({version})")).to_be_visible()
    expect(space).to_contain_text(f"model {version}")
    assert space.evaluate("(e) => [e.atlas.version, e.own.about.model_version]") == [version, version]
