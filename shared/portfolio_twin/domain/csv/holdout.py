"""holdout.csv of a snapshot: user_id,property_id,occurred_at,split,label. Trusted: written here, read here."""

import csv
from collections.abc import Iterable, Iterator

import numpy as np

from portfolio_twin.domain.arrays import times_as_text, times_from_text
from portfolio_twin.domain.split import SPLITS, Holdout

HOLDOUT_COLUMNS = ("user_id", "property_id", "occurred_at", "split", "label")


def write_holdout(holdout: Holdout) -> Iterator[tuple[str | int, ...]]:
    """The header and one row per pair, for a csv writer."""
    yield HOLDOUT_COLUMNS
    times, splits = times_as_text(holdout.times), np.array(SPLITS)[holdout.splits].tolist()
    pairs = (holdout.users.tolist(), holdout.properties.tolist(), times, splits, holdout.labels.tolist())
    yield from zip(*pairs, strict=True)


def read_holdout(lines: Iterable[str]) -> Holdout:
    rows = list(csv.reader(lines))[1:]
    users, properties, times, splits, labels = zip(*rows, strict=True) if rows else ([],) * 5
    return Holdout(
        np.array(users, dtype=np.int64),
        np.array(properties, dtype=object),
        times_from_text(times),
        np.array([SPLITS.index(split) for split in splits], dtype=np.int8),
        np.array(labels, dtype=np.int8),
    )
