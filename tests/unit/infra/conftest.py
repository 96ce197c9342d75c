"""Worlds of the simulator: each market as it is, and a small one."""

from dataclasses import replace

import pytest

from infra.simulator import MARKETS, MarketConfig, Simulation, simulate


@pytest.fixture(scope="package", params=sorted(MARKETS))
def world(request: pytest.FixtureRequest) -> Simulation:
    return simulate(MARKETS[request.param], 3)


@pytest.fixture
def small() -> MarketConfig:
    return replace(MARKETS["mesa"], properties=200, investors=30, interactions=600, changing_taste=0.5)
