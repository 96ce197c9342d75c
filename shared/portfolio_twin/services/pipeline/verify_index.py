"""Whether the index now holds this version whole; what it holds of properties and people that have gone is dropped."""

from collections.abc import Iterator

import numpy as np

from portfolio_twin.adapters.postgres.copy_reads import copy_property_ids, copy_user_ids
from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.errors import IndexIncomplete
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.pipeline.run import Run

PRESENT_AT_LEAST = 0.95  # share of the properties


def verify_index(run: Run, started_at: str) -> dict[str, int]:
    """The points counted; raises IndexIncomplete."""
    indexed, investors = _digests(run.index.property_ids()), set(run.index.user_ids())
    with run.tenant.session() as session:  # after the index: what is put meanwhile must not look gone
        facts, known = _digests(copy_property_ids(session)), copy_user_ids(session)
    present = int(_among(facts, indexed).sum())
    if present < PRESENT_AT_LEAST * len(facts):
        raise IndexIncomplete(f"{present} of {len(facts)} properties are in the index")
    if gone := set(indexed[~_among(indexed, facts)].tolist()):
        run.index.delete_properties([name for name in run.index.property_ids() if hash(name) in gone])
    run.index.delete_users(investors - known)
    if len(facts) and not run.index.search(normalise(run.twin().market_taste), limit=1):
        raise IndexIncomplete("a search finds nothing")
    run.tenant.bucket.runs.write_indexed_until(run.version, started_at)
    return {"properties": present, "users": run.index.count("users")}


def _digests(property_ids: Iterator[str]) -> Numbers:
    """(n,) 64 bits of each id, ascending: no two of a million are alike, and the ids would take ten times the room."""
    digests = np.fromiter(map(hash, property_ids), dtype=np.int64)
    digests.sort()
    return digests


def _among(digests: Numbers, others: Numbers) -> Mask:
    """(n,) which of the digests are among the others, (m,) ascending; numpy's own isin takes five times the room."""
    return np.searchsorted(others, digests, "left") < np.searchsorted(others, digests, "right")
