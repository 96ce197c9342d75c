"""Checkpoints of a training, for resuming only: written beside each other, read back with nothing executed."""

import io
import sys
import time
from typing import Any

import torch

from functions.train.stores import Store

LATEST, PREVIOUS, BEST = "portfolio_twin_latest.pt", "portfolio_twin_previous.pt", "portfolio_twin_best.pt"
CHECKPOINT_SECONDS = 20.0  # between two: what a lost machine costs at most


class Checkpoints:
    """The latest state of one stage of a training, the one before it, and the weights of the best epoch."""

    def __init__(self, store: Store, stage: str, every_seconds: float = CHECKPOINT_SECONDS) -> None:
        self.store, self.stage, self.every_seconds = store, stage, every_seconds
        self._saved_at = time.monotonic()
        self._latest: bytes | None = None

    def named(self, name: str) -> str:
        return f"{self.stage}_{name}"

    def due(self, *, last: bool) -> bool:
        return last or time.monotonic() - self._saved_at >= self.every_seconds

    def save(self, state: dict[str, Any], best: dict[str, Any]) -> None:
        if self._latest is not None:
            self.store.write(self.named(PREVIOUS), self._latest)
        self._latest = _dump(state)
        self.store.write(self.named(LATEST), self._latest)
        if best:
            self.store.write(self.named(BEST), _dump(best))
        self._saved_at = time.monotonic()

    def newest(self, fingerprint: str) -> dict[str, Any] | None:
        """The newest state of this very training that can be read; None starts afresh."""
        for name in (LATEST, PREVIOUS):
            data = self.store.read(self.named(name))
            if data is None:
                continue
            try:
                state = torch.load(io.BytesIO(data), weights_only=True)
                if state["fingerprint"] == fingerprint:
                    self._latest = data
                    return dict(state)
                reason = "it belongs to another training"
            except Exception as error:  # a damaged file may raise anything; the one before is tried
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            print(f"{self.named(name)} is left aside: {reason}", file=sys.stderr)  # noqa: T201  # a job's log is its stderr
        return None


def _dump(state: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
