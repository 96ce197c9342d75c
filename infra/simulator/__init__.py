"""A metropolitan market with investors whose wishes are on file: data to show the product, truth to measure it by."""

from infra.simulator.market import MarketConfig
from infra.simulator.markets import MARKETS
from infra.simulator.truth import Truth
from infra.simulator.world import NewTaste, Simulation, change_of_taste, simulate
from infra.simulator.writer import read_truth, write_canonical

__all__ = [
    "MARKETS", "MarketConfig", "NewTaste", "Simulation", "Truth", "change_of_taste", "read_truth", "simulate",
    "write_canonical",
]  # fmt: skip
