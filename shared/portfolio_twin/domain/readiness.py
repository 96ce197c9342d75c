"""Is there enough data, and is it good enough, to learn a twin from? The limits, and the decision."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.faults import Fault
from portfolio_twin.domain.interactions import KIND_CODE, POSITIVE_KINDS
from portfolio_twin.domain.split import TARGETS_NEEDED

POSITIVES_NEEDED = 100  # deals or likes
PROPERTIES_NEEDED = 50
USERS_NEEDED = 2
TESTABLE_NEEDED = 1  # investors with enough dealings to hold some out: without one no gate can be measured
CONTENT_PROPERTIES_NEEDED = 2  # principal components of one property are nothing

# Beyond these shares the feed is broken, not noisy, and a model learnt from the rest would be learnt from an accident.
FAULT_LIMITS: dict[str, float] = {
    "properties_without_inputs": 0.50,
    "properties_out_of_range": 0.10,
    "properties_duplicated": 0.50,
    "interactions_with_unknown_property": 0.10,
    "interactions_in_the_future": 0.05,
    "interactions_duplicated": 0.30,
}
WHAT_TO_DO: dict[str, str] = {
    "properties_without_inputs": "the import maps no column: compare the CSV's header with the names of the fields",
    "properties_out_of_range": "check units: dollars, square feet, degrees, fractions instead of per cent",
    "properties_duplicated": "the same listing comes in under several ids: join the sources before the import",
    "interactions_with_unknown_property": "import the catalogue before the interactions, old listings included",
    "interactions_in_the_future": "check the clock and the time zone of the system that sends them",
    "interactions_duplicated": "the source sends events again: give each an idempotency_key",
}

Decision = Literal["train", "content", "skip"]


@dataclass(frozen=True)
class Counts:
    """What can be learnt from, after cleaning."""

    properties: int
    interactions: int
    users: int
    positives: int
    testable_users: int

    def to_json(self) -> dict[str, int]:
        return asdict(self)


def count(dataset: Dataset) -> Counts:
    log = dataset.log
    positive = log.take(np.isin(log.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS]))
    pairs = set(zip(positive.users.tolist(), positive.properties.tolist(), strict=True))
    distinct = np.unique([user for user, _ in pairs], return_counts=True)[1]
    return Counts(
        properties=len(dataset.catalogue),
        interactions=len(log),
        users=len(np.unique(log.users)),
        positives=len(positive),
        testable_users=int((distinct >= TARGETS_NEEDED).sum()),
    )


def refusals(faults: Mapping[str, Fault]) -> list[str]:
    """One reason per kind of fault that is too frequent."""
    return [
        f"refused: {fault.rows} of {fault.of} {name.replace('_', ' ')} "
        f"({fault.share:.0%}, limit {limit:.0%}): {WHAT_TO_DO[name]}"
        for name, limit in FAULT_LIMITS.items()
        if (fault := faults[name]).share > limit
    ]


def shortfalls(counts: Counts) -> list[str]:
    """One reason per threshold that is not reached."""
    needed = (
        (counts.positives, POSITIVES_NEEDED, "deals or likes"),
        (counts.properties, PROPERTIES_NEEDED, "properties"),
        (counts.users, USERS_NEEDED, "users"),
        (counts.testable_users, TESTABLE_NEEDED, f"users with {TARGETS_NEEDED} distinct deals or likes"),
    )
    return [f"{there} {what}, {limit} needed" for there, limit, what in needed if there < limit]


def decide(counts: Counts, faults: Mapping[str, Fault], *, has_live: bool) -> tuple[Decision, list[str]]:
    """Train a twin, build the content model, or leave things as they are; with the reasons."""
    if refused := refusals(faults):
        return "skip", refused
    if not (short := shortfalls(counts)):
        return "train", [f"{counts.positives} deals or likes of {counts.users} users are enough to train on"]
    if has_live:
        return "skip", [*short, "the live model stays"]
    if counts.properties < CONTENT_PROPERTIES_NEEDED:
        return "skip", [*short, f"a content model needs {CONTENT_PROPERTIES_NEEDED} properties"]
    return "content", [*short, "no live model yet: the content model serves meanwhile"]
