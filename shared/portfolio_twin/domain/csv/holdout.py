"""holdout.csv of a snapshot: user_id,property_id,occurred_at,split,label. Trusted: written here, read here."""

import csv
from collections.abc import Iterable, Iterator

import numpy as np

from portfolio_twin.domain.split import SPLITS, Holdout

HOLDOUT_COLUMNS = ("user_id", "property_id", "occurred_at", "split", "label")


def write_holdout(holdout: Holdout) -> Iterator[tuple[str | int, ...]]:
    """The header and one row per pair, for a csv writer."""
    yield HOLDOUT_COLUMNS
    times = np.datetime_as_string(holdout.times.astype("datetime64[s]"), timezone="UTC")
    splits = np.array(SPLITS)[holdout.splits]
    yield from zip(
        holdout.users.tolist(), holdout.properties.tolist(), times.tolist(), splits.tolist(), holdout.labels.tolist(),
        strict=True,
    )  # fmt: skip


def read_holdout(lines: Iterable[str]) -> Holdout:
    rows = list(csv.reader(lines))[1:]
    users, properties, times, splits, labels = zip(*rows, strict=True) if rows else ([],) * 5
    stamps = np.array([time.removesuffix("Z") for time in times], dtype="datetime64[s]")
    return Holdout(
        np.array(users, dtype=np.int64),
        np.array(properties, dtype=object),
        stamps.astype(np.int64),
        np.array([SPLITS.index(split) for split in splits], dtype=np.int8),
        np.array(labels, dtype=np.int8),
    )
