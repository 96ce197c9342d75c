"""Chromium, a market to look at, and explorers that are told off for what they must not do."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.fixtures.explorer import TIMEOUT_MS, Explorer
from tests.browser.fixtures.market import Market, open_market

MakeExplorer = Callable[..., Explorer]
expect.set_options(timeout=TIMEOUT_MS)  # as everything else waits: what comes late on a busy machine is no fault


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A page may take a while on a busy machine; none of these may hide an unclosed socket of the servers' threads."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("default::ResourceWarning"))


@pytest.fixture(scope="session")
def market() -> Iterator[Market]:
    with open_market() as opened:
        yield opened


def chromium() -> str:
    """Where it is; fails where there is none, as nothing here may be skipped."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return path or pytest.fail("no Chromium here: `apt-get install chromium`, or name one in CHROMIUM")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def make_explorer(market: Market, browser: Browser) -> Iterator[MakeExplorer]:
    """Explorers in contexts of their own; at the end none has broken a rule, reached another origin or thrown."""
    made: list[tuple[Explorer, bool]] = []

    def make(
        *, lenient: bool = False, tenant: str = "harborview", scopes: str = "twin/read twin/write", **options: Any
    ) -> Explorer:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
        explorer = Explorer(market, context.new_page(), tenant, scopes)
        made.append((explorer, lenient))
        return explorer

    yield make
    for explorer, lenient in made:
        told = (explorer.reports(), explorer.faults, explorer.foreign)
        explorer.page.context.close()
        assert lenient or told == ([], [], []), told


@pytest.fixture
def explorer(make_explorer: MakeExplorer) -> Explorer:
    return make_explorer()


@pytest.fixture
def somebody_new(explorer: Explorer) -> int:
    """An investor of this test alone (the system outlives the run), who has liked three properties."""
    user = 900_000_000 + secrets.randbelow(99_999_999)
    for name in ("HV-00003", "HV-00010", "HV-00025"):
        explorer.api("POST", f"/properties/{name}/feedback", {"user_id": user, "kind": "like"})
    return user
