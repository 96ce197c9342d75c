"""The page of costs is arithmetic on measured figures, and is in step with the prices."""

import pytest

from tests.benchmarks.costs.model import million_answers, needed, tenant_month
from tests.benchmarks.costs.page import figures_of, page
from tests.infrastructure.resources import ROOT

FIGURES = dict.fromkeys(needed(), 1.0)


def test_an_answer_is_billed_by_the_millisecond_with_qdrant_waited_for() -> None:
    figures = FIGURES | {"serving.predict_p50_ms": 0.4, "serving.predict_qdrant_ms": 1.2}  # 2 ms are billed
    gateway, request, log, gb_ms = 1.00, 0.20, 1.5 * 0.50, 0.0133334
    assert million_answers(figures, "predict") == pytest.approx(gateway + request + log + 2 * gb_ms)


def test_an_hour_of_training_a_week_is_four_and_a_third_of_a_container_a_month() -> None:
    hour = 4 * 0.04048 + 16 * 0.004445
    assert tenant_month(FIGURES | {"train.train_20000_s": 3600.0}, 20_000)["training"] == pytest.approx(52 / 12 * hour)


def test_a_size_that_was_not_measured_is_left_out() -> None:
    assert "| 1,000,000 |" in page(FIGURES)
    assert (
        "1,000,000 |"
        not in page({name: value for name, value in FIGURES.items() if "1000000" not in name})
        .split("## A tenant a month")[1]
        .split("answers a month")[0]
    )


def test_a_page_can_be_made_again_from_itself() -> None:
    assert page(figures_of(page(FIGURES))) == page(FIGURES)


def test_the_page_of_the_docs_is_in_step_with_the_prices_and_the_arithmetic() -> None:
    pages = [path.read_text() for path in ROOT.glob("docs/costs.md")]
    assert [page(figures_of(text)) for text in pages] == pages
