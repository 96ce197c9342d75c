"""Points for searching: vectors as a tower makes them, shared among tenants, and the right answers by numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant.index import TenantIndex, VectorIndex
from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.criteria import Filters, Narrowing, Range
from portfolio_twin.domain.properties import Catalogue
from tests.benchmarks.measure.markets import SEED, multiplied
from tests.fakes.twins import small_twin

VERSION = "20260101T000000Z-00000000"
AT_ONCE = 20_000
TOP = 10
PRICE_SHARE = (0.25, 0.75)  # quantiles of the prices that the filter lets through


@dataclass(frozen=True)
class Points:
    """n properties, of which every tenant of several has an equal share."""

    catalogue: Catalogue
    vectors: Matrix  # (n, d)

    @classmethod
    def make(cls, count: int) -> "Points":
        catalogue = multiplied(count, 2).catalogue
        twin = small_twin(catalogue.take(np.arange(min(count, AT_ONCE))))
        parts = (np.arange(i, min(i + AT_ONCE, count)) for i in range(0, count, AT_ONCE))
        return cls(catalogue, np.concatenate([twin.embed(catalogue.take(rows)) for rows in parts]))

    def of_tenant(self, tenant: int, tenants: int) -> Numbers:
        """(n / tenants,) rows: any tenth property, not a stretch of the map."""
        return np.arange(tenant, len(self.catalogue), tenants)

    def store(self, index: VectorIndex, tenants: Sequence[UUID]) -> None:
        index.ensure_collections()
        for tenant, tenant_id in enumerate(tenants):
            rows = self.of_tenant(tenant, len(tenants))
            for start in range(0, len(rows), AT_ONCE):
                self._store(index.of(tenant_id, VERSION), rows[start : start + AT_ONCE])

    def _store(self, index: TenantIndex, rows: Numbers) -> None:
        part = self.catalogue.take(rows)
        fields = [part.row(i) for i in range(len(part))]
        index.upsert_properties(part.ids.tolist(), self.vectors[rows], fields)

    @property
    def prices(self) -> Matrix:
        """(n,)"""
        return np.asarray(self.catalogue.columns["listing_price"])

    @cached_property
    def price_range(self) -> tuple[float, float]:
        low, high = np.nanquantile(self.prices, PRICE_SHARE).tolist()
        return low, high

    def narrowing(self) -> Narrowing:
        low, high = self.price_range
        return Narrowing(Filters(price=Range(min=low, max=high)))

    def queries(self, count: int) -> Matrix:
        """(count, d) near to properties, as investors are."""
        rng = np.random.default_rng(SEED)
        chosen = self.vectors[rng.integers(len(self.vectors), size=count)]
        drawn = chosen + rng.normal(0, 0.1, chosen.shape)
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)

    def nearest(self, query: Matrix, rows: Numbers, narrowing: Narrowing | None) -> set[str]:
        """The TOP of a tenant's rows by numpy alone."""
        if narrowing is not None:
            low, high = self.price_range
            rows = rows[(self.prices[rows] >= low) & (self.prices[rows] <= high)]
        scores = self.vectors[rows] @ query
        best = np.argpartition(-scores, TOP)[:TOP]
        return set(self.catalogue.ids[rows[best]].tolist())
