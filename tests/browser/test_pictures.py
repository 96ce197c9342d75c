"""Every screen in light and dark, as a picture: PICTURES=docs/images makes those of the pages anew."""

import os
from pathlib import Path

import pytest

from tests.browser.conftest import MakeExplorer

FOLDER = Path(os.environ.get("PICTURES") or "build/browser/images")
KEPT = Path("docs/images")
SCREENS = {
    "feed": ("feed/374?open=HV-00231", ".waterfall"),
    "similar": ("feed/374?open=HV-00231&tab=similar", "similar-properties li"),
    "explore": ("explore/374", "explore-screen td"),
    "investor": ("investor/374", "learnt-buy-box .criterion"),
    "model": ("model", "model-screen td"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_has_its_picture(make_explorer: MakeExplorer, screen: str, scheme: str) -> None:
    place, shown = SCREENS[screen]
    explorer = make_explorer(color_scheme=scheme, viewport={"width": 1360, "height": 850})
    explorer.sign_in(place)
    explorer.page.locator(shown).first.wait_for()
    explorer.page.locator('[role="status"] .wait').first.wait_for(state="detached")
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"explorer-{screen}-{scheme}.png"
    explorer.page.screenshot(path=FOLDER / name, animations="disabled")
    assert (KEPT / name).exists(), f"make it with PICTURES={KEPT}, and look at it"
