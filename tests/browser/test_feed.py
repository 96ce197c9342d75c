"""The feed: what it shows is the API's, and a thumb acts at once."""

import re

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import text

from tests.browser.conftest import MakeExplorer
from tests.browser.fixtures.explorer import Explorer, number

ACTIVE = {"listing_status": ["Active"]}
USER = 374


def shows_what_the_api_answers(explorer: Explorer, user: int) -> None:
    """20 cards for sale whose order, scores and reasons are the API's, to the digit that is shown."""
    asked = {"user_id": user, "top_k": 20, "filters": ACTIVE}
    answer = explorer.api("POST", "/recommend", asked)["recommendations"]
    assert explorer.ids() == [item["property_id"] for item in answer]
    assert len(answer) == 20
    for card, item in zip(explorer.cards.all(), answer, strict=True):
        shown = card.locator("match-score b").inner_text()
        assert abs(number(shown) / 100 - item["affinity_score"]) <= 0.0051, (shown, item["affinity_score"])
        assert card.get_by_text("Active", exact=True).count() == 1
        reasons = [reason for reason in item["reasons"] if reason["input"] != "other"][:3]
        told = card.locator(".why li").all()
        assert len(told) == len(reasons)
        for line, reason in zip(told, reasons, strict=True):
            assert reason["text"] in str(line.get_attribute("title"))
            assert ("▲" if reason["contribution"] > 0 else "▼") in line.inner_text()


def test_the_feed_is_what_the_api_answers(explorer: Explorer) -> None:
    explorer.feed(USER)
    shows_what_the_api_answers(explorer, USER)


def test_more_cards_follow_the_first_twenty(explorer: Explorer) -> None:
    explorer.feed(USER)
    first = explorer.ids()
    explorer.page.get_by_role("button", name="Show more").click()
    expect(explorer.cards).to_have_count(40)
    assert explorer.ids()[:20] == first
    assert len(set(explorer.ids())) == 40


def test_filters_discover_and_variety_change_the_request(explorer: Explorer) -> None:
    page = explorer.feed(USER).page
    page.get_by_role("button", name="+ Filter").click()
    page.get_by_label("Condo").check()
    page.get_by_label("price max").fill("600000")
    page.get_by_label("zip codes").fill("02808, 02804")
    with page.expect_response("**/recommend"):
        page.get_by_role("button", name="Apply").click()
    expected = ACTIVE | {"property_type": ["Condo"], "price": {"max": 600000}, "zipcode": ["02808", "02804"]}
    assert explorer.last("/recommend")["filters"] == expected
    with page.expect_response("**/recommend"):
        page.get_by_role("button", name=re.compile("drop Active")).click()
    assert "listing_status" not in explorer.last("/recommend")["filters"]
    with page.expect_response("**/recommend"):
        page.get_by_label("discover").check()
    with page.expect_response("**/recommend"):
        page.get_by_label("variety").fill("0.5")
    assert (explorer.last("/recommend")["discover_new"], explorer.last("/recommend")["diversity"]) == (True, 0.5)


def test_what_matches_nothing_says_what_to_do(explorer: Explorer) -> None:
    explorer.sign_in(f'feed/{USER}?filters={{"zipcode":["00000"]}}')
    expect(explorer.page.get_by_text("Nothing matches these filters.")).to_be_visible()
    explorer.page.get_by_role("link", name="start over").click()
    expect(explorer.cards).to_have_count(20)


def stored(explorer: Explorer, user: int, name: str) -> list[str]:
    market = explorer.market
    asked = text("select kind from interactions where user_id = :user and property_id = :name order by occurred_at")
    with market.system.database.tenant_session(market.tenants[explorer.tenant]) as session:
        return [str(kind) for (kind,) in session.execute(asked, {"user": user, "name": name})]


def test_a_thumb_acts_at_once_is_told_and_can_be_taken_back(explorer: Explorer, somebody_new: int) -> None:
    page = explorer.feed(somebody_new).page
    name, before = explorer.ids()[1], explorer.ids()
    card = explorer.cards.nth(1)
    card.get_by_role("button", name="Dislike").evaluate("(it) => { it.click(); it.click(); }")
    strip = page.get_by_role("status").filter(has_text="Disliked")
    expect(strip).to_contain_text(re.compile(r"\d+ (new|gone|moved)|the order stays"))
    after = explorer.ids()
    assert name not in after
    told = dict(
        re.findall(r"(\d+) (new|gone|moved)", strip.inner_text())
        and [(what, int(n)) for n, what in re.findall(r"(\d+) (new|gone|moved)", strip.inner_text())]
    )
    assert told.get("new", 0) == len(set(after) - set(before))
    assert told.get("gone", 0) == len(set(before) - set(after) - {name})
    assert stored(explorer, somebody_new, name) == ["dislike"]
    page.keyboard.press("z")
    expect(strip).to_have_count(0)
    expect(page.locator(f'property-card article[aria-label="{name}"]')).to_be_visible()


