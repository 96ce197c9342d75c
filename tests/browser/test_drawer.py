"""The drawer: why, what is like it, who wants it, and all that is stored of a property."""

import json
import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.fixtures.explorer import Explorer, number

USER, PROPERTY = 374, "HV-00231"
HOSTILE = '<img src=x onerror="window.hacked=1">'


def waterfall_adds_up(explorer: Explorer) -> None:
    """From the average property by each row to this one: in log-odds and in per cent, and to what the API says."""
    answer = explorer.api("POST", "/explain", {"user_id": USER, "property": {"property_id": PROPERTY}})
    explorer.page.locator(".waterfall").wait_for()
    rows = [row.locator("td").all_inner_texts() for row in explorer.page.locator(".waterfall tbody tr").all()]
    first, *parts, last = [(number(row[2]), number(row[3])) for row in rows]
    assert len(parts) == len(answer["contributions"])
    assert abs(first[0] + sum(part for part, _ in parts) - last[0]) <= 0.005 * (len(parts) + 2)
    assert abs(last[1] / 100 - answer["affinity_score"]) <= 0.001
    assert abs(parts[-1][1] - last[1]) <= 0.1
    assert abs(number(explorer.drawer.locator("match-score b").first.inner_text()) - last[1]) <= 1


def test_the_waterfall_adds_up_to_the_score(explorer: Explorer) -> None:
    explorer.sign_in(f"feed/{USER}?open={PROPERTY}")
    waterfall_adds_up(explorer)


def test_a_share_is_0_or_100_per_cent_only_where_it_is(explorer: Explorer) -> None:
    explorer.sign_in(f"feed/{USER}")
    told = explorer.page.evaluate("""() => import("/explorer/formats.js").then(({ exact, percent, value }) =>
        [0, 0.00001, 0.004, 0.42, 0.9997, 1].map((s) => [percent(s), exact(s), value("confidence", s)]))""")
    assert told == [
        ["0 %", "0.0 %", "0 %"], ["< 0.1 %", "< 0.1 %", "< 1 %"], ["0.4 %", "0.4 %", "< 1 %"],
        ["42 %", "42.0 %", "42 %"], ["> 99.9 %", "> 99.9 %", "> 99 %"], ["100 %", "100.0 %", "100 %"],
    ]  # fmt: skip


def test_the_call_behind_an_answer_can_be_copied(explorer: Explorer) -> None:
    explorer.sign_in(f"feed/{USER}?open={PROPERTY}")
    explorer.page.get_by_text("The call behind this").click()
    expect(explorer.page.locator("pre")).to_contain_text(f'"property_id":"{PROPERTY}"')
    assert explorer.market.token() not in explorer.page.locator("pre").inner_text()


def test_similar_properties_are_the_api_s_with_what_differs(explorer: Explorer) -> None:
    explorer.sign_in(f"feed/{USER}?open={PROPERTY}&tab=similar")
    explorer.page.locator("similar-properties li").first.wait_for()
    answer = explorer.api("GET", f"/properties/{PROPERTY}/similar?top_k=10")["results"]
    shown = explorer.page.locator("similar-properties li").all_inner_texts()
    assert [re.search(r"HV-\d+", text)[0] for text in shown] == [one["property_id"] for one in answer]  # type: ignore[index]
    assert "bed" in " ".join(shown)
    explorer.page.locator("similar-properties button.name").first.click()
    expect(explorer.page).to_have_url(re.compile(f"open={answer[0]['property_id']}"))


def test_who_wants_it_is_the_api_s_with_who_acted_on_it(explorer: Explorer) -> None:
    explorer.sign_in(f"feed/{USER}?open={PROPERTY}&tab=audience")
    explorer.page.locator("likely-investors li").first.wait_for()
    answer = explorer.api("GET", f"/properties/{PROPERTY}/audience?top_k=20")["investors"]
    shown = explorer.page.locator("likely-investors li").all_inner_texts()
    assert [int(number(text)) for text in shown] == [one["user_id"] for one in answer]
    assert ["acted on it" in text for text in shown] == [one["acted_on"] for one in answer]
    explorer.page.get_by_label("only those who have not acted on it").check()
    expect(explorer.page.locator("likely-investors .tag")).to_have_count(0)
    explorer.page.locator("likely-investors li").first.wait_for()
    answer = explorer.api("GET", f"/properties/{PROPERTY}/audience?top_k=20&exclude_acted=true")["investors"]
    shown = explorer.page.locator("likely-investors li").all_inner_texts()
    assert [int(number(text)) for text in shown] == [one["user_id"] for one in answer]
    explorer.page.locator("likely-investors a").first.click()
    expect(explorer.page).to_have_url(re.compile(f"#/investor/{answer[0]['user_id']}"))


def test_all_fields_are_there_with_their_units(explorer: Explorer) -> None:
    explorer.sign_in(f"feed/{USER}?open={PROPERTY}&tab=fields")
    table = explorer.page.locator("property-fields")
    stored = explorer.api("GET", f"/properties/{PROPERTY}")["property"]
    expect(table).to_contain_text(f"${stored['listing_price']:,.0f}")
    expect(table).to_contain_text(f"{stored['square_footage']:,.0f} ft²")
    for attribute in stored["attributes"]:
        expect(table).to_contain_text(attribute.replace("_", " "))


