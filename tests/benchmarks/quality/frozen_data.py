"""The data of a comparison: a folder of canonical CSVs, frozen as the product freezes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from functions.train.offline import freeze
from infra.local.twin.csv_files import lines
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Mask
from portfolio_twin.domain.csv.canonical import read_catalogue, read_interactions
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import TEST, VALIDATION, training_log
from portfolio_twin.evaluation.queries import Queries
from tests.benchmarks.quality.rivals.training_matrix import Known

SPLIT_SEED = 0  # one split for all seeds of the models: they differ by their own chance alone


@dataclass(frozen=True)
class Market:
    """A snapshot and what is asked of a model that was trained on it."""

    name: str
    snapshot: Snapshot

    @classmethod
    def of(cls, name: str, catalogue: Catalogue, log: InteractionLog) -> "Market":
        return cls(name, freeze(catalogue, log, SPLIT_SEED))

    @property
    def size(self) -> int:
        return len(self.snapshot.catalogue)

    @cached_property
    def validation(self) -> Queries:
        return Queries.of(self.snapshot.log, self.snapshot.holdout, self.snapshot.catalogue.ids, VALIDATION)

    @cached_property
    def test(self) -> Queries:
        return Queries.of(self.snapshot.log, self.snapshot.holdout, self.snapshot.catalogue.ids, TEST)

    def known(self, *, validation_too: bool) -> Known:
        """For choosing settings: what the twin trains on. For the test: the validation targets too."""
        holdout = self.snapshot.holdout
        hidden = holdout.of(TEST) if validation_too else holdout
        return Known(self.snapshot.catalogue, training_log(self.snapshot.log, hidden), self.snapshot.log)

    @cached_property
    def touched(self) -> Mask:
        """(n,) the properties with any interaction in the log."""
        numbers = property_numbers(self.snapshot.catalogue.ids, self.snapshot.log.properties)
        return np.isin(np.arange(self.size), numbers[numbers != UNKNOWN])


def read_market(folder: Path) -> Market:
    """properties.csv[.gz] and interactions.csv[.gz] of one folder."""
    catalogue = read_catalogue(_lines(folder, "properties"))
    return Market.of(folder.resolve().name, catalogue, read_interactions(_lines(folder, "interactions")))


def _lines(folder: Path, name: str) -> Iterator[str]:
    found = next((path for path in (folder / f"{name}.csv.gz", folder / f"{name}.csv") if path.exists()), None)
    if found is None:
        raise SystemExit(f"{folder} has no {name}.csv or {name}.csv.gz")
    return lines(found, lambda _bytes: None)
