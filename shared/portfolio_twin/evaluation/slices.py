"""Parts of the questions of a test, so that a mean over everybody hides nobody."""

import numpy as np

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.properties import Catalogue

LENGTHS = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6+": (6, np.inf)}
SHORTENED = (0, 1, 2)  # properties left of each history, as of an investor who has just come
GROUPS = {
    "history": "properties dealt with before",
    "as_new": "asked as if new, properties known",
    "new_properties": "target nobody had dealt with",
    "likeness": "target and history",
    "property_type": "type of the target",
}


def by_history(lengths: Numbers) -> dict[str, Mask]:
    """By how many properties each investor had dealt with when asked. lengths (q,)"""
    return {name: (lengths >= low) & (lengths <= high) for name, (low, high) in LENGTHS.items()}


def by_likeness(ranks: Numbers) -> dict[str, Mask]:
    """The half of the targets that stand higher by nearness to the history, and the other. ranks (q,)"""
    middle = np.median(ranks) if len(ranks) else 0
    return {"like": ranks <= middle, "unlike": ranks > middle}


def by_type(catalogue: Catalogue, targets: Numbers) -> dict[str, Mask]:
    """By the property type of each target (q,), where there is one."""
    types = catalogue.columns["property_type"][targets]
    names = sorted({name for name in types if name is not None})
    return {name: np.array([value == name for value in types], dtype=bool) for name in names}


def slice_name(group: str, name: str) -> str:
    """As a person reads it: `type of the target: Condo`."""
    return f"{GROUPS[group]}: {label_of(name)}"


def label_of(name: str) -> str:
    return name.replace("_", " ") if name not in LENGTHS else name.replace("-", "–")
