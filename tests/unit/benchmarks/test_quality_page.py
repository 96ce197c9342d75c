"""The page of figures is what its files say."""

from pathlib import Path
from typing import Any

from tests.benchmarks.quality.page import INTRODUCTION, page

PAGE = Path(__file__).parents[3] / "docs/quality.md"


def row(value: float) -> dict[str, Any]:
    """Three figures that cannot be mistaken for each other, nor for another row's."""
    return {
        name: {"mean": value + i / 10, "se": value / 100} for i, name in enumerate(("hr_at_10", "ndcg_at_10", "mrr"))
    }


def run(**changes: Any) -> dict[str, Any]:
    return {
        "command": "python -m tests.benchmarks.quality --data acme", "protocol": "The last is the target.",
        "data": "acme", "test_users": 1_736, "candidates": 679, "seeds": 5,
        "models": {"popularity": row(0.1), "twin": row(0.3) | {"seconds": 18.74}},
        "paired": {"popularity": {"hr_gain": 0.212, "se": 0.017, "ndcg_gain": -0.13, "ndcg_se": 0.01}},
        "probabilities": {"twin": {"0 known": {"auc": {"mean": 0.786}, "ece": {"mean": 0.035}}}},
        "slices": {
            "properties_new": {"in the full list": {"users": 2_803, "models": {"twin": row(0.5)}}},
            "targets_by_property_type": {},
        },
        **changes,
    }  # fmt: skip


def test_every_figure_of_a_comparison_is_its_files_own() -> None:
    lines = page([run()]).splitlines()
    assert "## acme" in lines
    assert "python -m tests.benchmarks.quality --data acme" in lines
    assert "1,736 targets, 679 candidates, 5 seeds. The last is the target." in lines
    assert (
        "| `popularity` | 0.100 ± 0.001 | 0.200 ± 0.001 | 0.300 ± 0.001 | +0.212 ± 0.017 | -0.130 ± 0.010 | 0.0 |"
        in lines
    )
    assert "| `twin` | 0.300 ± 0.003 | 0.400 ± 0.003 | 0.500 ± 0.003 |  |  | 18.7 |" in lines
    assert "| 0 known | 0.786 | 0.035 |" in lines
    assert "| properties new: HR@10 / NDCG@10 | in the full list (2,803) |" in lines
    assert "| `twin` | 0.500 / 0.600 |" in lines
    assert "targets by property type: too few targets" in lines


def test_a_result_with_the_second_protocol_shows_it_under_the_first_and_its_far_targets() -> None:
    gains = {"hr_gain": 0.5, "se": 0.25, "ndcg_gain": 0.375, "ndcg_se": 0.125}
    open_ = {"protocol": "Still to be had.", "models": {"ease": row(0.2)}, "paired": {"ease": gains}}
    far = {"still to be had": {"users": 372, "models": {"ease": row(0.6)}}}
    lines = page([run(still_to_be_had=open_, slices={"far": far})]).splitlines()
    assert lines.index("Still to be had.") > lines.index(
        "| `twin` | 0.300 ± 0.003 | 0.400 ± 0.003 | 0.500 ± 0.003 |  |  | 18.7 |"
    )
    assert "| `ease` | 0.200 ± 0.002 | 0.300 ± 0.002 | 0.400 ± 0.002 | +0.500 ± 0.250 | +0.375 ± 0.125 | 0.0 |" in lines
    assert (
        "| targets more than 150 m from all that the investor had wanted: HR@10 / NDCG@10 | still to be had (372) |"
        in lines
    )
    assert "| `ease` | 0.600 / 0.700 |" in lines


def test_a_protocol_that_was_left_out_is_said_and_a_figure_that_a_result_holds_gets_a_column() -> None:
    deep = row(0.1) | {"hr_at_100": {"mean": 0.75, "se": 0.125}}
    lines = page([run(models={"twin": deep}, still_to_be_had={"protocol": "Too little is."})]).splitlines()
    assert "Too little is." in lines
    assert "| `twin` | 0.100 ± 0.001 | 0.200 ± 0.001 | 0.300 ± 0.001 | 0.750 ± 0.125 |  |  | 0.0 |" in lines


def test_it_says_who_the_investors_of_a_real_market_are() -> None:
    assert "tax-sale investors" in page([run(data="baltimore")])
    assert "tax-sale investors" not in page([run()])


def test_where_the_truth_is_known_the_page_says_how_near_each_model_comes() -> None:
    simulated = run(
        relative_to_best={"twin": 0.735, "best": 1.0},
        dislikes={"tower": {"right_way": 0.872}, "twin": {"right_way": 0.955}},
        change_of_taste={"tower": {"follows_within": None}, "twin": {"follows_within": 5}},
    )
    lines = page([simulated]).splitlines()
    assert "| `twin` | 73.5% |" in lines
    assert "| `tower` | 87.2% | not within 20 |" in lines
    assert "| `twin` | 95.5% | 5 |" in lines
    assert not any(line.startswith("| properties new") for line in lines)


def test_a_run_on_new_properties_says_so_and_a_long_command_stays_one_command() -> None:
    command = "python -m tests.benchmarks.quality --models " + " ".join(["untrained_sum_recent"] * 9)
    text = page([run(protocol="The properties are cut at random into two halves.", command=command)])
    assert "## acme · every candidate new" in text
    block = text.split("```")[1]
    assert block.replace("\\\n", "").strip() == command
    assert all(len(line) <= 120 for line in text.splitlines() if not line.startswith("|"))


def test_the_page_was_made_by_the_command_that_it_names() -> None:
    assert PAGE.read_text().startswith(INTRODUCTION)
