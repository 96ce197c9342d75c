"""The explorer in Chromium, without a GPU: what a first visit costs, how soon it shows, and frames of many points."""

import re
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.benchmarks.explorer.synthetic import make_atlas, make_view
from tests.benchmarks.measure.figures import publish
from tests.browser.conftest import chromium
from tests.browser.fixtures.market import Market, open_market

MANY, FEW = 100_000, 1_500
USER, OTHER, PROPERTY = 374, 40, "HV-00231"
FRAMES = """async ([n, ratio]) => {
  const { Points } = await import("/explorer/canvas/points.js");
  const points = new Points(document.createElement("canvas"));
  points.resize(900, 700, ratio);
  const random = () => Float32Array.from({ length: n }, Math.random);
  points.setPlaces(random(), random());
  points.setColours(Uint8Array.from({ length: n }, () => 256 * Math.random()), new Uint32Array(256).fill(0xff884422));
  return Array.from({ length: 120 }, (_, i) => {
    const started = performance.now();
    points.draw({ k: 650 * (1 + i / 60), x: 40 - i, y: 30 - i });
    return performance.now() - started;
  });
}"""
# From another investor's number to the pixels of their colours, the answer included.
RECOLOUR = """async (user) => {
  const within = (host, name) => host.shadowRoot.querySelector(name);
  const space = within(within(document.querySelector("twin-explorer"), "explore-screen"), "embedding-space");
  const started = performance.now(), before = space.own;
  space.user = user;
  while (space.own === before) await new Promise(requestAnimationFrame);
  await space.updateComplete;
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


def main() -> None:
    with open_market() as market, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        publish("explorer", visit(browser, market) | drawn(browser, market) | many(browser, market))
        browser.close()


def visit(browser: Browser, market: Market) -> dict[str, float]:
    """Of a first visit with nothing in the cache; the bytes are those that travel."""
    page, asked = browser.new_page(), []
    page.on("requestfinished", lambda request: asked.append((request.url, request.sizes()["responseBodySize"])))
    page.goto(market.url)
    page.get_by_text("You are not signed in").wait_for()
    scripts = sum(size for url, size in asked if url.endswith(".js")) / 1000
    styles = sum(size for url, size in asked if url.endswith(".css")) / 1000
    page.close()
    shown_once(browser, market).close()  # the model is loaded: it is the page that is measured
    page = shown_once(browser, market)
    shown = page.evaluate("performance.now()")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    requests = page.evaluate("performance.getEntriesByType('resource').length") + 1
    drawers = [drawer(page, place) for place in range(5)]
    page.close()
    return {
        "js_before_sign_in_gz_kb": scripts, "css_gz_kb": styles, "first_paint_ms": paint, "feed_shown_ms": shown,
        "drawer_p50_ms": float(np.median(drawers)), "first_visit_requests": requests,
    }  # fmt: skip


def shown_once(browser: Browser, market: Market) -> Page:
    """With a cache of its own, signed in by the link, the feed's twenty cards there."""
    page = browser.new_page()
    page.goto(market.link())
    page.locator("property-card").nth(19).wait_for()
    return page


def drawer(page: Page, place: int) -> float:
    """From the click to the waterfall."""
    page.locator("property-card button.name").nth(place).click()
    started = page.evaluate("performance.now()")
    page.locator(".waterfall").wait_for()
    taken: float = page.evaluate("performance.now()") - started
    page.keyboard.press("Escape")
    page.locator("property-drawer").wait_for(state="detached")
    return taken


def drawn(browser: Browser, market: Market) -> dict[str, float]:
    page = browser.new_page()
    page.goto(market.url)
    figures = {}
    for n in (FEW, MANY):
        for ratio in (1, 2):
            frames = page.evaluate(FRAMES, [n, ratio])
            for percentile in (50, 95):
                figures[f"frame_{n}_ratio_{ratio}_p{percentile}_ms"] = float(np.percentile(frames, percentile))
    page.close()
    return figures | {"frame_100000_p95_ms": figures[f"frame_{MANY}_ratio_1_p95_ms"]}


def many(browser: Browser, market: Market) -> dict[str, float]:
    """The whole screen with 100 000 properties, which only the answers of this test have."""
    page, version = browser.new_page(), "20260101T000000Z-00000000"
    files: dict[str, Any] = {"atlas": make_atlas(MANY, version)}
    files |= {str(user): make_view(MANY, version, user) for user in (USER, OTHER)}

    def answer(route: Route) -> None:
        user = re.search(r"/investors/(\d+)/atlas", route.request.url)
        route.fulfill(body=files[user[1] if user else "atlas"], content_type="application/octet-stream")

    page.goto(market.link())
    page.locator("property-card").first.wait_for()
    page.route(re.compile(r"/investors/\d+/atlas$|/atlas/"), answer)
    page.goto(f"{market.url}/#/explore/{USER}?view=space")
    started = page.evaluate("performance.now()")
    page.locator("explore-screen td").first.wait_for()
    first = float(page.evaluate("performance.now()")) - started
    recolour = page.evaluate(RECOLOUR, str(OTHER))
    heap = page.context.new_cdp_session(page).send("Runtime.getHeapUsage")
    used = sum(heap.get(part, 0) for part in ("usedSize", "embedderHeapUsedSize", "backingStorageSize"))
    page.close()
    return {"atlas_100000_shown_ms": first, "recolour_100000_ms": recolour, "page_100000_mb": used / 1e6}


if __name__ == "__main__":
    main()
