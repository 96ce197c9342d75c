from importlib.util import find_spec

import pytest

from tests.benchmarks.bench_imports import HANDLERS


@pytest.mark.parametrize("name", HANDLERS)
def test_a_measured_handler_is_where_the_benchmark_imports_it(name: str) -> None:
    assert find_spec(f"functions.api.{name}.app") is not None
