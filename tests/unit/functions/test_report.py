"""The report's tables and pictures, on figures whose right answer is visible."""

import json
from dataclasses import replace

import numpy as np
import pytest

from functions.train.offline import freeze
from functions.train.report import maps, plots, tables
from functions.train.report.render import asked
from functions.train.report.templates import fill
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation.evaluate import evaluate
from portfolio_twin.evaluation.results import Evaluation
from tests.fakes.logs import random_deals
from tests.fakes.twins import small_catalogue, small_twin

PNG = b"\x89PNG"
CATALOGUE = small_catalogue()


def market(users: int = 30, each: int = 5) -> Snapshot:
    return freeze(Dataset(CATALOGUE, random_deals(CATALOGUE.ids, users, each)), seed=0)


def judged(snapshot: Snapshot) -> Evaluation:
    return evaluate(small_twin(CATALOGUE), snapshot.dataset, snapshot.holdout)


def test_the_table_of_slices_tells_figures_of_the_large_and_says_so_of_the_small() -> None:
    summary = judged(market()).summary()
    page = fill("report/slices.html", metrics=summary)
    rows = {row.split("</th>")[0].split(">")[-1]: row for row in page.split("<tr>")}
    hit = summary["everybody"]["hr_at_10"]
    assert f"{hit['value']:.3f} [{hit['low']:.3f}, {hit['high']:.3f}]" in rows["All test investors"]
    assert tables.TOO_FEW in rows["6+"]  # nobody had dealt with so many
    assert tables.TOO_FEW not in rows["3–5"]
    assert "Type of the target" in page


def test_whoever_is_asked_as_if_new_has_a_line_of_their_own() -> None:
    evaluation = judged(market())
    metrics = evaluation.summary() | {"base_rate": 0.0123}
    page = fill("report/classification.html", asked=asked(evaluation, metrics), metrics=metrics)
    assert page.count("<tr>") == 1 + 1 + 3
    assert "As if new, 0 known" in page
    assert "1.23%" in page


def test_what_a_slice_is_called_cannot_break_the_page() -> None:
    figures = judged(market()).summary()["everybody"]
    metrics = {"everybody": figures, "slices": {"property_type": {"<b>": figures}}}
    assert "<b>" not in fill("report/slices.html", metrics=metrics)


def test_pictures_are_drawn_of_what_there_is() -> None:
    snapshot = market()
    evaluation = judged(snapshot)
    summary = json.loads(json.dumps(evaluation.summary()))  # as metrics.json has it
    assert plots.slices(summary["everybody"], summary["slices"]).startswith(PNG)
    assert plots.risk_coverage(evaluation).startswith(PNG)
    drawn = maps.affinity_map(snapshot, small_twin(CATALOGUE))
    assert drawn is not None
    assert drawn.startswith(PNG)


@pytest.mark.parametrize("missing", ["locations", "investors"])
def test_without_locations_or_test_investors_there_is_no_map(missing: str) -> None:
    snapshot = market(each=2 if missing == "investors" else 5)  # of two deals none is held out
    if missing == "locations":
        columns = {**CATALOGUE.columns, "lat": np.full(len(CATALOGUE), np.nan)}
        snapshot = replace(snapshot, dataset=Dataset(Catalogue(CATALOGUE.ids, columns), snapshot.log))
    assert maps.affinity_map(snapshot, small_twin(CATALOGUE)) is None


def test_a_far_away_property_does_not_shrink_the_map_but_the_investors_own_is_on_it() -> None:
    degrees = np.append(np.linspace(42.0, 42.1, 999), 60.0)
    low, high = maps._limits(degrees, np.array([42.05, np.nan]))
    assert 41.9 < low < 42.0 < 42.1 < high < 42.2
    assert maps._limits(degrees, np.array([43.0]))[1] > 43.0
