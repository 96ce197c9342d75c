"""The data of a comparison: a folder of canonical CSVs, frozen as the product freezes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from functions.train.offline import freeze
from portfolio_twin.adapters.files.csv_lines import lines
from portfolio_twin.adapters.files.sheets import UNPACKED_LIMIT_BYTES
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Mask
from portfolio_twin.domain.csv.canonical import read_catalogue, read_interactions
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.split import TEST, VALIDATION, training_log
from portfolio_twin.evaluation.queries import Queries
from tests.benchmarks.quality.rivals.training_matrix import Known
from tests.benchmarks.quality.still_to_be_had import StillToBeHad

SPLIT_SEED = 0  # one split for all seeds of the models: they differ by their own chance alone


@dataclass(frozen=True)
class Market:
    """A snapshot and what is asked of a model that was trained on it."""

    name: str
    snapshot: Snapshot

    @classmethod
    def of(cls, name: str, dataset: Dataset) -> "Market":
        return cls(name, freeze(dataset, SPLIT_SEED))

    @property
    def size(self) -> int:
        return len(self.snapshot.catalogue)

    @cached_property
    def validation(self) -> Queries:
        return Queries.of(self.snapshot.dataset, self.snapshot.holdout, VALIDATION)

    @cached_property
    def test(self) -> Queries:
        return Queries.of(self.snapshot.dataset, self.snapshot.holdout, TEST)

    def known(self, *, validation_too: bool) -> Known:
        """For choosing settings: what the twin trains on. For the test: the validation targets too."""
        dataset, holdout = self.snapshot.dataset, self.snapshot.holdout
        hidden = holdout.of(TEST) if validation_too else holdout
        return Known(dataset.with_log(training_log(dataset.log, hidden)), dataset)

    @cached_property
    def touched(self) -> Mask:
        """(n,) the properties with any interaction in the log."""
        return np.isin(np.arange(self.size), self.snapshot.dataset.rows)

    @cached_property
    def still_to_be_had(self) -> StillToBeHad:
        return StillToBeHad.of(self.snapshot.dataset, self.test)


def read_market(folder: Path) -> Market:
    return Market.of(folder.resolve().name, read_dataset(folder))


def read_dataset(folder: Path) -> Dataset:
    """properties.csv[.gz] and interactions.csv[.gz] of one folder."""
    return Dataset(read_catalogue(_lines(folder, "properties")), read_interactions(_lines(folder, "interactions")))


def _lines(folder: Path, name: str) -> Iterator[str]:
    path = next((path for path in (folder / f"{name}.csv.gz", folder / f"{name}.csv") if path.exists()), None)
    if path is None:
        raise SystemExit(f"{folder} has no {name}.csv or {name}.csv.gz")
    return lines(path, lambda _bytes: None, UNPACKED_LIMIT_BYTES)
