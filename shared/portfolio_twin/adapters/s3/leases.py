"""A tenant's lease: one object in S3, held by one run of the retrain machine at a time."""

import json
from datetime import UTC, datetime, timedelta

from portfolio_twin.adapters.s3.objects import ConditionFailed, Objects, StoredObject


class Lease:
    """Every change is a conditional write, so two runs that want it at once cannot both have it."""

    def __init__(self, objects: Objects, key: str) -> None:
        self._objects, self._key = objects, key

    def acquire(self, holder: str, seconds: float) -> bool:
        """Takes the lease, or renews it; False while another holder has it."""
        stored = self._objects.find(self._key)
        if stored is not None and _holder(stored) not in (None, holder):
            return False
        return self._replace(stored, holder, seconds)

    def held_by(self, holder: str) -> bool:
        stored = self._objects.find(self._key)
        return stored is not None and _holder(stored) == holder

    def release(self, holder: str) -> None:
        """Gives the holder's own lease back; nobody else's."""
        stored = self._objects.find(self._key)
        if stored is not None and _holder(stored) == holder:
            self._replace(stored, "", 0)  # refused when it ran out and somebody took it in this very moment

    def _replace(self, stored: StoredObject | None, holder: str, seconds: float) -> bool:
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        body = json.dumps({"holder": holder, "expires_at": expires_at.isoformat()}).encode()
        try:
            self._objects.replace(self._key, body, stored.etag if stored else None)
        except ConditionFailed:
            return False
        return True


def _holder(stored: StoredObject) -> str | None:
    """Who holds the lease now; None when it has run out, was given back or cannot be read."""
    try:
        lease = json.loads(stored.body)
        expired = datetime.fromisoformat(lease["expires_at"]) <= datetime.now(UTC)
        return None if expired else str(lease["holder"])
    except (ValueError, KeyError, TypeError):
        return None