def test_the_back_button_and_a_pasted_link_restore_the_view(explorer: Explorer) -> None:
    page = explorer.feed(USER).page
    explorer.cards.nth(2).locator("button.name").click()
    page.get_by_role("tab", name="All fields").click()
    page.locator("property-fields").wait_for()
    link, name = page.url, explorer.ids()[2]
    page.go_back()
    expect(page.get_by_role("tab", name="Why")).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(explorer.drawer).to_have_count(0)
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("property-drawer small").first).to_contain_text(str(USER))
    expect(page.locator("property-drawer")).to_contain_text(name)
    expect(page.get_by_role("tab", name="All fields")).to_have_attribute("aria-selected", "true")


def test_the_tabs_follow_the_arrow_keys(explorer: Explorer) -> None:
    page = explorer.sign_in(f"feed/{USER}?open={PROPERTY}").page
    page.get_by_role("tab", name="Why").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Similar")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Why")).to_be_focused()


def test_a_thumb_in_the_drawer_moves_the_feed(explorer: Explorer, somebody_new: int) -> None:
    explorer.feed(somebody_new)
    name = explorer.ids()[0]
    explorer.cards.first.locator("button.name").click()
    explorer.drawer.get_by_role("button", name="Dislike").click()
    expect(explorer.page.locator("thumb-effect")).to_contain_text(f"Disliked {name}")
    assert name not in explorer.ids()
    expect(explorer.drawer.get_by_role("button", name="Dislike")).to_have_attribute("aria-pressed", "true")
    expect(explorer.page.get_by_text("4 dealings known")).to_be_visible()
    now = explorer.api("POST", "/predict", {"user_id": somebody_new, "property_id": name})["affinity_score"]
    expect(explorer.drawer.locator("meter").first).to_have_js_property("value", now)


def test_an_id_is_found_a_zip_narrows_and_what_is_unknown_can_be_described(explorer: Explorer) -> None:
    page = explorer.feed(USER).page
    search = page.get_by_label("property id or zip code")
    search.fill(PROPERTY)
    search.press("Enter")
    expect(explorer.drawer).to_contain_text(PROPERTY)
    search.fill("02808")
    search.press("Enter")
    expect(page.get_by_role("button", name="drop 02808")).to_be_visible()
    search.fill("nowhere-1")
    search.press("Enter")
    page.get_by_role("button", name="Describe it").click()
    expect(search).to_have_value("")
    page.get_by_label("price", exact=True).fill("650000")
    page.get_by_label("bedrooms", exact=True).fill("4")
    judge = page.get_by_role("button", name="How well does it match?")
    ground = judge.evaluate("(it) => getComputedStyle(it).backgroundColor")
    judge.hover()
    expect(judge).to_have_css("background-color", ground)
    judge.click()
    shown = page.locator("describe-property match-score b")
    expect(shown).to_be_visible()
    expect(page.locator("describe-property rect").first).not_to_have_css("fill", "rgb(0, 0, 0)")
    asked = explorer.last("/predict")
    assert asked["property_features"] == {"listing_price": 650000, "bedrooms": 4}
    assert abs(number(shown.inner_text()) / 100 - explorer.api("POST", "/predict", asked)["affinity_score"]) <= 0.0051
    page.get_by_label("square footage", exact=True).fill("2000")
    with page.expect_request("**/predict") as again:
        judge.click()
    known = {"listing_price": 650000, "bedrooms": 4, "square_footage": 2000, "price_per_sqft": 325}
    assert json.loads(again.value.post_data or "{}")["property_features"] == known


@pytest.mark.parametrize("name", ['a/b#c%25 "d"', "Häuschen 🏡", "HV-00231/similar"])
def test_an_id_may_hold_any_character(explorer: Explorer, name: str) -> None:
    explorer.api(
        "POST",
        "/properties",
        {
            "properties": [
                {
                    "property_id": name,
                    "property": {"listing_price": 500000.0, "listing_status": "Active", "property_type": "Condo"},
                }
            ]
        },
    )
    page = explorer.feed(USER).page
    page.get_by_label("property id or zip code").fill(name)
    page.get_by_label("property id or zip code").press("Enter")
    expect(explorer.drawer).to_contain_text(name)
    page.locator(".waterfall").wait_for()
    page.reload()
    expect(explorer.drawer).to_contain_text(name)


def test_an_unknown_id_is_told(explorer: Explorer) -> None:
    explorer.sign_in("property/not-there")
    expect(explorer.drawer.get_by_role("alert")).to_contain_text("no such property")


def markup_is_text(explorer: Explorer) -> None:
    def hostile(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["property"]["attributes"] = {"note": HOSTILE, HOSTILE: "name"}
        route.fulfill(response=answer, json=body)

    explorer.answer(f"/properties/{PROPERTY}$", hostile)
    explorer.sign_in(f"feed/{USER}?open={PROPERTY}&tab=fields")
    expect(explorer.page.locator("property-fields").get_by_text(HOSTILE).first).to_be_visible()
    assert explorer.page.locator("property-fields img").count() == 0
    assert explorer.page.evaluate("window.hacked") is None


def test_markup_in_an_attribute_is_text(explorer: Explorer) -> None:
    markup_is_text(explorer)
