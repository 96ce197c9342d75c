"""The page of figures is what its files say."""

import json
from pathlib import Path

from tests.benchmarks.quality.page import page

RUNS = ("albany", "albany_baseline", "albany_new_half", "simulated")
DOCS = Path(__file__).parents[3] / "docs"


def test_no_figure_of_the_page_was_typed_in() -> None:
    runs = [json.loads((DOCS / "quality" / f"{name}.json").read_text()) for name in RUNS]
    assert page(runs) == (DOCS / "quality.md").read_text()
