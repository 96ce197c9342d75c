"""The templates of the reports: each lies beside what renders it, and is named by its path under functions/train."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from functions.train.report.tables import CLASSIFICATION, NAMES, RANKING, TOO_FEW, best_rival, interval, number
from portfolio_twin.evaluation.slices import GROUPS, label_of

CAPTIONS = {
    "slices.png": "Where a rival's mark lies right of the blue point, it would serve these investors better. "
    "A long bar: few investors, little certainty.",
    "affinity_map.png": "The test investor with the longest history. The next choice should lie where it is yellow.",
    "training_curves.png": "How the training went.",
    "roc.png": "Telling what investors acted on from what was drawn at random.",
    "confusion.png": "Right and wrong answers among the held-out pairs.",
    "reliability.png": "An affinity of 0.8 should come true eight times in ten.",
    "risk_coverage.png": "The surer the twin says it is, the more often it should be right. Dashed: all its answers.",
    "embedding_tsne.png": "Properties that lie close are alike to investors. Axes have no meaning of their own.",
}
IMPORTANT = 12  # parts of the score that are listed
WIDE = ("slices.png", "affinity_map.png", "training_curves.png", "embedding_tsne.png")

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals |= {
    "CAPTIONS": CAPTIONS, "CLASSIFICATION": CLASSIFICATION, "GROUPS": GROUPS, "NAMES": NAMES, "RANKING": RANKING,
    "TOO_FEW": TOO_FEW, "WIDE": WIDE, "IMPORTANT": IMPORTANT, "best_rival": best_rival, "label_of": label_of,
}  # fmt: skip
ENVIRONMENT.filters.update(base64=lambda data: base64.b64encode(data).decode(), interval=interval, number=number)


def fill(template: str, **values: Any) -> str:
    """Raises UndefinedError for a name that the template asks for and nobody gave."""
    return ENVIRONMENT.get_template(template).render(values)
