"""For everybody: axe finds nothing on any screen, light and dark, on a narrow one and at twice the size."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import MakeExplorer
from tests.browser.fixtures.explorer import Explorer

SCREENS = {
    "feed": ("feed/374", "property-card"),
    "drawer": ("feed/374?open=HV-00231", ".waterfall"),
    "similar": ("feed/374?open=HV-00231&tab=similar", "similar-properties li"),
    "audience": ("feed/374?open=HV-00231&tab=audience", "likely-investors li"),
    "fields": ("feed/374?open=HV-00231&tab=fields", "property-fields td"),
    "explore": ("explore/374", "embedding-space .hover"),
    "investor": ("investor/374", "learnt-buy-box .criterion"),
    "model": ("model", "model-screen td"),
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "twice": {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2},  # what 200 % leaves of 1440 × 900
    "still": {"reduced_motion": "reduce", "forced_colors": "active"},
}


def violations(explorer: Explorer) -> list[str]:
    """Each as its rule, what it asks for, and where."""
    found = Axe().run(explorer.page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing(make_explorer: MakeExplorer, screen: str, look: str) -> None:
    explorer = make_explorer(**LOOKS[look])
    place, shown = SCREENS[screen]
    explorer.sign_in(place)
    explorer.page.locator(shown).first.wait_for()
    assert violations(explorer) == []
    wide, there = explorer.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= there, "the page scrolls sideways"


def test_axe_finds_nothing_where_nobody_is_signed_in(make_explorer: MakeExplorer) -> None:
    explorer = make_explorer()
    explorer.page.goto(explorer.market.url)
    explorer.page.get_by_text("You are not signed in.").wait_for()
    assert violations(explorer) == []
