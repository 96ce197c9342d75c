import json
from dataclasses import replace
from uuid import UUID

import pytest

from functions.train.job import Job, run
from functions.train.offline import freeze
from functions.train.report.tables import TOO_FEW, interval
from infra.local.twin.model_card.card import NO_GATES, NO_TEST, Bundle, render_card
from portfolio_twin.domain.dataset import Dataset
from tests.fakes.logs import random_deals
from tests.fakes.twins import small_catalogue

CATALOGUE = small_catalogue()
JOB = Job(UUID(int=1), "20260101T000000Z-00000000", kind="content")
GATES = {"decision": "passed", "gates": {"f1": {"value": 0.8125, "limit": 0.6, "passed": True, "note": "a | b"}}}


def bundle(users: int) -> Bundle:
    files = run(JOB, freeze(Dataset(CATALOGUE, random_deals(CATALOGUE.ids, users, each=5)), seed=0))
    return Bundle(json.loads(files["manifest.json"]), json.loads(files["metrics.json"]), GATES)


@pytest.fixture(scope="module")
def tested() -> Bundle:
    return bundle(users=30)


def test_every_figure_of_a_card_is_the_runs_own(tested: Bundle) -> None:
    page = render_card(tested, "acme", "Invented for a test.", "twin model-card --tenant acme")
    assert "$" not in page  # nothing was left to fill in
    everybody = tested.metrics["everybody"]
    assert f"| **all test investors** | 30 | {interval(everybody['hr_at_10'])} |" in page
    assert f"version `{JOB.version}`" in page
    assert "60 properties, 150 interactions, 30 investors" in page
    assert "`listing_price`" in page
    assert "`attributes.school_rating`" in page
    assert "| `f1` | 0.812 | 0.600 | passed | a \\| b |" in page
    assert f"properties dealt with before: 6+ | 0 | {TOO_FEW} |" in page
    assert page.endswith("```\ntwin model-card --tenant acme\n```\n")


def test_prose_is_wrapped_and_the_command_is_not(tested: Bundle) -> None:
    command = "twin model-card --about '" + 30 * "word " + "'"
    page = render_card(tested, "acme", 30 * "word ", command)
    lines = [line for line in page.splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > 120] == [command]


def test_a_card_says_what_the_model_is_not_for(tested: Bundle) -> None:
    page = render_card(tested, "acme", "", "")
    assert "Not for** steering" in page
    assert "Fair Housing Act" in page


def test_a_model_nobody_could_be_tested_on_and_that_was_not_judged_says_both() -> None:
    page = render_card(replace(bundle(users=0), gates=None), "acme", "", "")
    assert NO_TEST in page
    assert NO_GATES in page
    assert "without interactions" in page
    assert "Asked as if new" not in page


def test_a_card_tells_of_no_training_that_did_not_happen(tested: Bundle) -> None:
    of_content = render_card(tested, "acme", "", "")
    assert "Principal components of the inputs" in of_content
    assert "epochs" not in of_content
    trained = Bundle({**tested.manifest, "kind": "twin"}, {**tested.metrics, "epochs": 40}, GATES)
    assert "* Loss infonce, hidden layers 64, 40 epochs, seed 0;" in render_card(trained, "acme", "", "")
