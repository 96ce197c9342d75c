"""Map and space: every property is there, is named where the pointer is, and a box is a list."""

import json
import random
import re
import struct
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.fixtures.explorer import Explorer

USER, OPENED = 374, "HV-00231"
PLOTS = ("Map", "Space")


@pytest.fixture
def exploring(explorer: Explorer) -> Explorer:
    explorer.sign_in(f"explore/{USER}")
    explorer.page.locator("point-plot").nth(1).wait_for()
    explorer.page.get_by_role("heading", name="The best matches").wait_for()
    return explorer


def plot(explorer: Explorer, name: str) -> Locator:
    return explorer.page.locator("point-plot", has_text=name)


def atlas(explorer: Explorer) -> dict[str, Any]:
    """The file's header and ids, read here by its own arithmetic."""
    version = explorer.api("GET", "/models")["live"]["version"]
    headers = {"authorization": f"Bearer {explorer.market.token()}"}
    content = httpx.get(f"{explorer.market.url}/atlas/{version}", headers=headers, follow_redirects=True).content
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    return {
        name: content[8 + size :][slice(*entry["data_offsets"])]
        for name, entry in header.items()
        if name != "__metadata__"
    }


# Where a plot puts each property, [x, y, row], away from its edges and buttons.
PLACED = """(plot) => Array.from(plot.places.x, (x, row) => [...plot.at(x, plot.places.y[row]), row])
  .filter(([x, y]) => x > 12 && y > 12 && x < plot.width - 60 && y < plot.height - 60)"""
# By row how opaque the pixel of each property is; -1 off the canvas.
OPACITY = """(plot) => {
  const { canvas, context, ratio } = plot.points, { width, height } = canvas;
  const { data } = context.getImageData(0, 0, width, height), inside = (v, end) => v > 5 && v < end - 5;
  return Array.from(plot.places.x, (x, row) => plot.at(x, plot.places.y[row]).map((v) => Math.round(v * ratio)))
    .map(([x, y]) => inside(x, width) && inside(y, height) ? data[4 * (y * width + x) + 3] : -1);
}"""


def opacity(explorer: Explorer, name: str) -> list[int]:
    return list(plot(explorer, name).evaluate(OPACITY))


def placed(explorer: Explorer, name: str) -> list[list[float]]:
    return list(plot(explorer, name).evaluate(PLACED))


@pytest.mark.parametrize("name", PLOTS)
def test_every_property_is_drawn(exploring: Explorer, name: str) -> None:
    """A mark where each is, by the canvas' own pixels."""
    total = len(atlas(exploring)["offsets"]) // 4 - 1
    expect(exploring.page.locator("embedding-space")).to_contain_text(f"{total:,} shown")
    seen = [value for value in opacity(exploring, name) if value >= 0]
    assert set(seen) == {255}
    assert len(seen) >= 0.95 * total


@pytest.mark.parametrize("name", PLOTS)
def test_the_property_under_the_pointer_is_named_in_both_plots(exploring: Explorer, name: str) -> None:
    here = plot(exploring, name)
    names = here.evaluate("(p) => p.getRootNode().host.atlas.names")
    frame = here.locator(".frame").bounding_box()
    assert frame is not None
    seen = placed(exploring, name)
    for x, y, row in random.Random(1).sample(seen, 20):
        exploring.page.mouse.move(frame["x"] + 1 + x, frame["y"] + 1 + y)
        near = [names[int(r)] for px, py, r in seen if abs(px - x) <= 7 and abs(py - y) <= 7]
        assert names[int(row)] in near
        expect(exploring.page.locator("p.hover b")).to_have_text(re.compile(f"^({'|'.join(near)})$"))
        expect(exploring.page.locator("point-plot circle.hover")).to_have_count(2)


def test_a_click_opens_and_keys_walk(exploring: Explorer) -> None:
    page = exploring.page
    page.locator("point-plot", has_text="Space").locator(".frame").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("p.hover b").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("p.hover b")).not_to_have_text(first)
    page.keyboard.press("+")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(exploring.drawer).to_be_visible()


