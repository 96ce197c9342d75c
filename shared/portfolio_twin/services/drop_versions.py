"""Versions that nobody goes back to: their models, snapshots, trainings and uploads are erased for good.

So storage does not grow with every Sunday, and what was learnt from a person who is erased goes in the end as well.
"""

from contextlib import suppress
from datetime import timedelta

from portfolio_twin.adapters.s3.model_registry import Live
from portfolio_twin.domain.versions import made_at
from portfolio_twin.errors import BundleRejected, NotFound
from portfolio_twin.services.pipeline.run import Run


def drop_old_versions(run: Run, live: Live, keep_days: int) -> int:
    """Keeps the live version and the one before, what both learnt from, the newest snapshot, and what is not old yet.

    How many objects it was, each of their versions counted.
    """
    bucket, oldest = run.tenant.bucket, run.now - timedelta(days=keep_days)
    kept = {live.version, live.previous}
    with suppress(NotFound):
        kept.add(bucket.snapshots.latest_id())
    for version in (live.version, live.previous):
        with suppress(NotFound, BundleRejected):
            kept.add(bucket.models.manifest(version)["snapshot"].get("id") if version else None)
    return bucket.erase_versions(lambda version: version not in kept and made_at(version) < oldest)
