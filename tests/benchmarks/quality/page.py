"""docs/quality.md from the results under build/quality: no figure is typed in.

python -m tests.benchmarks.quality.page >docs/quality.md
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

from tests.benchmarks.quality.output import FIGURES, JUDGED, RESULTS, gains, mean_and_error, pair

INTRODUCTION = """# How well the twin ranks, beside what else there is

The results of the last full run, each remade by the command over its tables (`albany` and `baltimore` are the folders
of their canonical CSVs); `python -m tests.benchmarks.quality.page` makes this page from all files under
`build/quality`. The settings of the rivals were chosen on validation; every figure is of test targets. *Albany* is
short stays (Inside Airbnb, CC BY 4.0): guests are not house buyers. ± is one standard error over the investors."""

PEOPLE = {
    "baltimore": "The investors are tax-sale investors: bidders at the city's tax sales, and the liens that they won."
}
TITLES = {"far": "targets more than 150 m from all that the investor had wanted"}

Page = Iterable[str]


def page(runs: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join([INTRODUCTION, *(part for run in runs for part in _run(run))]) + "\n"


def _run(run: Mapping[str, Any]) -> Page:
    new = " · every candidate new" if run["protocol"].startswith("The properties are cut") else ""
    yield f"## {run['data']}{new}"
    yield "```\n" + _wrapped(run["command"], " \\") + "\n```"
    seeds = f", {run['seeds']} seeds" if "seeds" in run else ""
    yield _wrapped(f"{run['test_users']:,} targets, {run['candidates']:,} candidates{seeds}. {run['protocol']}")
    if run["data"] in PEOPLE:
        yield PEOPLE[run["data"]]
    yield _models(run)
    if "still_to_be_had" in run:
        yield from _still_to_be_had(run["still_to_be_had"])
    for name, parts in run.get("probabilities", {}).items():
        rows = [[part, *(f"{p[figure]['mean']:.3f}" for figure in JUDGED if figure in p)] for part, p in parts.items()]
        heads = [JUDGED[figure] for figure in JUDGED if figure in next(iter(parts.values()))]
        yield _table([f"{name}: of the history", *heads], rows)
    for name, figures in run.get("confidence", {}).items():
        rows = [[figure, f"{value:.3f}"] for figure, value in figures.items()]
        yield _table([f"{name}: mean confidence", "value"], rows)
    if "relative_to_best" in run:
        yield from _beside_the_truth(run)
    else:
        for name, parts in run["slices"].items():
            yield _slices(TITLES.get(name, name.replace("_", " ")), parts)


def _wrapped(text: str, at_each_break: str = "") -> str:
    lines = fill(text, 120 - len(at_each_break), break_long_words=False, break_on_hyphens=False)
    return lines.replace("\n", f"{at_each_break}\n")


def _still_to_be_had(part: Mapping[str, Any]) -> Page:
    yield _wrapped(part["protocol"])
    if "models" in part:
        yield _models(part)


def _models(run: Mapping[str, Any]) -> str:
    rows, shown = [], [figure for figure in FIGURES if all(figure in row for row in run["models"].values())]
    for name, row in run["models"].items():
        figures = [mean_and_error(row[figure]) for figure in shown]
        rows.append([f"`{name}`", *figures, *gains(run["paired"].get(name)), f"{row.get('seconds', 0):.1f}"])
    headings = [FIGURES[figure] for figure in shown]
    return _table(["model", *headings, "twin's gain in HR@10", "in NDCG@10", "seconds"], rows)


def _beside_the_truth(run: Mapping[str, Any]) -> Page:
    rows = [[f"`{name}`", f"{share:.1%}"] for name, share in run["relative_to_best"].items()]
    yield _table(["NDCG@10 relative to the best possible ranking", ""], rows)
    rows = [
        [f"`{name}`", f"{run['dislikes'][name]['right_way']:.1%}", f"{curve['follows_within'] or 'not within 20'}"]
        for name, curve in run["change_of_taste"].items()
    ]
    yield _table(["", "a dislike moves the list the right way", "interactions until a new taste is followed"], rows)


def _slices(title: str, parts: Mapping[str, Any]) -> str:
    if not parts:
        return f"{title}: too few targets"
    models = list(next(iter(parts.values()))["models"])
    rows = [[f"`{model}`", *(pair(part["models"][model]) for part in parts.values())] for model in models]
    return _table([f"{title}: HR@10 / NDCG@10", *(f"{name} ({part['users']:,})" for name, part in parts.items())], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page([json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]))