def test_what_is_most_like_the_opened_one_stays_bright_and_the_rest_dims(exploring: Explorer) -> None:
    page = exploring.page
    names = plot(exploring, "Space").evaluate("(p) => p.getRootNode().host.atlas.names")
    answer = exploring.api("GET", f"/properties/{OPENED}/similar?top_k=20")["results"]
    bright = {OPENED, *(one["property_id"] for one in answer)} & set(names)
    exploring.go(f"explore/{USER}?open={OPENED}")
    expect(page.get_by_text(f"{OPENED} and the {len(bright) - 1} most like it are bright")).to_be_visible()
    for name in PLOTS:
        seen = dict(zip(names, opacity(exploring, name), strict=True))
        assert {seen[one] for one in bright} <= {255, -1}
        dim = [one for one, value in seen.items() if 0 < value < 255]
        assert len(dim) > 0.8 * len(names)
        assert not bright & set(dim)
    page.keyboard.press("Escape")
    expect(page.get_by_text("the investor. Hover")).to_be_visible()
    assert set(opacity(exploring, "Space")) <= {255, -1}


@pytest.mark.parametrize("name", PLOTS)
def test_a_box_lists_what_lies_in_it_and_narrows_the_feed(exploring: Explorer, name: str) -> None:
    page, here = exploring.page, plot(exploring, name)
    frame = here.locator(".frame").bounding_box()
    assert frame is not None
    inside = [(x, y, row) for x, y, row in placed(exploring, name)]
    middle_x, middle_y = sorted(p[0] for p in inside)[len(inside) // 2], sorted(p[1] for p in inside)[len(inside) // 2]
    left, top, right, bottom = middle_x - 60, middle_y - 60, middle_x + 60, middle_y + 60
    page.get_by_role("heading", name="Explore").click()  # from there shift would select
    page.keyboard.down("Shift")
    page.mouse.move(frame["x"] + 1 + left, frame["y"] + 1 + top)
    page.mouse.down()
    page.mouse.move(frame["x"] + 1 + right, frame["y"] + 1 + bottom, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert page.evaluate("getSelection().type") != "Range"
    expected = [int(row) for x, y, row in inside if left <= x <= right and top <= y <= bottom]
    count = page.get_by_role("heading", name="in the box")
    count.wait_for()
    assert abs(int(count.inner_text().split()[0].replace(",", "")) - len(expected)) <= 2  # half a pixel at each edge
    with page.expect_request(lambda asked: "candidate_property_ids" in (asked.post_data or "")) as narrowed:
        page.get_by_role("button", name="Feed within it").click()
    names = json.loads(narrowed.value.post_data or "{}")["candidate_property_ids"]
    assert abs(len(names) - min(300, len(expected))) <= 2
    exploring.cards.first.wait_for()
    assert set(exploring.ids()) <= set(names)


def test_the_best_matches_are_those_that_can_still_be_recommended(exploring: Explorer) -> None:
    rows = exploring.page.locator("explore-screen tbody tr")
    expect(rows).to_have_count(20)
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    history = exploring.api("GET", f"/investors/{USER}")["history"]
    acted_on = {event["property_id"] for event in history if event["kind"] != "view"}
    assert acted_on
    assert not acted_on & {row[0] for row in cells}
    assert not {"Sold", "Off Market"} & {row[3] for row in cells}


def test_numbers_have_a_gradient_with_its_ends_and_kinds_a_list(exploring: Explorer) -> None:
    colour, legend = exploring.page.get_by_role("combobox", name="colour"), exploring.page.locator(".legend")
    for name, ends in {"match": ["0 %", "100 %"], "price": ["$"], "days": []}.items():
        colour.select_option(name)
        assert legend.locator("rect").count() >= 16
        for end in ends:
            expect(legend).to_contain_text(end)
    colour.select_option("type")
    assert legend.locator(".kind").all_inner_texts() == ["Single Family", "Condo", "Townhouse", "Multi-Family", "Land"]
    colour.select_option("status")
    expect(legend).to_contain_text("Off Market")