def test_a_thumb_that_was_not_stored_brings_its_card_back(explorer: Explorer, somebody_new: int) -> None:
    explorer.feed(somebody_new)
    before = explorer.ids()
    explorer.answer(
        "/properties/.*/feedback",
        lambda route: route.fulfill(
            status=500, json={"error": {"code": "InternalError", "message": "x", "request_id": "r-7"}}
        ),
    )
    explorer.cards.first.get_by_role("button", name="Like", exact=True).click()
    expect(explorer.page.get_by_role("alert").filter(has_text="r-7")).to_be_visible()
    assert explorer.ids() == before


def test_the_reason_of_a_thumb_goes_along(explorer: Explorer, somebody_new: int) -> None:
    page = explorer.feed(somebody_new).page
    explorer.cards.first.get_by_role("button", name="Dislike").click()
    chip = page.locator("thumb-effect button.chip").first
    chip.wait_for()
    chip.click()
    expect(page.locator("thumb-effect")).to_contain_text("because of")
    page.locator("thumb-effect button.chip").first.wait_for(state="detached")
    assert len(explorer.last("/properties/.*/feedback")["because"]) == 1


def has_the_focus(explorer: Explorer, name: str) -> None:
    """The card, and no other."""
    expect(explorer.page.locator("property-card:focus-within article")).to_have_attribute("aria-label", name)


def test_the_keys_work_after_any_click_and_the_focus_comes_back(explorer: Explorer, somebody_new: int) -> None:
    page = explorer.feed(somebody_new).page
    names = explorer.ids()
    page.get_by_role("heading", name=f"Investor {somebody_new}").click()
    for wanted in (0, 1, 2):
        page.keyboard.press("j")
        has_the_focus(explorer, names[wanted])
    page.keyboard.press("k")
    has_the_focus(explorer, names[1])
    page.keyboard.press("Enter")
    expect(explorer.drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(explorer.drawer).to_have_count(0)
    has_the_focus(explorer, names[1])
    page.keyboard.press("/")
    page.keyboard.type("jkld")  # typed, not obeyed
    expect(page.get_by_label("property id or zip code")).to_have_value("jkld")
    assert page.locator("thumb-effect").count() == 0
    page.get_by_role("heading", name=f"Investor {somebody_new}").click()
    page.keyboard.press("j")
    with page.expect_response("**/feedback"):
        page.keyboard.press("l")
    expect(page.locator("thumb-effect")).to_contain_text("Liked")
    with page.expect_response("**/feedback"):
        page.keyboard.press("z")


def test_without_the_scope_to_write_thumbs_are_off_and_say_why(make_explorer: MakeExplorer) -> None:
    reader = make_explorer(scopes="twin/read").feed(USER)
    expect(reader.page.get_by_text("thumbs need the scope twin/write").first).to_be_visible()
    expect(reader.cards.first.get_by_role("button", name="Dislike")).to_be_disabled()
    reader.page.keyboard.press("j")
    reader.page.keyboard.press("d")
    assert not [path for _, path, _ in reader.sent if path.endswith("/feedback")]


def test_a_new_investor_is_told_to_see_what_the_market_likes(explorer: Explorer) -> None:
    explorer.feed(123_456_789)
    expect(explorer.page.get_by_text("Market's taste").first).to_be_visible()
    expect(explorer.page.get_by_text("State what is wanted as filters")).to_be_visible()


def test_a_tenant_with_too_little_data_is_told_so(make_explorer: MakeExplorer) -> None:
    newcomer = make_explorer(tenant="newcomer")
    newcomer.api("POST", "/properties/MS-00003/feedback", {"user_id": 1, "kind": "like"})
    newcomer.feed(1)
    expect(newcomer.page.get_by_text("too little is known here to learn from yet")).to_be_visible()


@pytest.mark.parametrize("photo", ["javascript:alert(1)", "http://elsewhere.example/x.png"])
def test_a_photo_comes_from_an_https_address_or_not_at_all(explorer: Explorer, photo: str) -> None:
    def with_photo(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["recommendations"][0]["property"]["attributes"] = {"photo_url": photo, "address": "<b>1 Main St</b>"}
        route.fulfill(response=answer, json=body)

    explorer.answer("/recommend", with_photo)
    explorer.feed(USER)
    expect(explorer.cards.first.get_by_text("<b>1 Main St</b>")).to_be_visible()
    assert explorer.cards.first.locator("img").count() == 0
