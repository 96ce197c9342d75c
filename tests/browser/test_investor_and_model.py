"""What was learnt of an investor can be corrected, and how good the model is can be read."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.fixtures.explorer import Explorer, number

USER = 374


def test_the_history_and_the_box_are_the_api_s(explorer: Explorer) -> None:
    page = explorer.sign_in(f"investor/{USER}").page
    page.locator("learnt-buy-box .criterion").first.wait_for()
    answer = explorer.api("GET", f"/investors/{USER}")
    box = answer["buy_box"]
    expect(page.locator("learnt-buy-box")).to_contain_text(f"{box['matching']} of {box['of']:,} match")
    shown = page.locator(".history li").all_inner_texts()
    assert [re.search(r"HV-\d+", text)[0] for text in shown] == [event["property_id"] for event in answer["history"]]  # type: ignore[index]
    page.locator(".history button.name").first.click()
    expect(explorer.drawer).to_contain_text(answer["history"][0]["property_id"])


def test_an_end_that_is_dragged_goes_into_the_filters_and_reset_takes_it_back(explorer: Explorer) -> None:
    page = explorer.sign_in(f"investor/{USER}").page
    page.locator("learnt-buy-box .criterion").first.wait_for()
    learnt = {
        name: given for name, given in explorer.api("GET", f"/investors/{USER}")["buy_box"]["filters"].items() if given
    }
    end = page.get_by_label("bedrooms, at most")
    end.scroll_into_view_if_needed()
    before = str(end.get_attribute("aria-valuetext"))
    handle = end.bounding_box()
    assert handle is not None
    share = float(end.input_value()) / 100
    x, y = handle["x"] + 9 + share * (handle["width"] - 18), handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 0.3 * handle["width"], y, steps=8)
    page.mouse.up()
    expect(end).not_to_have_attribute("aria-valuetext", before)
    after = number(str(end.get_attribute("aria-valuetext")))
    assert after < number(before)
    page.get_by_role("button", name="Use as filters").click()
    explorer.page.get_by_role("heading", name=f"Investor {USER}").wait_for()
    with page.expect_response("**/recommend"):
        page.reload()
    sent = explorer.last("/recommend")["filters"]
    assert sent["bedrooms"]["max"] == after
    assert {name: sent[name] for name in learnt if name != "bedrooms"} == {
        name: given for name, given in learnt.items() if name != "bedrooms"
    }
    page.go_back()
    page.locator("learnt-buy-box .criterion").first.wait_for()
    page.get_by_label("bedrooms, at least").press("ArrowLeft")
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Use as filters").click()
    with page.expect_response("**/recommend"):
        page.reload()
    assert explorer.last("/recommend")["filters"] == {"listing_status": ["Active"]} | learnt


def test_what_was_learnt_of_one_investor_does_not_narrow_another_s_feed(explorer: Explorer) -> None:
    page = explorer.sign_in(f"investor/{USER}").page
    page.get_by_role("button", name="Use as filters").click()
    explorer.cards.first.wait_for()
    page.get_by_label("Investor").fill("40")
    page.get_by_label("Investor").press("Enter")
    page.get_by_role("heading", name="Investor 40").wait_for()
    explorer.cards.first.wait_for()
    sent = explorer.last("/recommend")
    assert (sent["user_id"], sent["filters"]) == (40, {"listing_status": ["Active"]})


def test_dealings_that_no_longer_count_are_told(explorer: Explorer, somebody_new: int) -> None:
    """Six were acted on, and the history holds three."""

    def six(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["investors"][0] |= {"user_id": somebody_new, "acted_on": 6}
        route.fulfill(response=answer, json=body)

    explorer.answer(r"/investors\?.*", six)
    explorer.sign_in(f"investor/{somebody_new}")
    expect(explorer.page.get_by_text("3 earlier dealings no longer count")).to_be_visible()


def test_gates_slices_and_versions_are_those_of_the_files(explorer: Explorer) -> None:
    page = explorer.sign_in("model").page
    page.get_by_role("heading", name=re.compile("Live model")).wait_for()
    known = explorer.api("GET", "/models")
    details = explorer.api("GET", f"/models/{known['live']['version']}")
    gates = page.get_by_role("group", name="gates").locator("tbody tr")
    expect(gates).to_have_count(len(details["gates"]["gates"]))
    for row, gate in zip(gates.all(), details["gates"]["gates"].values(), strict=True):
        cells = row.locator("td").all_inner_texts()
        if gate["value"] is not None:
            assert abs(number(cells[1]) - gate["value"]) <= max(0.0006, 0.05 * abs(gate["value"]))
        assert ("✓" in cells[-1]) == gate["passed"]
    twin = details["metrics"]["ranking"]["twin"]["ndcg_at_10"]
    expect(page.locator("tr", has_text="this model").first).to_contain_text(f"{twin:.3f}")
    for name, part in details["metrics"]["slices"]["property_type"].items():
        row = page.get_by_role("group", name="property_type").locator("tr", has_text=name)
        expect(row).to_contain_text(f"{part['ndcg_at_10']['value']:.3f}" if part["ndcg_at_10"] else "too few to tell")
    curve = page.get_by_role("group", name="reliability").locator("tbody tr")
    expect(curve).to_have_count(len(details["metrics"]["reliability"]))
    for row, point in zip(curve.all(), details["metrics"]["reliability"], strict=True):
        shown = [number(text) for text in row.locator("td").all_inner_texts()]
        assert shown == pytest.approx([100 * point[name] for name in ("claimed", "happened", "share")], abs=0.051)
    expect(page.locator("dt", has_text="Not for")).to_have_count(3)
    versions = page.get_by_role("group", name="versions").locator("tbody tr")
    expect(versions).to_have_count(len(known["versions"]))


def test_the_report_opens(explorer: Explorer) -> None:
    page = explorer.sign_in("model").page
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Report").click()
    opened.value.wait_for_url(re.compile("report.html"))
    expect(opened.value.locator("h1").first).to_be_visible()
