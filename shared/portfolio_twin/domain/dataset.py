"""The data as one thing: a catalogue, what investors did with it, and how the two fit together."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.evidence import Evidence, gather_evidence
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import UNKNOWN, Catalogue


@dataclass(frozen=True)
class Dataset:
    """n properties and m interactions, some of which may be with properties that the catalogue does not have."""

    catalogue: Catalogue
    log: InteractionLog

    @cached_property
    def rows(self) -> Numbers:
        """(m,) of each interaction the row of its property in the catalogue, or UNKNOWN."""
        return self.catalogue.rows_of(self.log.properties)

    @cached_property
    def evidence(self) -> Evidence:
        """What every investor's dealings with each property of the catalogue say."""
        listed = self.rows != UNKNOWN
        log = self.log.take(listed)
        return gather_evidence(log.users, self.rows[listed], log.kinds, log.times)

    def take(self, kept: Mask) -> Self:
        """The same properties, some of the interactions (m,)."""
        return self.with_log(self.log.take(kept))

    def with_log(self, log: InteractionLog) -> Self:
        """The same properties, other interactions."""
        return type(self)(self.catalogue, log)

    def among(self, rows: Numbers) -> Self:
        """A catalogue of these rows (r,) alone; what was done with others is done with UNKNOWN properties."""
        return type(self)(self.catalogue.take(rows), self.log)

    def in_time_order(self) -> Self:
        return self.with_log(self.log.in_time_order())
