"""Every benchmark is one that `make bench` can run, and its figures are read again as they were published."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import HERE, LONG, found, module_of
from tests.benchmarks.measure import figures
from tests.benchmarks.measure.clock import growth


@pytest.mark.parametrize("name", [*found(HERE), *found(LONG)])
def test_a_benchmark_is_a_module_with_a_main(name: str) -> None:
    spec = find_spec(module_of(name))
    assert spec is not None
    assert spec.origin is not None
    assert "\ndef main() -> None:\n" in Path(spec.origin).read_text()


def test_figures_measured_again_replace_the_old_ones_and_leave_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    figures.publish("index", {"index_10000_s": 2.0, "index_1000000_s": 200.0})
    figures.publish("index", {"index_10000_s": 1.0})
    assert figures.read("index") == {"index_10000_s": 1.0, "index_1000000_s": 200.0}


def test_the_growth_of_what_costs_four_times_as_much_for_twice_the_size_is_quadratic() -> None:
    assert growth([1, 2, 4], [1, 4, 16]) == pytest.approx(2)
